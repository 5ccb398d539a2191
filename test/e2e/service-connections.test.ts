/** Several connections, several bridges, a server that goes and comes back: each login is decided once, and none is lost. */
import type { ServerResponse } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../../src/dev/deadline.ts'
import { createSigningKey } from '../../src/nkey/index.ts'
import { startKeyServer, type KeyServer } from '../authn/support/key-server.ts'
import { keySetOf, makeKey, mint } from '../authn/support/token-mint.ts'
import { environments, natsServerForTests } from '../support/nats-server.ts'
import { tryLogin } from './support/line-client.ts'
import { resignAccount } from './support/resign-account.ts'
import { AUDIENCE, LIMIT_MS, startRig, WHATEVER_MODE, type Rig } from './support/rig.ts'
import { connections, type Connection } from './support/server-side.ts'

const natsServer = await natsServerForTests()
const SLOW_ISS = 'https://slow.example'
const LOGINS = 60
/** Unix seconds: users of before are revoked. */
const FAR_OFF = 4_000_000_000

describe.skipIf(natsServer === undefined).each(environments)('the bridge (%s)', (name) => {
  const key = makeKey()
  let keys: KeyServer
  let rig: Rig

  beforeAll(async () => {
    keys = await startKeyServer()
    keys.serveJson(keySetOf(key))
    rig = await startRig(name, {
      replies: 'inbox',
      withBridge: false,
      issuers: [
        {
          name: 'slow',
          kind: 'oidc',
          issuer: SLOW_ISS,
          audiences: [AUDIENCE],
          groupsClaim: 'groups',
          keys: { url: keys.origin },
        },
      ],
    })
  })
  afterAll(async () => {
    await rig.stop()
    await keys.close()
  })

  const logInOften = async (): Promise<readonly string[]> => {
    const token = await rig.token()
    return Promise.all(Array.from({ length: LOGINS }, () => tryLogin(rig.env.server.port, { auth_token: token })))
  }
  const calloutAccount = (): string => {
    const { bridge } = rig.env
    return bridge.mode === 'config' ? bridge.calloutAccount : bridge.calloutAccount.publicKey
  }
  const own = async (): Promise<readonly Connection[]> =>
    (await connections(rig.env, { acc: calloutAccount() })).filter((one) => one.name?.startsWith('nib-'))
  const expectOneReplyEach = (from: number): void => {
    const requests = rig.wire.requests.slice(from)
    expect(requests).toHaveLength(LOGINS)
    expect(requests.map(({ reply }) => rig.wire.replies.get(reply)?.length)).toEqual(requests.map(() => 1))
  }

  test('takes its share of logins on each of its connections, and answers each login once', async () => {
    await rig.startBridge({ nats: { connections: 3 } })
    const from = rig.wire.requests.length
    await rig.decisionsOf(async () => expect(new Set(await logInOften())).toEqual(new Set(['in'])), LOGINS)
    const found = await own()
    expect(new Set(found.map((one) => one.name))).toEqual(new Set(['nib-0', 'nib-1', 'nib-2']))
    for (const { out_msgs: received = 0 } of found) expect(received).toBeGreaterThan(0)
    await rig.wire.settle()
    expectOneReplyEach(from)
    await rig.stopBridges()
  })

  test('shares the logins with its replicas, and each login is answered by one of them', async () => {
    await rig.startBridge()
    await rig.startBridge()
    const from = rig.wire.requests.length
    const records = await rig.decisionsOf(
      async () => expect(new Set(await logInOften())).toEqual(new Set(['in'])),
      LOGINS,
    )
    expect(records).toHaveLength(LOGINS)
    expect(new Set(records.map(({ decisionId }) => decisionId.split('-')[0])).size).toBe(2)
    await rig.wire.settle()
    expectOneReplyEach(from)
    await rig.stopBridges()
  })

  test('answers what it has taken before it goes', async () => {
    const bridge = await rig.startBridge()
    const next = makeKey()
    const iat = Math.floor(Date.now() / 1000)
    const claims = { iss: SLOW_ISS, sub: 'ada', aud: AUDIENCE, groups: ['staff'], iat, exp: iat + 600 }
    const token = await mint(claims, { key: next })
    const asked: ServerResponse[] = []
    keys.serve((_request, response) => void asked.push(response))
    const login = tryLogin(rig.env.server.port, { auth_token: token })
    const question = await eventually(() => asked[0], LIMIT_MS, 'a question for the keys')
    const stopped = bridge.stop()
    expect(bridge.readiness()).toMatchObject({ ready: false })
    // It has left the queue group, and stays for what it has taken alone.
    while ((await own()).some(({ subscriptions = 0 }) => subscriptions > 0)) continue
    expect(await own()).toHaveLength(16)
    question.writeHead(200).end(JSON.stringify(keySetOf(key, next)))
    expect(await login).toBe('in')
    await stopped
    // Nobody is left to ask.
    expect(await own()).toEqual([])
    await rig.stopBridges()
  })
})

describe.skipIf(natsServer === undefined).each(environments)('a restart of nats-server (%s)', (name) => {
  let rig: Rig

  beforeAll(async () => {
    // A server that does not know the bridge asks for one, and waits that long.
    rig = await startRig(name, { withWire: false, authorizationTimeout: 2 })
  })
  afterAll(() => rig.stop())

  test('makes the bridge unready, then it is back by itself and decides again', async () => {
    await rig.expectGoodLogin()
    expect(await rig.admin('/readyz')).toMatchObject({ status: 200 })
    const restarted = rig.env.restart()
    await eventually(() => !rig.bridge.readiness().ready || undefined, LIMIT_MS, 'the loss of nats-server')
    expect(await rig.admin('/readyz')).toMatchObject({ status: 503 })
    await restarted
    const since = performance.now()
    await eventually(() => rig.bridge.readiness().ready || undefined, LIMIT_MS, 'the return of nats-server')
    // The first tries follow each other closely: a short absence costs a short wait.
    expect(performance.now() - since).toBeLessThan(2_000)
    const record = await rig.decisionOf(() => rig.expectGoodLogin())
    expect(record.code).toBe('ALLOWED')
    const all = (): true | undefined =>
      rig.bridge.readiness().checks.some(({ detail }) => detail === '16 of 16 connections are subscribed') || undefined
    await eventually(all, LIMIT_MS, 'the return of every connection')
  })

  test.runIf(WHATEVER_MODE.includes(name))(
    'that does not know the bridge any more is tried until it does',
    async () => {
      const { login } = rig.env.bridge
      const known = login.kind === 'password' ? login.user : login.publicKey
      const { publicKey: stranger } = createSigningKey('U')
      const { bridge, config } = rig.env
      const text =
        bridge.mode === 'config'
          ? config.text.replaceAll(known, stranger)
          : config.text.replace(bridge.calloutAccount.jwt, () =>
              resignAccount(config, bridge.calloutAccount.jwt, () => ({ revocations: { '*': FAR_OFF } })),
            )
      await rig.env.restart(text)
      const word = await eventually(
        () => rig.log.having('Authorization Violation')[0],
        LIMIT_MS,
        'a word of the refusal',
      )
      expect(JSON.parse(word)).toMatchObject({ level: 'warn', hint: expect.stringContaining('auth_users') })
      expect(rig.bridge.readiness().ready).toBe(false)
      await rig.env.restart()
      await eventually(() => rig.bridge.readiness().ready || undefined, LIMIT_MS, 'the return of the bridge')
      await rig.expectGoodLogin()
    },
  )

  test('is no use to a bridge of a queue group that it may not be in, which says so', async () => {
    await rig.stopBridges()
    const bridge = await rig.tryBridge({ nats: { connections: 2, queueGroup: 'other' } })
    if (!('readiness' in bridge)) throw new Error('the bridge did not start')
    const word = await eventually(() => rig.log.having('subscription refused')[0], LIMIT_MS, 'a word of the refusal')
    expect(JSON.parse(word)).toMatchObject({ level: 'warn', hint: expect.stringContaining('nats.queueGroup') })
    expect(bridge.readiness().checks).toContainEqual(
      expect.objectContaining({ name: 'nats', ok: false, detail: '0 of 2 connections are subscribed' }),
    )
    await rig.stopBridges()
    await rig.startBridge()
  })
})
