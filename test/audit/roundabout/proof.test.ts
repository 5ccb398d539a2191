/**
 * Each kind of roundabout way on a real nats-server: the principal that is named, logged in with exactly its permissions, reads or writes
 * with exactly the subjects that are named; without the right it does not, and is not named.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { WayKind } from '../../../src/audit/roundabout/way.ts'
import { describeOnNatsServer } from '../../support/nats-server.ts'
import { COMMAND, EAR, furnish, reads, SECRET, STREAMS, writes } from './scene.ts'
import { openStage, type Stage } from './stage.ts'
import { waysFor, type World } from './world.ts'

interface Case {
  readonly title: string
  readonly right: readonly string[]
  readonly kind: WayKind
  readonly deny?: readonly string[]
}

const CREATE = '$JS.API.CONSUMER.CREATE'

const READING: readonly Case[] = [
  { title: 'a direct get without a subject', right: ['$JS.API.DIRECT.GET.SECRETS'], kind: 'direct-get' },
  { title: 'a direct get of the subject', right: [`$JS.API.DIRECT.GET.SECRETS.${SECRET}`], kind: 'direct-get' },
  { title: 'a direct get whose star takes a >', right: ['$JS.API.DIRECT.GET.SECRETS.*'], kind: 'direct-get' },
  {
    title: 'a direct get past a deny of the subject',
    right: ['$JS.API.DIRECT.GET.SECRETS.>'],
    deny: [`$JS.API.DIRECT.GET.SECRETS.${SECRET}`, '$JS.API.DIRECT.GET.SECRETS.secret.>'],
    kind: 'direct-get',
  },
  { title: 'a message get', right: ['$JS.API.STREAM.MSG.GET.SECRETS'], kind: 'message-get' },
  { title: 'a message get of any stream', right: ['$JS.API.STREAM.MSG.GET.*'], kind: 'message-get' },
  { title: 'a consumer without a name', right: [`${CREATE}.SECRETS`], kind: 'consumer-create' },
  { title: 'a consumer with a name', right: [`${CREATE}.SECRETS.mine`], kind: 'consumer-create' },
  { title: 'a consumer with the filter', right: [`${CREATE}.SECRETS.mine.${SECRET}`], kind: 'consumer-create' },
  { title: 'a consumer whose filter ends in a star', right: [`${CREATE}.SECRETS.*.secret.*`], kind: 'consumer-create' },
  {
    title: 'a consumer past a deny of the filter',
    right: [`${CREATE}.SECRETS.mine.>`],
    deny: [`${CREATE}.SECRETS.*.secret.>`],
    kind: 'consumer-create',
  },
  { title: 'a durable consumer', right: ['$JS.API.CONSUMER.DURABLE.CREATE.SECRETS.mine'], kind: 'consumer-create' },
  { title: 'a fetch', right: ['$JS.API.CONSUMER.MSG.NEXT.SECRETS.puller'], kind: 'consumer-next' },
  { title: 'an acknowledgement', right: ['$JS.ACK.SECRETS.puller.>'], kind: 'consumer-next' },
  { title: 'a backup', right: ['$JS.API.STREAM.SNAPSHOT.SECRETS'], kind: 'stream-snapshot' },
  { title: 'a new stream', right: ['$JS.API.STREAM.CREATE.MINE'], kind: 'stream-create' },
  { title: 'a change of the stream', right: ['$JS.API.STREAM.UPDATE.SECRETS'], kind: 'stream-update' },
  { title: 'a change of another stream', right: ['$JS.API.STREAM.UPDATE.OPEN'], kind: 'stream-update' },
]

const WRITING: readonly Case[] = [
  { title: 'a consumer without a name', right: [`${CREATE}.OPEN`], kind: 'consumer-create' },
  { title: 'a consumer with a name', right: [`${CREATE}.OPEN.mine`], kind: 'consumer-create' },
  { title: 'a consumer with a filter', right: [`${CREATE}.OPEN.mine.open.>`], kind: 'consumer-create' },
  { title: 'a durable consumer', right: ['$JS.API.CONSUMER.DURABLE.CREATE.OPEN.mine'], kind: 'consumer-create' },
  { title: 'a fetch', right: ['$JS.API.CONSUMER.MSG.NEXT.OPEN.fetched'], kind: 'consumer-next' },
  { title: 'an acknowledgement', right: ['$JS.ACK.OPEN.fetched.>'], kind: 'consumer-next' },
  { title: 'a direct get without a subject', right: ['$JS.API.DIRECT.GET.OPEN'], kind: 'direct-get' },
  { title: 'a direct get of a subject', right: ['$JS.API.DIRECT.GET.OPEN.open.hello'], kind: 'direct-get' },
  { title: 'a message get', right: ['$JS.API.STREAM.MSG.GET.OPEN'], kind: 'message-get' },
  { title: 'a backup', right: ['$JS.API.STREAM.SNAPSHOT.OPEN'], kind: 'stream-snapshot' },
  { title: 'a new stream', right: ['$JS.API.STREAM.CREATE.MINE'], kind: 'stream-create' },
  { title: 'a change of a stream', right: ['$JS.API.STREAM.UPDATE.OPEN'], kind: 'stream-update' },
  { title: 'an answer of JetStream', right: ['$JS.API.INFO'], kind: 'server-answer' },
  { title: 'an acknowledgement of a stream', right: ['open.y'], kind: 'server-answer' },
  { title: 'an answer of the server', right: ['$SYS.REQ.USER.INFO'], kind: 'server-answer' },
]

const CASES = [
  ...READING.map((one) => ({ ...one, action: 'subscribe' as const, target: SECRET })),
  ...WRITING.map((one) => ({ ...one, action: 'publish' as const, target: COMMAND })),
]

function worldOf(index: number, { right, deny }: Case): World {
  return {
    account: `A${index}`,
    people: {
      eve: { publish: right, subscribe: [EAR], ...(deny === undefined ? {} : { deny }) },
      bob: { publish: ['harmless'], subscribe: [EAR] },
    },
    topology: { accounts: { [`A${index}`]: { streams: [...STREAMS], imports: [], exports: [] } } },
  }
}

test('the whole API is one way, unless a deny cuts into it', () => {
  const whole = worldOf(0, { title: '', right: ['$JS.API.>'], kind: 'whole-api' })
  for (const [action, target] of [
    ['subscribe', SECRET],
    ['publish', COMMAND],
  ] as const) {
    expect(waysFor(whole, 'eve', action, target).map(({ kind, uses, certain }) => [kind, uses, certain])).toEqual([
      ['whole-api', ['$JS.API.>'], true],
    ])
  }
  const cut = worldOf(0, { title: '', right: ['$JS.API.>'], deny: ['$JS.API.INFO'], kind: 'whole-api' })
  expect(new Set(waysFor(cut, 'eve', 'subscribe', SECRET).map(({ kind }) => kind))).toEqual(
    new Set([
      'consumer-create',
      'consumer-next',
      'direct-get',
      'message-get',
      'stream-create',
      'stream-snapshot',
      'stream-update',
    ]),
  )
})

describeOnNatsServer('on a real server', () => {
  const worlds = CASES.map((one, index) => worldOf(index, one))
  let stage: Stage
  beforeAll(async () => {
    stage = await openStage(worlds)
  })
  afterAll(() => stage.stop())

  test.each(CASES.map((one, index) => ({ ...one, index })))(
    '$title lets one $action to $target, and nothing else does',
    async ({ index, kind, action, target }) => {
      const world = worlds[index]!
      const owner = await stage.owner(index)
      await furnish(owner)
      const ways = waysFor(world, 'eve', action, target).filter((way) => way.kind === kind)
      expect(ways.length).toBeGreaterThan(0)
      expect(ways.every(({ certain }) => certain)).toBe(true)
      const perform = action === 'subscribe' ? reads : writes
      const [bob, eve] = [await stage.as(index, 'bob'), await stage.as(index, 'eve')]
      for (const way of ways) {
        expect(await perform(way, { client: bob, owner, patience: 100 })).toBe(false)
        expect(await perform(way, { client: eve, owner })).toBe(true)
      }
      expect(waysFor(world, 'bob', action, target)).toEqual([])
      await Promise.all([owner, eve, bob].map((client) => client.close()))
    },
  )
})
