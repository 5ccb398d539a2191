/** What must be true of every generated configuration, on every nats-server, asked of a server that runs with it. */
import { connect, ErrorCode, type NatsConnection } from 'nats'
import { expect } from 'vitest'
import { eventually } from '../../src/dev/deadline.ts'
import type { TestEnvironment } from '../support/nats-server.ts'
import { connectAs } from './own-login.ts'
import { startResponder, type Admission } from './responder.ts'

/** May ask who it is, which is how the test knows where it is. */
export const VISITOR = {
  pub: { allow: ['$SYS.REQ.USER.INFO', 'shop.in'] },
  sub: { allow: ['_INBOX.>', 'shop.out'] },
}
export const GOOD_TOKEN = 'good-token'

export async function expectLoginThroughBridge(env: TestEnvironment): Promise<void> {
  const responder = await startResponder(env, {
    decide: ({ connect_opts: opts }) =>
      opts.auth_token === GOOD_TOKEN ? { account: 'SHOP', user: VISITOR } : undefined,
  })
  try {
    const visitor = await connect(env.asClient(GOOD_TOKEN))
    expect(await whoAmI(visitor)).toEqual({
      account: env.bridge.mode === 'config' ? 'SHOP' : env.bridge.accounts[0]?.publicKey,
      publish: VISITOR.pub.allow,
      subscribe: VISITOR.sub.allow,
    })
    await visitor.close()
    const head = new TextDecoder().decode(responder.payloads[0]?.subarray(0, 4))
    expect(head).toBe(env.sealed ? 'xkv1' : 'eyJ0')
    const refused = { code: ErrorCode.AuthorizationViolation }
    await expect(connect(env.asClient('bad-token'))).rejects.toMatchObject(refused)
    await expect(connect(env.asClient('x'.repeat(12_000)))).rejects.toMatchObject(refused)
    expect(responder.requests).toHaveLength(3)
  } finally {
    await responder.stop()
  }
}

async function whoAmI(connection: NatsConnection): Promise<object> {
  interface Lists {
    readonly allow: readonly string[]
  }
  const reply = await connection.request('$SYS.REQ.USER.INFO', '', { timeout: 2_000 })
  const { data } = reply.json<{
    data: { account: string; permissions: { publish: Lists; subscribe: Lists } }
  }>()
  const { publish, subscribe } = data.permissions
  return {
    account: data.account,
    publish: publish.allow.toSorted(),
    subscribe: subscribe.allow.toSorted((a, b) => VISITOR.sub.allow.indexOf(a) - VISITOR.sub.allow.indexOf(b)),
  }
}

export async function expectBridgeSubscribesInItsGroupOnly(env: TestEnvironment): Promise<void> {
  const { login, queue } = env.bridge
  const bridge = await connectAs(env, login)
  expect(await bridge.exchange(`SUB $SYS.REQ.USER.AUTH ${queue} 1\r\n`)).toEqual([])
  const others = [
    '$SYS.REQ.USER.AUTH',
    '$SYS.REQ.USER.AUTH other',
    '$SYS.REQ.USER.*',
    `$SYS.REQ.USER.> ${queue}`,
    '>',
    `> ${queue}`,
    '$SYS.>',
    '$SYS._INBOX.>',
    '$SYS.ACCOUNT.CLIENT.AUTH.ERR',
    '_INBOX.>',
    '_INBOX.mine.*',
    'shop.out',
  ]
  for (const other of others) {
    const answer = await bridge.exchange(`SUB ${other} 2\r\n`)
    expect(answer, other).toEqual([expect.stringMatching(/^-ERR 'Permissions Violation for Subscription/)])
  }
  bridge.close()
}

export async function expectBridgePublishesNothing(env: TestEnvironment): Promise<void> {
  const bridge = await connectAs(env, env.bridge.login)
  const subjects = ['$SYS.REQ.USER.AUTH', '$SYS._INBOX.any.one', '$SYS.REQ.SERVER.PING', '_INBOX.x', 'shop.in']
  for (const subject of subjects) {
    const answer = await bridge.exchange(`PUB ${subject} 2\r\nhi\r\n`)
    expect(answer, subject).toEqual([expect.stringMatching(/^-ERR 'Permissions Violation for Publish/)])
  }
  bridge.close()
}

/** Three replies to one request block the server's side of the service connection for ever, unless it never takes the second. */
export async function expectOneReplyPerRequest(env: TestEnvironment): Promise<void> {
  const faulty = await startResponder(env, { decide: () => ({ account: 'SHOP', user: VISITOR }), repliesPerRequest: 4 })
  const refused = refusedReplies(faulty.connection)
  for (let login = 0; login < 4; login += 1) await (await connect(env.asClient(GOOD_TOKEN))).close()
  expect(faulty.requests).toHaveLength(4)
  await eventually(() => refused.length === 12 || undefined, 2_000, 'the refusal of all replies but the first')
  await faulty.stop()
}

/** Their subjects, as the server says so. */
function refusedReplies(connection: NatsConnection): readonly string[] {
  const subjects: string[] = []
  void (async () => {
    for await (const { permissionContext } of connection.status())
      if (permissionContext?.operation === 'publish') subjects.push(permissionContext.subject)
  })()
  return subjects
}

/** Of a server that takes every reply: a few logins may pass, as it has to be in the midst of one when the third comes. */
export async function expectManyRepliesToBlock(env: TestEnvironment): Promise<void> {
  const decide = (): Admission => ({ account: 'SHOP', user: VISITOR })
  const faulty = await startResponder(env, { decide, repliesPerRequest: 8 })
  const logIn = async (): Promise<'in' | 'out'> => {
    const client = await connect(env.asClient(GOOD_TOKEN)).catch(() => undefined)
    await client?.close()
    return client === undefined ? 'out' : 'in'
  }
  const outcomes: string[] = []
  while (outcomes.length < 80 && !outcomes.includes('out'))
    outcomes.push(...(await Promise.all(Array.from({ length: 8 }, logIn))))
  expect(outcomes).toContain('out')
  // No reply is taken any more: it is not that one login which was too slow.
  expect(await logIn()).toBe('out')
  await faulty.stop()
}

export async function expectBreakGlassWithoutBridge(env: TestEnvironment): Promise<void> {
  const user = await connect(env.asBreakGlass())
  const reply = await user.request('$SYS.REQ.SERVER.PING', '', { timeout: 2_000 })
  expect(reply.json<{ server: { name: string } }>().server.name).toBe('nats-1')
  await user.close()
}

export async function expectNobodyWithoutBridge(env: TestEnvironment): Promise<void> {
  const { url: servers } = env.server
  const strangers = [
    env.asClient(GOOD_TOKEN),
    { servers },
    { servers, user: 'nib', pass: '' },
    { servers, user: 'SYS', pass: 'SYS' },
    { servers, user: 'break-glass', pass: 'break-glass' },
  ]
  const attempts = await Promise.allSettled(strangers.map((options) => connect({ ...options, reconnect: false })))
  expect(attempts.map(({ status }) => status)).toEqual(strangers.map(() => 'rejected'))
}
