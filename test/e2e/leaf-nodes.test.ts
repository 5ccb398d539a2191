/**
 * A real leaf server that logs in to the hub through the bridge: kept out until the configuration lets leaf nodes in, then in the account
 * and with the permissions that its policy says, for whatever its own clients send and hear.
 */
import { connect, type NatsConnection } from 'nats'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../../src/dev/deadline.ts'
import { runNatsServer, type RunningNatsServer } from '../../src/dev/nats-server/index.ts'
import { inboxPrefixOf } from '../../src/policy/inbox.ts'
import { sha256Hex } from '../../src/serve/sha256.ts'
import { natsServerForTests, type EnvironmentName } from '../support/nats-server.ts'
import { expectNoLeak } from './support/leaks.ts'
import { LIMIT_MS, startRig, type Overlay, type Rig } from './support/rig.ts'

const natsServer = await natsServerForTests()
const EDGE = 'spiffe://cluster.local/ns/edge/sa/leaf'
const HUB = 'spiffe://cluster.local/ns/shop/sa/all'

const POLICY = `
apiVersion: nats-identity-bridge.dev/v1alpha1
kind: AccountMap
metadata: {name: lab}
spec:
  accounts: [{account: SHOP, principals: [{namespace: shop}, {namespace: edge}]}]
---
apiVersion: nats-identity-bridge.dev/v1alpha1
kind: SubjectPolicy
metadata: {name: leaf, namespace: edge}
spec:
  principals: [{serviceAccount: edge/leaf}]
  grants:
    - publish: [shop.in]
    - subscribe: [shop.out, shop.one.*]
    - subscribe: [shop.work]
      queue: [workers]
    - request: [shop.hub]
    - respond: [shop.leaf]
---
apiVersion: nats-identity-bridge.dev/v1alpha1
kind: SubjectPolicy
metadata: {name: secret, namespace: edge}
spec:
  action: DENY
  principals: [{namespace: edge}]
  grants: [{subscribe: [shop.one.secret]}]
---
apiVersion: nats-identity-bridge.dev/v1alpha1
kind: SubjectPolicy
metadata: {name: shop, namespace: shop}
spec:
  principals: [{serviceAccount: shop/all}]
  grants:
    - publish: [shop.>]
    - subscribe: [shop.>]
    - request: [shop.leaf]
    - respond: [shop.hub]
`
const LEAVES_TOO: Overlay = { callout: { clients: { types: ['nats', 'leafnode'] } } }
const names = ['config', 'operator+xkey'] as const satisfies readonly EnvironmentName[]

describe.skipIf(natsServer === undefined).each(names)('a leaf server (%s)', (name) => {
  let rig: Rig
  const running: RunningNatsServer[] = []
  const clients: NatsConnection[] = []

  beforeAll(async () => {
    rig = await startRig(name, {
      leafnodes: true,
      monitor: true,
      policy: { 'policy.yaml': POLICY },
      overlay: { nats: { connections: 2 } },
      withBridge: false,
    })
  })
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()))
    await Promise.all(running.splice(0).map((server) => server.stop()))
    await rig.stopBridges()
  })
  afterAll(() => rig.stop())

  /** @param login what stands before the `@` of the remote's URL. */
  const startLeaf = async (login: string): Promise<RunningNatsServer> => {
    const { host } = new URL((rig.env.server.leafnodeUrl ?? '').replace('nats-leaf:', 'http:'))
    const text = [
      'listen: "127.0.0.1:-1"',
      'server_name: leaf-1',
      `leafnodes: {reconnect: "100ms", remotes: [{url: "nats-leaf://${login}@${host}"}]}`,
    ].join('\n')
    const leaf = await runNatsServer({ binary: natsServer?.path ?? '', config: { text } })
    running.push(leaf)
    return leaf
  }
  /** Records of leaf nodes since then. */
  const leafRecords = (from: number): Rig['records'] =>
    rig.records.slice(from).filter(({ client }) => client?.type === 'leafnode')
  const untilDecided = (from: number, code: string, count = 1): Promise<Rig['records']> =>
    eventually(
      () => {
        const found = leafRecords(from).filter((record) => record.code === code)
        return found.length >= count ? found : undefined
      },
      LIMIT_MS,
      `${count} decisions ${code} about a leaf node`,
    )
  const leavesAtHub = async (): Promise<unknown> => {
    const answer = await fetch(`${rig.env.server.monitorUrl}/leafz`)
    const { leafs } = (await answer.json()) as { leafs?: { name: string; account: string }[] }
    return leafs?.map((leaf) => ({ name: leaf.name, account: leaf.account }))
  }
  const account = (): string | undefined => {
    const { bridge } = rig.env
    return bridge.mode === 'config' ? 'SHOP' : bridge.accounts.find((one) => one.name === 'SHOP')?.publicKey
  }
  const keep = (client: NatsConnection): NatsConnection => {
    clients.push(client)
    return client
  }
  const clientOfLeaf = async ({ url }: RunningNatsServer): Promise<NatsConnection> =>
    keep(await connect({ servers: url, reconnect: false, inboxPrefix: inboxPrefixOf(EDGE, sha256Hex) }))
  const clientOfHub = async (): Promise<NatsConnection> =>
    keep(await rig.logIn(await rig.token('shop/all'), { inboxPrefix: inboxPrefixOf(HUB, sha256Hex) }))
  /** What is heard of these subjects. */
  const listen = (client: NatsConnection, ...subjects: readonly string[]): string[] => {
    const heard: string[] = []
    for (const subject of subjects)
      client.subscribe(subject, { callback: (_, message) => void heard.push(message.subject) })
    return heard
  }
  /** Subscriptions take their time to reach the other server: tries until this one has. */
  const untilCrossed = (from: NatsConnection, subject: string, heard: readonly string[]): Promise<true> =>
    eventually(
      () => {
        if (heard.includes(subject)) return true
        from.publish(subject)
        return undefined
      },
      LIMIT_MS,
      `a message on ${subject}`,
    )

  describe('that may come in', () => {
    let leaf: RunningNatsServer
    const comeIn = async (): Promise<void> => {
      await rig.startBridge(LEAVES_TOO)
      const from = rig.records.length
      leaf = await startLeaf(`edge:${await rig.token('edge/leaf')}`)
      await untilDecided(from, 'ALLOWED')
    }

    test('is who its token says, in the account of the policy', async () => {
      const from = rig.records.length
      await comeIn()
      expect(leafRecords(from)).toMatchObject([
        { principal: EDGE, credentialKind: 'service-account-token', account: 'SHOP', client: { type: 'leafnode' } },
      ])
      const there = await eventually(
        () => (leaf.log.lines.some((line) => line.includes('JetStream using domains')) ? true : undefined),
        LIMIT_MS,
        'the word of the hub',
      )
      expect(there).toBe(true)
      expect(await leavesAtHub()).toEqual([{ name: 'leaf-1', account: account() }])
    })

    test('may bring its token for a user name, without a password', async () => {
      await rig.startBridge(LEAVES_TOO)
      const from = rig.records.length
      await startLeaf(await rig.token('edge/leaf'))
      expect(await untilDecided(from, 'ALLOWED')).toMatchObject([{ principal: EDGE }])
    })

    test('hands to the hub what it may publish, and nothing else', async () => {
      await comeIn()
      const [near, far] = [await clientOfLeaf(leaf), await clientOfHub()]
      const heard = listen(far, 'shop.>')
      await far.flush()
      await untilCrossed(near, 'shop.in', heard)
      heard.length = 0
      for (const subject of ['shop.out', 'shop.one.a', 'shop.work', 'shop.other', 'shop.in']) near.publish(subject)
      await eventually(() => heard.at(-1) === 'shop.in' || undefined, LIMIT_MS, 'the last message')
      expect(new Set(heard)).toEqual(new Set(['shop.in']))
    })

    test('hears from the hub what it may subscribe, and nothing else, however its clients ask', async () => {
      await comeIn()
      const [near, far] = [await clientOfLeaf(leaf), await clientOfHub()]
      const heard = listen(
        near,
        '>',
        'shop.>',
        'shop.*',
        'shop.one.>',
        'shop.one.*',
        'shop.one.secret',
        'shop.out',
        'shop.in',
      )
      await near.flush()
      await untilCrossed(far, 'shop.out', heard)
      await untilCrossed(far, 'shop.one.a', heard)
      heard.length = 0
      for (const subject of ['shop.in', 'shop.other', 'shop.one.secret', 'shop.one.a.b', 'shop.one.b', 'shop.out'])
        far.publish(subject)
      await eventually(() => heard.at(-1) === 'shop.out' || undefined, LIMIT_MS, 'the last message')
      expect(new Set(heard)).toEqual(
        new Set(['shop.one.b', 'shop.out', ...heard.filter((one) => one === 'shop.one.a')]),
      )
    })

    test('gets answers to its requests in the inbox of its principal', async () => {
      await comeIn()
      const [near, far] = [await clientOfLeaf(leaf), await clientOfHub()]
      far.subscribe('shop.hub', { callback: (_, message) => void message.respond('from the hub') })
      await far.flush()
      let answer: string | undefined
      const ask = (): void =>
        void near.request('shop.hub', '', { timeout: LIMIT_MS }).then(
          (message) => (answer = message.string()),
          () => undefined,
        )
      await eventually(
        () => {
          if (answer === undefined) ask()
          return answer
        },
        LIMIT_MS,
        'an answer',
      )
      expect(answer).toBe('from the hub')
    })

    test('is no place for workers of a queue, nor for services: nats-server hands neither across', async () => {
      await comeIn()
      const [near, far] = [await clientOfLeaf(leaf), await clientOfHub()]
      const worked = listen(near)
      near.subscribe('shop.work', { queue: 'workers', callback: (_, { subject }) => void worked.push(subject) })
      near.subscribe('shop.leaf', {
        callback(_, message) {
          message.respond('from the leaf')
          near.publish('shop.in', 'asked')
        },
      })
      const heard = listen(near, 'shop.out')
      const atHub = listen(far, 'shop.in')
      const answers = listen(far, `${inboxPrefixOf(HUB, sha256Hex)}.answers`)
      await Promise.all([near.flush(), far.flush()])
      await untilCrossed(far, 'shop.out', heard)
      heard.length = 0
      await eventually(
        () => {
          if (atHub.length > 0) return true
          far.publish('shop.work')
          far.publish('shop.leaf', '', { reply: `${inboxPrefixOf(HUB, sha256Hex)}.answers` })
          far.publish('shop.out')
          return undefined
        },
        LIMIT_MS,
        'a request behind the leaf',
      )
      await eventually(() => heard.length > 0 || undefined, LIMIT_MS, 'a message behind the leaf')
      expect({ worked, answers }).toEqual({ worked: [], answers: [] })
    })

    test('is sent away when its session ends, and comes in again', async () => {
      // nats-server counts whole seconds: of two, one at least is left when a login falls on the turn of a second.
      await rig.startBridge({ ...LEAVES_TOO, sessions: { ttl: '2s', minimumTtl: '1s', jitter: '0%' } })
      const from = rig.records.length
      leaf = await startLeaf(`edge:${await rig.token('edge/leaf')}`)
      const [first, second] = await untilDecided(from, 'ALLOWED', 2)
      expect((second?.time ?? 0) - (first?.time ?? 0)).toBeGreaterThan(500)
      expect(second).toMatchObject({ principal: EDGE, account: 'SHOP' })
      const heard = listen(await clientOfLeaf(leaf), 'shop.out')
      await untilCrossed(await clientOfHub(), 'shop.out', heard)
    })
  })

  test('that may not come in tries again and again, and nobody is the worse for it', async () => {
    await rig.startBridge()
    const from = rig.records.length
    const token = await rig.token('edge/leaf')
    const leaf = await startLeaf(`edge:${token}`)
    const refusals = await untilDecided(from, 'CLIENT_KIND_REFUSED', 4)
    for (const refusal of refusals) expect(refusal).toMatchObject({ answered: true, principal: undefined })
    expect(await leavesAtHub()).toEqual([])
    const near = await clientOfLeaf(leaf)
    const heard = listen(near, 'shop.in')
    await untilCrossed(near, 'shop.in', heard)
    await rig.expectGoodLogin()
    expect(new Set(leafRecords(from).map(({ code }) => code))).toEqual(new Set(['CLIENT_KIND_REFUSED']))
    await expectNoLeak(rig, [token])

    await rig.stopBridges()
    await rig.startBridge(LEAVES_TOO)
    await untilDecided(from, 'ALLOWED')
    const atHub = listen(await clientOfHub(), 'shop.in')
    await untilCrossed(near, 'shop.in', atHub)
    expect(await leavesAtHub()).toEqual([{ name: 'leaf-1', account: account() }])
  })

  test('with a token that is not good stays out', async () => {
    await rig.startBridge(LEAVES_TOO)
    const from = rig.records.length
    await startLeaf('edge:none')
    await untilDecided(from, 'TOKEN_MALFORMED', 2)
    await startLeaf('edge')
    expect(await leavesAtHub()).toEqual([])
  })
})
