/**
 * WebSocket clients, whose credentials may stand in cookies: which cookie becomes which field of the request, who wins, what is refused
 * as two identities, and which door a policy opens to whom.
 */
import { decode, type AuthorizationRequest } from '@nats-io/jwt'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { natsServerForTests } from '../support/nats-server.ts'
import { lineClient, REFUSED, tryLogin, type ConnectFields } from './support/line-client.ts'
import { POLICY, startRig, type Rig } from './support/rig.ts'
import { openWebSocket } from './support/web-socket.ts'

const natsServer = await natsServerForTests()
const ORDERS = 'spiffe://cluster.local/ns/shop/sa/orders'
const WEB = 'spiffe://cluster.local/ns/shop/sa/web'

const DOORS = `${POLICY}---
apiVersion: nats-identity-bridge.dev/v1alpha1
kind: SubjectPolicy
metadata: {name: browsers, namespace: shop}
spec:
  principals: [{serviceAccount: shop/browser}]
  grants: [{publish: [shop.browser]}]
  limits: {connectionTypes: [websocket]}
---
apiVersion: nats-identity-bridge.dev/v1alpha1
kind: SubjectPolicy
metadata: {name: daemons, namespace: shop}
spec:
  principals: [{serviceAccount: shop/daemon}]
  grants: [{publish: [shop.daemon]}]
  limits: {connectionTypes: [nats]}
`

/** Of nats-server 2.11 or newer; `jwt_cookie` is refused by a server in config mode. */
const COOKIES = ['token_cookie: nib_token', 'user_cookie: nib_user', 'pass_cookie: nib_pass']

type Cookies = Readonly<Record<string, string>>

// What is sent in the clear, as the requests are read here.
describe.skipIf(natsServer === undefined).each(['config', 'operator'] as const)('over WebSocket (%s)', (name) => {
  let rig: Rig
  let [orders, web] = ['', '']

  beforeAll(async () => {
    const names = name === 'operator' ? [...COOKIES, 'jwt_cookie: nib_jwt'] : COOKIES
    rig = await startRig(name, {
      websocket: true,
      policy: { 'policy.yaml': DOORS },
      overlay: { nats: { connections: 2 } },
      amend: (text) => text.replace('websocket: {', () => `websocket: {\n  ${names.join('\n  ')}`),
    })
    orders = await rig.token('shop/orders')
    web = await rig.token('shop/web')
  })
  afterAll(() => rig.stop())

  const open = (cookies: Cookies, headers: Cookies = {}): ReturnType<typeof openWebSocket> => {
    const cookie = Object.entries({ theme: 'dark', ...cookies }).map(([key, value]) => `${key}=${value}`)
    return openWebSocket(rig.env.server.websocketUrl ?? '', { cookie: cookie.join('; '), ...headers })
  }
  const attempt = async (cookies: Cookies, fields: ConnectFields, expected: string): Promise<unknown> => {
    const record = await rig.decisionOf(async () => {
      expect(await tryLogin(await open(cookies), fields)).toBe(expected)
    })
    expect(record.client).toMatchObject({ type: 'websocket' })
    const { code, principal } = record
    return { code, principal }
  }
  const letIn = (cookies: Cookies, fields: ConnectFields = {}): Promise<unknown> => attempt(cookies, fields, 'in')
  const refused = (cookies: Cookies, fields: ConnectFields = {}): Promise<unknown> => attempt(cookies, fields, REFUSED)
  /** The credential fields of the newest request, as the server wrote them. */
  const asked = async (): Promise<Record<string, unknown>> => {
    await rig.wire.settle()
    const request = decode<AuthorizationRequest>(Buffer.from(rig.wire.requests.at(-1)?.payload ?? []).toString())
    const { auth_token, user, pass } = request.nats.connect_opts ?? {}
    return { auth_token, user, pass }
  }

  describe('a cookie', () => {
    test('of token_cookie is the auth_token', async () => {
      expect(await letIn({ nib_token: orders })).toEqual({ code: 'ALLOWED', principal: ORDERS })
      expect(await asked()).toEqual({ auth_token: orders })
    })

    test('of pass_cookie is the password, and that of user_cookie a name that proves nothing', async () => {
      expect(await letIn({ nib_user: WEB, nib_pass: orders })).toEqual({ code: 'ALLOWED', principal: ORDERS })
      expect(await asked()).toEqual({ user: WEB, pass: orders })
      expect(await refused({ nib_user: ORDERS })).toEqual({ code: 'CREDENTIAL_MISSING', principal: undefined })
      expect(await asked()).toEqual({ user: ORDERS })
    })

    test('of another name, and a header, are no credentials', async () => {
      const record = await rig.decisionOf(async () => {
        const headers = { authorization: `Bearer ${orders}` }
        expect(await tryLogin(await open({ auth_token: orders, nib_Token: orders }, headers), {})).toBe(REFUSED)
      })
      expect(record.code).toBe('CREDENTIAL_MISSING')
    })

    test('yields to the same field of CONNECT, and the bridge never sees it', async () => {
      expect(await letIn({ nib_token: web }, { auth_token: orders })).toMatchObject({ principal: ORDERS })
      expect(await asked()).toEqual({ auth_token: orders })
      expect(await letIn({ nib_pass: web }, { pass: orders })).toMatchObject({ principal: ORDERS })
      expect(await asked()).toEqual({ pass: orders })
    })

    test('that is not a token is refused for what it is', async () => {
      expect(await refused({ nib_token: 'none' })).toMatchObject({ code: 'TOKEN_MALFORMED' })
    })

    test('is read again when the client connects anew on a live connection', async () => {
      const client = await lineClient(await open({ nib_token: orders }), {})
      const again = await rig.decisionOf(async () => expect(await client.connect({})).toBe('in'))
      expect(again).toMatchObject({ code: 'ALLOWED', principal: ORDERS })
      client.close()
    })
  })

  describe('two different credentials are refused,', () => {
    const two = { code: 'CREDENTIAL_AMBIGUOUS', principal: undefined }

    test('a cookie and a field', async () => {
      expect(await refused({ nib_pass: web }, { auth_token: orders })).toEqual(two)
      expect(await asked()).toEqual({ auth_token: orders, pass: web })
      expect(await refused({ nib_token: web }, { pass: orders })).toEqual(two)
      expect(await asked()).toEqual({ auth_token: web, pass: orders })
    })

    test('two cookies', async () => {
      expect(await refused({ nib_token: web, nib_pass: orders })).toEqual(two)
    })

    test('but the same one twice is let in', async () => {
      expect(await letIn({ nib_token: orders }, { pass: orders })).toMatchObject({ principal: ORDERS })
      expect(await letIn({ nib_token: orders, nib_pass: orders })).toMatchObject({ principal: ORDERS })
    })
  })

  // The server puts its sentinel there.
  test.runIf(name === 'operator')('the cookie of jwt_cookie is no place for a token', async () => {
    expect(await refused({ nib_jwt: orders })).toMatchObject({ code: 'CREDENTIAL_MISSING' })
    expect(await letIn({ nib_jwt: web, nib_token: orders })).toMatchObject({ principal: ORDERS })
  })

  test('a policy decides by which door somebody comes in', async () => {
    const [browser, daemon] = [await rig.token('shop/browser'), await rig.token('shop/daemon')]
    const overTcp = async (token: string, expected: string): Promise<unknown> =>
      rig.decisionOf(async () => {
        expect(await tryLogin(rig.env.server.port, { auth_token: token })).toBe(expected)
      })
    expect(await letIn({ nib_token: browser })).toMatchObject({ code: 'ALLOWED' })
    expect(await overTcp(browser, REFUSED)).toMatchObject({
      code: 'CLIENT_KIND_REFUSED',
      principal: 'spiffe://cluster.local/ns/shop/sa/browser',
      answered: true,
      client: { type: 'nats' },
    })
    expect(await overTcp(daemon, 'in')).toMatchObject({ code: 'ALLOWED', client: { type: 'nats' } })
    expect(await refused({ nib_token: daemon })).toEqual({
      code: 'CLIENT_KIND_REFUSED',
      principal: 'spiffe://cluster.local/ns/shop/sa/daemon',
    })
  })

  test.each([
    ['websocket', 'nats'],
    ['nats', 'websocket'],
  ])('a bridge for %s alone refuses %s before it reads a token', async (open, shut) => {
    const kinds = { nats: () => rig.env.server.port, websocket: () => openWebSocket(rig.env.server.websocketUrl ?? '') }
    const by = async (kind: string): Promise<string> =>
      tryLogin(await (kind === 'nats' ? kinds.nats() : kinds.websocket()), { auth_token: orders })
    await rig.withOverlay({ callout: { clients: { types: [open] } } }, async () => {
      const record = await rig.decisionOf(async () => expect(await by(shut)).toBe(REFUSED))
      expect(record).toMatchObject({ code: 'CLIENT_KIND_REFUSED', principal: undefined, client: { type: shut } })
      expect(await rig.decisionOf(async () => expect(await by(open)).toBe('in'))).toMatchObject({ code: 'ALLOWED' })
    })
  })
})

describe.skipIf(natsServer === undefined)('a page with a cookie', () => {
  const OWN = 'https://shop.example'

  test.each([
    ['of the same origin may log in where no other is named', undefined],
    ['of an origin that is named may log in', [OWN]],
  ])('%s, and no other page', async (_title, origins) => {
    const rig = await startRig('config', {
      withWire: false,
      websocket: { tokenCookie: 'nib_token', ...(origins === undefined ? {} : { origins }) },
      overlay: { nats: { connections: 2 } },
    })
    try {
      const { websocketUrl = '' } = rig.env.server
      const own = origins === undefined ? websocketUrl.replace('ws:', 'http:') : OWN
      const cookie = `nib_token=${await rig.token()}`
      const record = await rig.decisionOf(async () => {
        expect(await tryLogin(await openWebSocket(websocketUrl, { cookie, origin: own }), {})).toBe('in')
      })
      expect(record).toMatchObject({ code: 'ALLOWED', principal: ORDERS })
      await expect(openWebSocket(websocketUrl, { cookie, origin: 'https://evil.example' })).rejects.toThrow('403')
    } finally {
      await rig.stop()
    }
  })
})
