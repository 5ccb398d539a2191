/**
 * Generated policies on a real nats-server: whatever request to JetStream, of a repertoire, reads or writes the subject was reported, and
 * whatever was reported as certain reads or writes it.
 */
import fc from 'fast-check'
import type { NatsConnection } from 'nats'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Way, WayKind } from '../../../src/audit/roundabout/way.ts'
import { permits, type Action } from '../../../src/policy/effective.ts'
import { fcRuns } from '../../support/fc-runs.ts'
import { describeOnNatsServer } from '../../support/nats-server.ts'
import { COMMAND, EAR, reads, SECRET, STREAMS, tidy, writes } from './scene.ts'
import { openStage, type Stage } from './stage.ts'
import { decisionOf, waysFor, type World } from './world.ts'

const runs = fcRuns(15)
const AT_ONCE = 4

const API = '$JS.API'
const streams = ['SECRETS', 'OPEN', 'MINE', '*']
const filters = ['secret.x', 'secret.>', 'secret.*', '*.x', '>', '*', '*.>', 'open.>', 'secret.y']

const anyStream = fc.constantFrom(...streams)
const anyConsumer = fc.constantFrom('puller', 'fetched', 'mine', '*')
const anyFilter = fc.constantFrom(...filters)

const anyRequest: fc.Arbitrary<string> = fc.oneof(
  anyStream.map((stream) => `${API}.DIRECT.GET.${stream}`),
  fc.tuple(anyStream, anyFilter).map(([stream, filter]) => `${API}.DIRECT.GET.${stream}.${filter}`),
  anyStream.map((stream) => `${API}.STREAM.MSG.GET.${stream}`),
  anyStream.map((stream) => `${API}.CONSUMER.CREATE.${stream}`),
  fc.tuple(anyStream, anyConsumer).map(([stream, consumer]) => `${API}.CONSUMER.CREATE.${stream}.${consumer}`),
  fc
    .tuple(anyStream, anyConsumer, anyFilter)
    .map(([stream, consumer, filter]) => `${API}.CONSUMER.CREATE.${stream}.${consumer}.${filter}`),
  fc.tuple(anyStream, anyConsumer).map(([stream, consumer]) => `${API}.CONSUMER.DURABLE.CREATE.${stream}.${consumer}`),
  fc.tuple(anyStream, anyConsumer).map(([stream, consumer]) => `${API}.CONSUMER.MSG.NEXT.${stream}.${consumer}`),
  fc.tuple(anyStream, anyConsumer).map(([stream, consumer]) => `$JS.ACK.${stream}.${consumer}.>`),
  fc
    .tuple(fc.constantFrom('CREATE', 'UPDATE', 'SNAPSHOT', 'INFO', '*'), anyStream)
    .map(([verb, stream]) => `${API}.STREAM.${verb}.${stream}`),
  fc.constantFrom(`${API}.CONSUMER.>`, `${API}.STREAM.>`, `${API}.*.*.SECRETS`, `${API}.INFO`, 'open.>', `${API}.>`),
)

const anyWorld = fc.record({
  publish: fc.uniqueArray(anyRequest, { minLength: 1, maxLength: 3 }),
  deny: fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(anyRequest, { minLength: 1, maxLength: 2 }) },
  ),
  hears: fc.oneof({ weight: 5, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
})

const worlds: readonly World[] = fc
  .sample(anyWorld, { seed: runs.seed, numRuns: runs.numRuns })
  .map(({ publish, deny, hears }, index) => ({
    account: `A${index}`,
    people: {
      eve: {
        publish,
        ...(hears ? { subscribe: [EAR] } : {}),
        ...(deny.length === 0 ? {} : { deny }),
      },
    },
    topology: { accounts: { [`A${index}`]: { streams: [...STREAMS], imports: [], exports: [] } } },
  }))

interface Attempt {
  readonly kind: WayKind
  readonly subject: string
}

/** Subjects as an attacker would spell them, wildcards as tokens included. */
const REPERTOIRE: readonly Attempt[] = ['SECRETS', 'OPEN', 'MINE'].flatMap((stream): Attempt[] => [
  { kind: 'direct-get', subject: `${API}.DIRECT.GET.${stream}` },
  ...filters.map((filter): Attempt => ({ kind: 'direct-get', subject: `${API}.DIRECT.GET.${stream}.${filter}` })),
  { kind: 'message-get', subject: `${API}.STREAM.MSG.GET.${stream}` },
  { kind: 'consumer-create', subject: `${API}.CONSUMER.CREATE.${stream}` },
  ...['mine', 'other'].flatMap((consumer): Attempt[] => [
    { kind: 'consumer-create', subject: `${API}.CONSUMER.CREATE.${stream}.${consumer}` },
    { kind: 'consumer-create', subject: `${API}.CONSUMER.DURABLE.CREATE.${stream}.${consumer}` },
    ...filters.map((filter): Attempt => ({
      kind: 'consumer-create',
      subject: `${API}.CONSUMER.CREATE.${stream}.${consumer}.${filter}`,
    })),
  ]),
  ...['puller', 'fetched'].flatMap((consumer): Attempt[] => [
    { kind: 'consumer-next', subject: `${API}.CONSUMER.MSG.NEXT.${stream}.${consumer}` },
    { kind: 'consumer-next', subject: `$JS.ACK.${stream}.${consumer}.1.1.1.1.1` },
  ]),
  ...(['create', 'update', 'snapshot'] as const).map((verb): Attempt => ({
    kind: `stream-${verb}`,
    subject: `${API}.STREAM.${verb.toUpperCase()}.${stream}`,
  })),
])

const OTHERS: readonly Attempt[] = [
  ...['INFO', 'STREAM.INFO.OPEN', 'CONSUMER.INFO.OPEN.fetched', 'STREAM.NAMES'].map((words): Attempt => ({
    kind: 'server-answer',
    subject: `${API}.${words}`,
  })),
  { kind: 'server-answer', subject: 'open.y' },
]

/** Enough of each kind; which ones, the world decides. */
const MOST_OF_A_KIND = 3

function attemptsIn(world: World, index: number): readonly Attempt[] {
  const { permissions } = decisionOf(world, 'eve')
  const permitted = [...REPERTOIRE, ...OTHERS].filter(({ subject }) =>
    permits(permissions.filtering, 'publish', subject),
  )
  const kinds = [...new Set(permitted.map(({ kind }) => kind))]
  return kinds.flatMap((kind) => {
    const same = permitted.filter((one) => one.kind === kind)
    return same.length <= MOST_OF_A_KIND
      ? same
      : [0, 1, 2].flatMap((n) => same[(index * 7 + n * 5) % same.length] ?? [])
  })
}

function asWay({ kind, subject }: Attempt): Way {
  return {
    kind,
    uses: [subject],
    principal: 'eve',
    known: true,
    account: '',
    subjectAccount: '',
    reaches: '',
    certain: true,
    explanation: '',
    rules: [],
  }
}

const QUESTIONS = [
  { action: 'subscribe', target: SECRET, perform: reads },
  { action: 'publish', target: COMMAND, perform: writes },
] as const satisfies readonly { action: Action; target: string; perform: typeof reads }[]

describeOnNatsServer('on a real server, with generated policies', () => {
  let stage: Stage
  beforeAll(async () => {
    stage = await openStage(worlds)
  })
  afterAll(() => stage.stop())

  test(`what works was reported, and what was reported works (${runs.said})`, { timeout: runs.timeoutMs }, async () => {
    const problems: string[] = []
    const tried = { worked: 0, failed: 0, reported: 0 }
    let next = 0
    async function work(): Promise<void> {
      for (let index = next++; index < worlds.length; index = next++) await examine(index, problems, tried)
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
    expect(problems).toEqual([])
    expect(Math.min(tried.worked, tried.failed, tried.reported)).toBeGreaterThan(runs.numRuns)
  })

  async function examine(
    index: number,
    problems: string[],
    tried: { worked: number; failed: number; reported: number },
  ): Promise<void> {
    const world = worlds[index]!
    const [owner, client] = [await stage.owner(index), await stage.as(index, 'eve')]
    const said = JSON.stringify(world.people['eve'])
    for (const { action, target, perform } of QUESTIONS) {
      const ways = waysFor(world, 'eve', action, target)
      const kinds = new Set(ways.map(({ kind }) => kind))
      for (const attempt of attemptsIn(world, index)) {
        if (action === 'subscribe' && attempt.kind === 'server-answer') continue
        const works = await trying(() => perform(asWay(attempt), { client, owner, patience: 150 }), owner)
        tried[works ? 'worked' : 'failed']++
        const isTold =
          kinds.has(attempt.kind) || kinds.has('whole-api') || (action === 'publish' && kinds.has('server-answer'))
        if (works && !isTold) problems.push(`${said}: ${attempt.subject} can ${action} ${target}, and is not reported`)
      }
      for (const way of ways.filter(({ kind, certain }) => certain && kind !== 'whole-api')) {
        tried.reported++
        const works = await trying(() => perform(way, { client, owner }), owner)
        if (!works) problems.push(`${said}: reported to ${action} ${target}, and does not: ${JSON.stringify(way)}`)
      }
    }
    await Promise.all([client.close(), owner.close()])
  }

  async function trying(act: () => Promise<boolean>, owner: NatsConnection): Promise<boolean> {
    await tidy(owner)
    return act()
  }
})
