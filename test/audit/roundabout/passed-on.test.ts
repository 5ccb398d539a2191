/**
 * What streams, consumers and accounts pass on by their own configuration: on a real nats-server, with the topology that is collected
 * from it. Each way is gone, and no longer named, when the right is.
 */
import type { NatsConnection } from 'nats'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { WayKind } from '../../../src/audit/roundabout/way.ts'
import type { Action } from '../../../src/policy/effective.ts'
import { describeOnNatsServer } from '../../support/nats-server.ts'
import { collected } from './collected.ts'
import { COMMAND, EAR, furnish, reads, SECRET, writes } from './scene.ts'
import { openStage, type Stage } from './stage.ts'
import { waysFor, type Granted, type World } from './world.ts'

interface Case {
  readonly title: string
  readonly action: Action
  readonly kind: WayKind
  readonly right: Granted
  /** What the way says it uses. */
  readonly uses: readonly string[]
  /** Eve lives in another account. */
  readonly abroad?: true
  /** What the account of the subject exports and imports, `OPS` being the other one. */
  readonly home?: string
  readonly other?: string
  readonly prepare?: (owner: NatsConnection) => Promise<unknown>
}

/** Copies are made a little later. */
async function isCopied(owner: NatsConnection, name: string): Promise<void> {
  const manager = await owner.jetstreamManager()
  await expect.poll(async () => (await manager.streams.info(name)).state.messages, { timeout: 5000 }).toBe(2)
}

const streams = async (owner: NatsConnection) => (await owner.jetstreamManager()).streams

const CASES: readonly Case[] = [
  {
    title: 'a push consumer delivers to where one may subscribe',
    action: 'subscribe',
    kind: 'push-delivery',
    right: { subscribe: ['deliver.*'] },
    uses: ['deliver.here'],
    prepare: async (owner) => {
      const manager = await owner.jetstreamManager()
      const config = { durable_name: 'pusher', deliver_subject: 'deliver.here', filter_subject: 'secret.*' }
      await manager.consumers.add('SECRETS', { ...config, ack_policy: 'none' as never })
    },
  },
  {
    title: 'a stream republishes to where one may subscribe',
    action: 'subscribe',
    kind: 'republish',
    right: { subscribe: ['copy.>'] },
    uses: ['copy.x'],
    prepare: async (owner) =>
      (await streams(owner)).update('SECRETS', {
        subjects: ['secret.>'],
        republish: { src: 'secret.>', dest: 'copy.>' },
      }),
  },
  {
    title: 'a stream with a source is read under other subjects',
    action: 'subscribe',
    kind: 'direct-get',
    right: { publish: ['$JS.API.DIRECT.GET.COPY.renamed.>'], subscribe: [EAR] },
    uses: ['$JS.API.DIRECT.GET.COPY.renamed.>'],
    prepare: async (owner) => {
      const transforms = [{ src: 'secret.*', dest: 'renamed.{{wildcard(1)}}' }]
      const sources = [{ name: 'SECRETS', subject_transforms: transforms }]
      await (await streams(owner)).add({ name: 'COPY', allow_direct: true, sources })
      await isCopied(owner, 'COPY')
    },
  },
  {
    title: 'a mirror is read',
    action: 'subscribe',
    kind: 'message-get',
    right: { publish: ['$JS.API.STREAM.MSG.GET.MIRROR'], subscribe: [EAR] },
    uses: ['$JS.API.STREAM.MSG.GET.MIRROR'],
    prepare: async (owner) => {
      await (await streams(owner)).add({ name: 'MIRROR', mirror: { name: 'SECRETS' } })
      await isCopied(owner, 'MIRROR')
    },
  },
  {
    title: 'an account imports the stream',
    action: 'subscribe',
    kind: 'account-import',
    abroad: true,
    right: { subscribe: ['their.>'] },
    uses: ['their.secret.x'],
    home: 'exports: [{stream: "secret.>"}]',
    other: 'imports: [{stream: {account: HOME, subject: "secret.>"}, prefix: their}]',
  },
  {
    title: 'an account imports a part of the API',
    action: 'subscribe',
    kind: 'message-get',
    abroad: true,
    right: { publish: ['api.get'], subscribe: [EAR] },
    uses: ['api.get'],
    home: 'exports: [{service: "$JS.API.STREAM.MSG.GET.SECRETS"}]',
    other: 'imports: [{service: {account: HOME, subject: "$JS.API.STREAM.MSG.GET.SECRETS"}, to: "api.get"}]',
  },
  {
    title: 'a push consumer delivers what is published elsewhere',
    action: 'publish',
    kind: 'push-delivery',
    right: { publish: ['open.*'] },
    uses: ['open.*'],
    prepare: async (owner) => {
      const manager = await owner.jetstreamManager()
      const config = { durable_name: 'pusher', deliver_subject: COMMAND, ack_policy: 'none' as never }
      await manager.consumers.add('OPEN', { ...config, deliver_policy: 'new' as never })
    },
  },
  {
    title: 'a stream republishes what is published elsewhere',
    action: 'publish',
    kind: 'republish',
    right: { publish: ['open.>'] },
    uses: ['open.cmd'],
    prepare: async (owner) =>
      (await streams(owner)).update('OPEN', { subjects: ['open.>'], republish: { src: 'open.>', dest: 'admin.>' } }),
  },
  {
    title: 'an account imports the service',
    action: 'publish',
    kind: 'account-import',
    abroad: true,
    right: { publish: ['their.cmd'] },
    uses: ['their.cmd'],
    home: `exports: [{service: "${COMMAND}"}]`,
    other: `imports: [{service: {account: HOME, subject: "${COMMAND}"}, to: "their.cmd"}]`,
  },
  {
    title: 'the account imports a stream onto the subject',
    action: 'publish',
    kind: 'account-import',
    abroad: true,
    right: { publish: ['out.*'] },
    uses: ['out.cmd'],
    other: 'exports: [{stream: "out.*"}]',
    home: 'imports: [{stream: {account: OPS, subject: "out.*"}, to: "admin.*"}]',
  },
]

function worldOf(index: number, { right, abroad }: Case): World {
  const home = `A${index}`
  return {
    account: home,
    people: {
      [abroad ? `eve@OPS${index}` : 'eve']: right,
      [abroad ? `bob@OPS${index}` : 'bob']: { publish: ['harmless'], subscribe: [EAR] },
    },
  }
}

describeOnNatsServer('on a real server', () => {
  const worlds = CASES.map((one, index) => worldOf(index, one))
  let stage: Stage
  beforeAll(async () => {
    const named = (text: string | undefined, index: number): string =>
      (text ?? '').replaceAll('HOME', `A${index}`).replaceAll('OPS', `OPS${index}`)
    stage = await openStage(
      worlds,
      Object.fromEntries(
        CASES.flatMap(({ home, other }, index) => [
          [`A${index}`, named(home, index)],
          [`OPS${index}`, named(other, index)],
        ]),
      ),
    )
  })
  afterAll(() => stage.stop())

  test.each(CASES.map((one, index) => ({ ...one, index })))('$title', async (one) => {
    const { index, action, kind, uses, abroad, prepare } = one
    const owner = await stage.owner(index)
    await furnish(owner)
    await prepare?.(owner)
    const accounts = [`A${index}`, ...(abroad ? [`OPS${index}`] : [])]
    const world: World = { ...worlds[index]!, topology: await collected(stage, index, accounts) }
    const [eve = '', bob = ''] = Object.keys(world.people)
    const target = action === 'subscribe' ? SECRET : COMMAND
    const ways = waysFor(world, eve, action, target).filter(
      (way) => way.kind === kind && way.subjectAccount === `A${index}`,
    )
    expect(ways.map((way) => ({ uses: way.uses, certain: way.certain }))).toEqual([{ uses, certain: true }])
    expect(waysFor(world, bob, action, target)).toEqual([])

    const perform = action === 'subscribe' ? reads : writes
    // A publisher takes one subject of a pattern.
    const used = { ...ways[0]!, uses: uses.map((use) => (action === 'publish' ? use.replace('*', 'x') : use)) }
    for (const [name, works] of [
      [bob, false],
      [eve, true],
    ] as const) {
      const client = await stage.as(index, name)
      expect(await perform(used, { client, owner, patience: works ? 3000 : 100 })).toBe(works)
      await client.close()
    }
    await owner.close()
  })
})
