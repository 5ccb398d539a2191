/** The core of it on the older lines of nats-server: who gets in, as whom, for how long, and what the server is told of the others. */
import { ErrorCode } from 'nats'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually, within } from '../../src/dev/deadline.ts'
import { MATRIX_VERSIONS } from '../../src/dev/nats-server/index.ts'
import { deliveryFilterOf } from '../../src/policy/delivery-filter.ts'
import { inboxPrefixOf } from '../../src/policy/inbox.ts'
import { sha256Hex } from '../../src/serve/sha256.ts'
import { natsServerForTests, type EnvironmentName } from '../support/nats-server.ts'
import { lineClient, REFUSED, tryLogin, type ConnectFields } from './support/line-client.ts'
import { LIMIT_MS, POLICY, startRig, type Rig } from './support/rig.ts'
import { connections, userInfo } from './support/server-side.ts'
import { openWebSocket } from './support/web-socket.ts'

const WILDCARDS = `${POLICY}---
apiVersion: nats-identity-bridge.dev/v1alpha1
kind: SubjectPolicy
metadata: {name: fleet, namespace: shop}
spec:
  principals: [{serviceAccount: shop/fleet}]
  grants:
    - subscribe: [fleet.*.*, fleet.named.*]
    - publish: [fleet.a.b.deeper]
`
const ORDERS = 'spiffe://cluster.local/ns/shop/sa/orders'
const INBOX = inboxPrefixOf(ORDERS, sha256Hex)
const names = ['config', 'operator+xkey'] as const satisfies readonly EnvironmentName[]
const there = await Promise.all(
  MATRIX_VERSIONS.map(async (version) => ({ version, found: await natsServerForTests(version) })),
)

for (const { version, found } of there) {
  describe.skipIf(found === undefined).each(names)(`on nats-server ${version} (%s)`, (name) => {
    let rig: Rig

    beforeAll(async () => {
      rig = await startRig(name, {
        version,
        policy: { 'policy.yaml': WILDCARDS },
        websocket: true,
        replies: 'inbox',
        overlay: { nats: { connections: 1 } },
      })
    })
    afterAll(() => rig.stop())

    /** Before 2.11.2 clients bring the sentinel themselves. */
    const own = (fields: ConnectFields): ConnectFields => {
      const { bridge } = rig.env
      return bridge.mode === 'operator' && !bridge.sentinel.assumedByServer
        ? { jwt: bridge.sentinel.jwt, ...fields }
        : fields
    }
    const logIn = (fields: ConnectFields): Promise<string> => tryLogin(rig.env.server.port, own(fields))

    test('a token is let in, by either field and over WebSocket, and answered once', async () => {
      const from = rig.wire.requests.length
      const token = await rig.token()
      const records = await rig.decisionsOf(async () => {
        expect(await logIn({ auth_token: token })).toBe('in')
        expect(await logIn({ pass: token })).toBe('in')
        const { websocketUrl = '' } = rig.env.server
        expect(await tryLogin(await openWebSocket(websocketUrl), own({ auth_token: token }))).toBe('in')
      }, 3)
      expect(records.map(({ code, principal, client }) => [code, principal, client?.type])).toEqual([
        ['ALLOWED', ORDERS, 'nats'],
        ['ALLOWED', ORDERS, 'nats'],
        ['ALLOWED', ORDERS, 'websocket'],
      ])
      await rig.expectGoodLogin()
      await rig.wire.settle()
      const requests = rig.wire.requests.slice(from)
      expect(requests.map(({ reply }) => rig.wire.replies.get(reply)?.length)).toEqual([1, 1, 1, 1])
      const head = Buffer.from(requests[0]?.payload ?? []).toString('latin1', 0, 4)
      expect(head).toBe(rig.env.sealed ? 'xkv1' : 'eyJ0')
    })

    test('a client bears its name and its account, and has its permissions alone', async () => {
      const client = await rig.logIn(await rig.token(), { inboxPrefix: INBOX })
      const { user, permissions } = await userInfo(client)
      expect(user).toBe(ORDERS)
      expect(permissions.publish.allow?.toSorted()).toEqual(['$SYS.REQ.USER.INFO', 'shop.in'])
      const found = (await connections(rig.env)).find(({ cid }) => cid === client.info?.client_id)
      expect(found?.authorized_user).toBe(ORDERS)
      await client.close()
      const raw = await lineClient(rig.env.server.port, own({ auth_token: await rig.token() }))
      expect(await raw.exchange('PUB shop.in 0\r\n\r\n')).toEqual([])
      for (const text of ['PUB shop.out 0\r\n\r\n', 'SUB > 1\r\n', 'SUB ops.> 1\r\n'])
        expect(await raw.exchange(text)).toEqual([expect.stringContaining('Permissions Violation')])
      raw.close()
    })

    test('a refusal is a code and an id for the server, and no more than that for the client', async () => {
      for (const [fields, code] of [
        [{}, 'CREDENTIAL_MISSING'],
        [{ auth_token: 'no-token' }, 'TOKEN_MALFORMED'],
        [{ auth_token: await rig.token('elsewhere/nobody') }, 'ACCOUNT_NONE'],
      ] as const) {
        const record = await rig.decisionOf(async () => expect(await logIn(fields)).toBe(REFUSED))
        expect(record).toMatchObject({ code, answered: true })
        const line = await rig.env.server.log.find(new RegExp(record.decisionId), LIMIT_MS)
        expect(line).toMatch(new RegExp(`returned an error: ${code} ${record.decisionId}$`))
      }
    })

    test('a `*` behind a wildcard is granted where its guard holds, and nowhere else', async () => {
      const client = await lineClient(rig.env.server.port, own({ auth_token: await rig.token('shop/fleet') }))
      const refused = [expect.stringContaining('Permissions Violation')]
      const isGiven = deliveryFilterOf(version) === 'filtering'
      expect(await client.exchange('SUB fleet.*.* 1\r\n')).toEqual(isGiven ? [] : refused)
      // What every server reads into it; where the guard holds, nothing deeper is delivered.
      expect(await client.exchange('SUB fleet.a.> 2\r\n')).toEqual(isGiven ? [] : refused)
      expect(await client.exchange('PUB fleet.a.b.deeper 0\r\n\r\n')).toEqual([])
      expect(await client.exchange('SUB fleet.named.* 3\r\n')).toEqual([])
      client.close()
    })

    test('the operator is told once that such a server gets less, and of no other', async () => {
      for (let login = 0; login < 3; login += 1) await rig.expectGoodLogin()
      const said = rig.log.having('server-legacy').map((line): unknown => JSON.parse(line))
      const server = expect.objectContaining({ name: 'nats-1', version })
      const word = { level: 'warn', server, hint: expect.stringContaining('2.14.4') }
      expect(said).toEqual(deliveryFilterOf(version) === 'legacy' ? [expect.objectContaining(word)] : [])
      expect(rig.log.having('server-impatient')).toEqual([])
      expect(rig.log.having('logins are asked about')).toEqual([])
    })

    test('a second CONNECT is decided anew', async () => {
      const client = await lineClient(rig.env.server.port, own({ auth_token: await rig.token() }))
      const record = await rig.decisionOf(async () => expect(await client.connect(own({}))).toBe(REFUSED))
      expect(record.code).toBe('CREDENTIAL_MISSING')
    })

    test('a session is closed when it ends', async () => {
      await rig.withOverlay({ sessions: { ttl: '2s', minimumTtl: '1s', jitter: '0%' } }, async () => {
        const client = await rig.logIn(await rig.token())
        const problem = await within(client.closed(), LIMIT_MS, 'the end of the session')
        expect(problem).toMatchObject({ code: ErrorCode.AuthenticationExpired })
      })
    })

    test('the bridge finds back to a server that was restarted', async () => {
      await rig.wire.stop()
      await rig.env.restart()
      await eventually(() => rig.bridge.readiness().ready || undefined, LIMIT_MS, 'the return of nats-server')
      await rig.expectGoodLogin()
    })
  })
}
