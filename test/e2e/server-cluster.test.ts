/**
 * Three servers with routes between them: a bridge on one of them decides for all, replicas on different ones share the work, and a
 * server that is killed takes nobody's logins with it but those at itself.
 */
import { connect } from 'nats'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../../src/dev/deadline.ts'
import type { RunningBridge } from '../../src/serve/start-bridge.ts'
import { createFakeServer } from '../support/fake-server.ts'
import { natsServerForTests, type EnvironmentName } from '../support/nats-server.ts'
import { REFUSED, tryLogin } from './support/line-client.ts'
import { LIMIT_MS, type Rig } from './support/rig.ts'
import { certificateFiles, openSecure } from './support/secure.ts'
import { startServerCluster, type ServerCluster } from './support/server-cluster.ts'

const natsServer = await natsServerForTests()
const ORDERS = 'spiffe://cluster.local/ns/shop/sa/orders'
const PLACES = [0, 1, 2]
const CONNECTIONS = 4
/** More than anybody's clock in a test is off by chance, less than the bridge bears. */
const OFF_MS = 20_000
const names = ['config', 'operator+xkey'] as const satisfies readonly EnvironmentName[]

describe.skipIf(natsServer === undefined).each(names)('a cluster of servers (%s)', (name) => {
  let cluster: ServerCluster
  let rig: Rig
  let token = ''

  beforeAll(async () => {
    cluster = await startServerCluster(name, { overlay: { nats: { connections: CONNECTIONS } } })
    rig = cluster.rig
    token = await rig.token()
  })
  afterEach(() => rig.stopBridges())
  afterAll(() => cluster.stop())

  const bridgeAt = async (...places: readonly number[]): Promise<RunningBridge> => {
    const bridge = await rig.startBridge({ nats: { servers: places.map((place) => cluster.server(place).url) } })
    for (const place of PLACES) await cluster.untilAsked(place)
    return bridge
  }
  const logIn = (place: number, credential = token): Promise<string> =>
    tryLogin(cluster.server(place).port, { auth_token: credential })
  /** Which bridge alone decided, by the beginning of its decision ids. */
  const decidedBy = async (place: number): Promise<string> => {
    const { decisionId } = await rig.decisionOf(async () => expect(await logIn(place)).toBe('in'))
    return decisionId.split('-')[0] ?? ''
  }
  const isWhole = (bridge: RunningBridge): true | undefined =>
    bridge.readiness().checks.some(({ detail }) => detail?.startsWith(`${CONNECTIONS} of ${CONNECTIONS}`)) || undefined

  test('is served by a bridge that knows one server, each login once, and records name where it was', async () => {
    await bridgeAt(1)
    const from = rig.wire.requests.length
    const ids = new Set<string | undefined>()
    // The second round is the one with everything known: keys, boxes, the token.
    for (const place of [...PLACES, ...PLACES]) {
      const record = await rig.decisionOf(async () => expect(await logIn(place)).toBe('in'))
      expect(record).toMatchObject({ code: 'ALLOWED', principal: ORDERS, server: { name: `nats-${place + 1}` } })
      ids.add(record.server?.id)
      const refusal = await rig.decisionOf(async () => expect(await logIn(place, 'none')).toBe(REFUSED))
      expect(refusal).toMatchObject({ code: 'TOKEN_MALFORMED', answered: true, server: { name: `nats-${place + 1}` } })
    }
    expect(ids.size).toBe(PLACES.length)
    const answers = (): readonly number[] =>
      rig.wire.requests.slice(from).map(({ reply }) => rig.wire.replies.get(reply)?.length ?? 0)
    await eventually(
      () => (answers().length === 12 && !answers().includes(0) ? true : undefined),
      LIMIT_MS,
      'all answers',
    )
    await rig.wire.settle()
    expect(answers()).toEqual(Array.from({ length: 12 }, () => 1))
  })

  test.each([-OFF_MS, OFF_MS])(
    'with a server whose clock is %i ms off goes by each server’s own clock',
    async (off) => {
      await bridgeAt(1)
      const { bridge } = rig.env
      const stray = createFakeServer(
        bridge.mode === 'config' ? bridge.issuer.publicKey : bridge.calloutAccount.publicKey,
        {
          withXkey: bridge.xkey !== undefined,
        },
      )
      const ask = async (): Promise<string> => {
        const request = stray.token(Date.now() + off, { connect: { auth_token: token } })
        const { code } = await rig.decisionOf(async () =>
          bridge.xkey === undefined
            ? rig.wire.smuggle(request)
            : rig.wire.smuggle(stray.seal(request, bridge.xkey.publicKey), { xkey: stray.xkey }),
        )
        return code
      }
      for (let round = 0; round < 2; round += 1) {
        expect(await ask()).toBe('ALLOWED')
        for (const place of PLACES) expect(await logIn(place)).toBe('in')
      }
    },
  )

  // nats-server draws among all members of a queue group, wherever in the cluster they are.
  test('with replicas at two of its servers has either decide logins of every server, each once', async () => {
    const [first, second] = [await bridgeAt(0), await bridgeAt(1)]
    await eventually(() => isWhole(first) && isWhole(second), LIMIT_MS, 'all connections')
    for (const place of PLACES) {
      const deciders = new Set<string>()
      for (let count = 0; count < 40 && deciders.size < 2; count += 1) deciders.add(await decidedBy(place))
      expect(deciders.size).toBe(2)
    }
  })

  test('goes on when the server is killed that the bridge sits on, and takes it in again', async () => {
    const bridge = await bridgeAt(1)
    const before = await rig.decisionOf(async () => expect(await logIn(1)).toBe('in'))
    const client = await connect({
      ...rig.env.asClient(token),
      servers: cluster.server(1).url,
      reconnect: true,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 50,
      ignoreAuthErrorAbort: true,
    })
    expect(client.info?.server_name).toBe('nats-2')
    const from = rig.records.length

    await cluster.kill(1)
    await eventually(() => !bridge.readiness().ready || undefined, LIMIT_MS, 'the loss of the server')
    await eventually(() => isWhole(bridge), LIMIT_MS, 'the return of every connection')
    for (const place of [0, 2]) {
      await cluster.untilAsked(place)
      expect(await logIn(place)).toBe('in')
    }
    // A stock client of the dead server comes back to another, through the bridge.
    const back = await eventually(
      () => (client.info?.server_name === 'nats-2' ? undefined : client.info?.server_name),
      LIMIT_MS,
      'the return of the client',
    )
    await client.flush()
    const places = rig.records.slice(from).map(({ code, server }) => ({ code, name: server?.name }))
    expect(places.filter((one) => one.name === back && one.code === 'ALLOWED').length).toBeGreaterThan(1)
    await client.close()

    await cluster.revive(1)
    await cluster.untilAsked(1)
    const after = await rig.decisionOf(async () => expect(await logIn(1)).toBe('in'))
    expect(after.server?.name).toBe('nats-2')
    expect(after.server?.id).not.toBe(before.server?.id)
  })

  test('goes on when one of the two servers is killed that the bridge knows', async () => {
    const bridge = await bridgeAt(1, 2)
    await cluster.kill(1)
    for (const place of [0, 2]) {
      await eventually(() => isWhole(bridge), LIMIT_MS, 'the return of every connection')
      await cluster.untilAsked(place)
      expect(await logIn(place)).toBe('in')
    }
    await cluster.revive(1)
    await cluster.untilAsked(1)
    expect(await logIn(1)).toBe('in')
  })
})

describe.skipIf(natsServer === undefined)('a cluster of servers with TLS', () => {
  test.each([
    ['by name', 'localhost', { dnsNames: ['localhost'] }],
    ['by address', '127.0.0.1', { addresses: ['127.0.0.1'] }],
  ])('is known %s, also those of it that the bridge was only told of', async (_title, host, traits) => {
    const files = await certificateFiles()
    await files.serve(files.authority.issue(traits))
    const { certFile, keyFile, caFile } = files
    const cluster = await startServerCluster('config+xkey', {
      withWire: false,
      tls: { certFile, keyFile },
      overlay: { nats: { connections: CONNECTIONS, tls: { caFile } } },
    })
    const { rig } = cluster
    try {
      const bridge = await rig.startBridge({ nats: { servers: [`tls://${host}:${cluster.server(1).port}`] } })
      await cluster.kill(1)
      await eventually(() => !bridge.readiness().ready || undefined, LIMIT_MS, 'the loss of the server')
      await eventually(() => bridge.readiness().ready || undefined, LIMIT_MS, 'the return of the bridge')
      await cluster.untilAsked(2)
      const token = await rig.token()
      const record = await rig.decisionOf(async () => {
        const stream = await openSecure(cluster.server(2).port, {
          ca: files.authority.cert,
          servername: host === 'localhost' ? host : '',
        })
        expect(await tryLogin(stream, { auth_token: token })).toBe('in')
      })
      expect(record).toMatchObject({ code: 'ALLOWED', server: { name: 'nats-3' } })
    } finally {
      await cluster.stop()
      await files.remove()
    }
  })
})
