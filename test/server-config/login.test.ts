/** The generated configurations, on the real server, in all four environments: who gets in, how far, and who does not. */
import { encodeUser } from '@nats-io/jwt'
import { connect, ErrorCode } from 'nats'
import { createAccount, createUser } from 'nkeys.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { environments, natsServerForTests, startEnvironment, type TestEnvironment } from '../support/nats-server.ts'
import {
  expectBreakGlassWithoutBridge,
  expectBridgePublishesNothing,
  expectBridgeSubscribesInItsGroupOnly,
  expectLoginThroughBridge,
  expectNobodyWithoutBridge,
  expectOneReplyPerRequest,
  GOOD_TOKEN,
  VISITOR,
} from './checks.ts'
import { connectAs, fieldsOf } from './own-login.ts'
import { rawClient } from './raw-client.ts'
import { startResponder } from './responder.ts'

const natsServer = await natsServerForTests()

describe.skipIf(natsServer === undefined).each(environments)('a generated configuration (%s)', (name) => {
  let env: TestEnvironment

  beforeAll(async () => {
    env = await startEnvironment(name, { authorizationTimeout: 2 })
  })
  afterAll(() => env.stop())

  test('lets in whom the bridge lets in, into its account with exactly its permissions', () =>
    expectLoginThroughBridge(env))

  test('lets the bridge subscribe in its queue group and nowhere else', () => expectBridgeSubscribesInItsGroupOnly(env))

  test('lets the bridge publish nothing of its own accord', () => expectBridgePublishesNothing(env))

  test('takes one reply to each request, so that a faulty bridge blocks nobody', () => expectOneReplyPerRequest(env))

  test('lets break glass in while no bridge answers', () => expectBreakGlassWithoutBridge(env))

  test('lets nobody else in while no bridge answers', () => expectNobodyWithoutBridge(env))

  test('lets session control find and close connections', async () => {
    const sessions = await connect(env.asSessions())
    const victim = await connect(env.asBreakGlass())
    const reply = await sessions.request('$SYS.REQ.SERVER.PING.CONNZ', '{"auth":true}', { timeout: 2_000 })
    const { server, data } = reply.json<{ server: { id: string }; data: { connections: { cid: number }[] } }>()
    const cid = victim.info?.client_id
    expect(data.connections.map((connection) => connection.cid)).toContain(cid)
    await sessions.request(`$SYS.REQ.SERVER.${server.id}.KICK`, JSON.stringify({ cid }), { timeout: 2_000 })
    await victim.closed()
    await sessions.close()
  })

  test('lets session control do nothing else', async () => {
    const login = env.bridge.sessions
    if (login === undefined) throw new Error('no sessions user')
    const sessions = await connectAs(env, login)
    const refused = [expect.stringContaining('Permissions Violation')]
    for (const subject of ['_INBOX.>', '$SYS.>', '>', '$SYS.SERVER.*.CLIENT.AUTH.ERR', '$SYS.REQ.>'])
      expect(await sessions.exchange(`SUB ${subject} 1\r\n`), subject).toEqual(refused)
    for (const subject of ['$SYS.REQ.CLAIMS.UPDATE', '$SYS.REQ.SERVER.ANY.RELOAD', '$SYS.REQ.SERVER.PING'])
      expect(await sessions.exchange(`PUB ${subject} 2\r\n{}\r\n`), subject).toEqual(refused)
    sessions.close()
  })

  test('does not ask the bridge about its own users with a wrong key', async () => {
    const responder = await startResponder(env, { decide: () => ({ account: 'SHOP', user: VISITOR }) })
    const strangersSeed = new TextDecoder().decode(createUser().getSeed())
    const { login, sessions } = env.bridge
    const own = [
      login,
      ...(sessions === undefined ? [] : [sessions]),
      ...env.config.breakGlass.map((user) => user.login),
    ]
    for (const one of own) {
      const { fields } = fieldsOf(env, one)
      await expect(rawClient(env.server.port, fields, strangersSeed)).rejects.toThrow(/Authorization Violation/)
    }
    expect(responder.requests).toEqual([])
    await responder.stop()
  })
})

const operatorMode = environments.filter((name) => name.startsWith('operator'))

describe.skipIf(natsServer === undefined).each(operatorMode)('accounts in operator mode (%s)', (name) => {
  let env: TestEnvironment

  beforeAll(async () => {
    env = await startEnvironment(name, { authorizationTimeout: 2 })
  })
  afterAll(() => env.stop())

  test('let no bridge place a client in an account off the list, whatever keys it holds', async () => {
    const responder = await startResponder(env, { decide: () => ({ account: 'SYS', user: VISITOR }) })
    await expect(connect(env.asClient(GOOD_TOKEN))).rejects.toMatchObject({ code: ErrorCode.AuthorizationViolation })
    expect(responder.requests).toHaveLength(1)
    await responder.stop()
  })

  test('believe no user JWT that they did not sign, and no bearer', async () => {
    const { bridge } = env
    if (bridge.mode !== 'operator') throw new Error('not operator mode')
    const user = createUser()
    const seed = new TextDecoder().decode(user.getSeed())
    const foreign = createAccount()
    const [shop, ...others] = bridge.accounts
    for (const account of [bridge.calloutAccount, shop, ...others]) {
      const jwt = await encodeUser('intruder', user, account?.publicKey ?? '', {}, { signer: foreign })
      await expect(rawClient(env.server.port, { jwt }, seed)).rejects.toThrow(/Authorization Violation|closed/)
    }
    const bearer = await encodeUser('bearer', user, env.read(`${shop?.name}.nk`), { bearer_token: true })
    await expect(rawClient(env.server.port, { jwt: bearer })).rejects.toThrow(/Authorization Violation|closed/)
  })

  test('give a user without permissions none', async () => {
    const user = createUser()
    const jwt = await encodeUser('bare', user, env.read('SHOP.nk'), {})
    const client = await rawClient(env.server.port, { jwt }, new TextDecoder().decode(user.getSeed()))
    const refused = [expect.stringContaining('Permissions Violation')]
    expect(await client.exchange('PUB shop.in 0\r\n\r\n')).toEqual(refused)
    expect(await client.exchange('SUB shop.in 1\r\n')).toEqual(refused)
    client.close()
  })
})
