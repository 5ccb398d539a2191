/** What a client holds once it is in: a name, an end, an account, and nothing that the policy did not give. */
import { decode, type AuthorizationResponse, type User } from '@nats-io/jwt'
import { ErrorCode, type NatsConnection } from 'nats'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually, within } from '../../src/dev/deadline.ts'
import { inboxPrefixOf } from '../../src/policy/inbox.ts'
import { sha256Hex } from '../../src/serve/sha256.ts'
import { environments, natsServerForTests } from '../support/nats-server.ts'
import { lineClient, REFUSED, tryLogin } from './support/line-client.ts'
import { LIMIT_MS, POLICY, startRig, type Rig } from './support/rig.ts'
import { connections, userInfo } from './support/server-side.ts'

const natsServer = await natsServerForTests()
const ORDERS = 'spiffe://cluster.local/ns/shop/sa/orders'
const INBOX = inboxPrefixOf(ORDERS, sha256Hex)

describe.skipIf(natsServer === undefined).each(environments)('a session (%s)', (name) => {
  let rig: Rig

  beforeAll(async () => {
    rig = await startRig(name)
  })
  afterAll(() => rig.stop())

  const accountId = (account: string): string | undefined => {
    const { bridge } = rig.env
    return bridge.mode === 'config' ? account : bridge.accounts.find((one) => one.name === account)?.publicKey
  }
  const logIn = async (ttlSeconds?: number): Promise<NatsConnection> =>
    rig.logIn(await rig.token('shop/orders', ttlSeconds), { inboxPrefix: INBOX })

  test('bears the principal’s name and its account, for the client and for the operator', async () => {
    const client = await logIn()
    expect(await userInfo(client)).toMatchObject({ user: ORDERS, account: accountId('SHOP') })
    const [found, ...more] = await connections(rig.env, { user: ORDERS })
    expect(more).toEqual([])
    expect(found).toMatchObject({
      cid: client.info?.client_id,
      authorized_user: ORDERS,
      account: accountId('SHOP'),
    })
    await client.close()
  })

  test('holds the permissions of the policy and no others', async () => {
    const client = await logIn()
    const { publish, subscribe } = (await userInfo(client)).permissions
    expect({ publish, subscribe }).toEqual({
      publish: { allow: expect.toSatisfy(holdsExactly('$SYS.REQ.USER.INFO', 'shop.in')) },
      subscribe: { allow: expect.toSatisfy(holdsExactly(`${INBOX}.>`, 'shop.out')) },
    })
    await client.close()
  })

  test('of somebody without a grant can neither publish nor subscribe', async () => {
    const client = await lineClient(rig.env.server.port, { auth_token: await rig.token('ops/root') })
    for (const text of [
      'PUB ops.in 0\r\n\r\n',
      'SUB ops.out 1\r\n',
      'SUB > 1\r\n',
      'SUB _INBOX.a 1\r\n',
      'PUB $SYS.REQ.USER.INFO 0\r\n\r\n',
    ])
      expect(await client.exchange(text), text).toEqual([expect.stringContaining('Permissions Violation')])
    client.close()
  })

  test('ends at different times for different clients, within the limits', async () => {
    const records = await rig.decisionsOf(async () => {
      for (let count = 0; count < 12; count += 1) await (await logIn(7200)).close()
    }, 12)
    const lengths = records.map(({ ttlSeconds = 0 }) => ttlSeconds)
    expect(new Set(lengths).size).toBeGreaterThan(1)
    expect(Math.min(...lengths)).toBeGreaterThanOrEqual(3240)
    expect(Math.max(...lengths)).toBeLessThanOrEqual(3600)
  })

  test('never outlives the token', async () => {
    const token = await rig.token('shop/orders', 60)
    const end = expiryOf(token)
    for (let count = 0; count < 6; count += 1) {
      const record = await rig.decisionOf(async () => {
        const client = await rig.logIn(token, { inboxPrefix: INBOX })
        const { expires = 0 } = await userInfo(client)
        expect(Date.now() / 1000 + expires / 1e9).toBeLessThanOrEqual(end + 1)
        await client.close()
      })
      expect(Math.floor(record.time / 1000) + (record.ttlSeconds ?? Infinity)).toBeLessThanOrEqual(end)
    }
  })

  test('is closed by the server when it ends', async () => {
    await rig.withOverlay({ sessions: { ttl: '2s', minimumTtl: '1s', jitter: '0%' } }, async () => {
      const record = await rig.decisionOf(async () => {
        const client = await logIn()
        await client.flush()
        const problem = await within(client.closed(), LIMIT_MS, 'the end of the session')
        expect(problem).toMatchObject({ code: ErrorCode.AuthenticationExpired })
      })
      const end = (Math.floor(record.time / 1000) + 2) * 1000
      expect(Date.now()).toBeGreaterThanOrEqual(end - 100)
      expect(Date.now()).toBeLessThan(end + 2_000)
    })
  })

  test.skipIf(name.endsWith('xkey'))('rests on a user JWT that says all of it', async () => {
    const token = await rig.token('shop/orders', 600)
    const from = rig.wire.requests.length
    const record = await rig.decisionOf(async () => (await rig.logIn(token)).close())
    await rig.wire.settle()
    const [payload] = rig.wire.replies.get(rig.wire.requests[from]?.reply ?? '') ?? []
    const response = decode<AuthorizationResponse>(Buffer.from(payload ?? []).toString())
    const { bridge } = rig.env
    const user = decode<User>(response.nats.jwt ?? '')
    expect(user).toMatchObject({ name: ORDERS, jti: record.decisionId, exp: user.iat + (record.ttlSeconds ?? 0) })
    expect(user.exp).toBeLessThanOrEqual(expiryOf(token))
    expect(response).toMatchObject({ aud: record.server?.id, sub: user.sub })
    if (bridge.mode === 'config') {
      expect(user).toMatchObject({ aud: 'SHOP', iss: bridge.issuer.publicKey })
      expect(user.nats).not.toHaveProperty('issuer_account')
    } else {
      const shop = bridge.accounts.find((account) => account.name === 'SHOP')
      expect(user).toMatchObject({ iss: shop?.signingKey.publicKey, nats: { issuer_account: shop?.publicKey } })
    }
  })

  describe('is never in an account that is not for clients:', () => {
    const place = (account: string): string => `
apiVersion: nats-identity-bridge.dev/v1alpha1
kind: AccountMap
metadata: {name: bold}
spec: {accounts: [{account: ${account}, principals: [{namespace: bold}]}]}
`
    const attempt = async (): Promise<string> => {
      const token = await rig.token('bold/admin')
      const { code } = await rig.decisionOf(async () =>
        expect(await tryLogin(rig.env.server.port, { auth_token: token })).toBe(REFUSED),
      )
      return code
    }
    /** Accounts that the log warned of, with their place. */
    const unlisted = (): (string | undefined)[] =>
      rig.log
        .having('account-unlisted')
        .filter((line) => /policy\.yaml","line":\d+/.test(line))
        .map((line) => /account is \\"([^"]+)\\"/.exec(line)?.[1])
    const readPolicy = async (text: string): Promise<void> => {
      const before = rig.bridge.readiness().checks.find((check) => check.name === 'policy')?.detail
      await rig.writePolicy('policy.yaml', text)
      const changed = (): true | undefined =>
        rig.bridge.readiness().checks.some((check) => check.name === 'policy' && check.detail !== before) || undefined
      await eventually(changed, LIMIT_MS, 'a reading of the policy')
    }

    test('an account of the server that the bridge’s own list does not hold is refused', async () => {
      await readPolicy(`${POLICY}---${place('LAB')}`)
      expect(unlisted()).toContain('LAB')
      expect(await attempt()).toBe('ACCOUNT_FORBIDDEN')
      expect(rig.records.at(-1)).toMatchObject({ account: 'LAB' })
      await readPolicy(POLICY)
    })

    test.each(['SYS', 'AUTH', '$G', '$SYS'])('a policy that names %s places nobody there', async (account) => {
      await readPolicy(`${POLICY}---${place(`'${account}'`)}`)
      // In operator mode the callout account has no name that a policy could know: there the bridge's own list refuses it.
      const isKept = account !== 'AUTH' || rig.env.mode === 'config'
      expect(rig.bridge.readiness()).toMatchObject({ ready: true })
      expect(rig.bridge.readiness().checks.find((check) => check.name === 'policy')).toMatchObject({ ok: !isKept })
      expect(unlisted().includes(account)).toBe(!isKept)
      expect(await attempt()).toBe(isKept ? 'ACCOUNT_NONE' : 'ACCOUNT_FORBIDDEN')
      await readPolicy(POLICY)
    })

    test.each(['SYS', 'AUTH', '$G'])('a configuration that lists %s is not taken', async (account) => {
      const problems = await rig.tryBridge({ accounts: [listed(account)] })
      expect(problems).toEqual(expect.arrayContaining([expect.objectContaining({ code: 'account-forbidden' })]))
    })

    function listed(account: string): object {
      const { bridge } = rig.env
      if (bridge.mode === 'config') return { name: account }
      const { publicKey, jwtFile, signingKey } = bridge.calloutAccount
      const name = account === 'AUTH' ? 'SHOP' : account
      return { name, publicKey, jwtFile, signingKeys: [{ seedFile: signingKey.file }] }
    }
  })
})

function holdsExactly(...expected: readonly string[]): (found: readonly string[]) => boolean {
  return (found) => found.length === expected.length && expected.every((entry) => found.includes(entry))
}

function expiryOf(token: string): number {
  const claims: { exp: number } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
  return claims.exp
}
