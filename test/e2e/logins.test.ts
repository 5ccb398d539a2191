/** Who gets in by which door, with a real nats-server and a bridge in its usual configuration. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createSigningKey } from '../../src/nkey/index.ts'
import { environments, natsServerForTests } from '../support/nats-server.ts'
import {
  lineClient,
  openLineClient,
  REFUSED,
  tryLogin,
  type ConnectFields,
  type LineClient,
} from './support/line-client.ts'
import { ACCEPTED, connectMqtt, NOT_AUTHORIZED } from './support/mqtt.ts'
import { AUDIENCE, startRig, type Rig } from './support/rig.ts'
import { openWebSocket } from './support/web-socket.ts'

const natsServer = await natsServerForTests()
const ORDERS = 'spiffe://cluster.local/ns/shop/sa/orders'

describe.skipIf(natsServer === undefined).each(environments)('a login (%s)', (name) => {
  let rig: Rig

  beforeAll(async () => {
    rig = await startRig(name, { websocket: true, mqtt: true, leafnodes: true })
  })
  afterAll(() => rig.stop())

  const connect = (fields: ConnectFields): Promise<LineClient> => lineClient(rig.env.server.port, fields)
  const letIn = async (fields: ConnectFields): Promise<void> =>
    expect(await tryLogin(rig.env.server.port, fields)).toBe('in')
  const refused = async (fields: ConnectFields): Promise<void> =>
    expect(await tryLogin(rig.env.server.port, fields)).toBe(REFUSED)
  const doors = (): { readonly mqtt: string; readonly leafnode: number; readonly websocket: string } => {
    const { mqttUrl = '', leafnodeUrl = '', websocketUrl = '' } = rig.env.server
    return { mqtt: mqttUrl, leafnode: Number(new URL(leafnodeUrl).port), websocket: websocketUrl }
  }
  /** A leaf node's server; what it hears from the hub, which says no `+OK` to it. */
  const leafnode = async (fields: ConnectFields): Promise<readonly string[]> => {
    const leaf = openLineClient(doors().leafnode)
    const said = await leaf.exchange(
      `CONNECT ${JSON.stringify({ name: 'leaf', version: rig.env.version, ...fields })}\r\n`,
    )
    leaf.close()
    return said
  }

  test('finds the token in auth_token', async () => {
    const token = await rig.token()
    const record = await rig.decisionOf(() => letIn({ auth_token: token }))
    expect(record).toMatchObject({ code: 'ALLOWED', principal: ORDERS, account: 'SHOP', client: { type: 'nats' } })
  })

  test('finds the token in pass', async () => {
    const token = await rig.token()
    const record = await rig.decisionOf(() => letIn({ pass: token }))
    expect(record).toMatchObject({ code: 'ALLOWED', principal: ORDERS, account: 'SHOP' })
  })

  test('takes the same token twice in one CONNECT', async () => {
    const token = await rig.token()
    await rig.decisionOf(() => letIn({ auth_token: token, pass: token }))
  })

  test('is refused when auth_token and pass hold different tokens, both of them good', async () => {
    const [one, two] = [await rig.token('shop/orders'), await rig.token('shop/web')]
    const record = await rig.decisionOf(() => refused({ auth_token: one, pass: two }))
    expect(record).toMatchObject({ code: 'CREDENTIAL_AMBIGUOUS', answered: true, principal: undefined })
  })

  // In operator mode the nkey belongs to the sentinel's JWT.
  test.runIf(name.startsWith('config'))('is refused when it brings a nkey beside the token', async () => {
    const nkey = createSigningKey('U').publicKey
    const token = await rig.token()
    const record = await rig.decisionOf(() => refused({ auth_token: token, nkey, sig: 'AAAA' }))
    expect(record).toMatchObject({ code: 'CREDENTIAL_AMBIGUOUS' })
  })

  test('is refused without a credential', async () => {
    const record = await rig.decisionOf(() => refused({}))
    expect(record).toMatchObject({ code: 'CREDENTIAL_MISSING', answered: true })
  })

  test.each([ORDERS, 'shop/orders', 'break-glass', 'nib'])(
    'takes a user name for no proof of anything (%s)',
    async (user) => {
      const record = await rig.decisionOf(() => refused({ user, name: user }))
      expect(record).toMatchObject({ code: 'CREDENTIAL_MISSING', principal: undefined })
    },
  )

  test('does not read the user name beside a token', async () => {
    const token = await rig.token()
    const record = await rig.decisionOf(() => letIn({ user: 'spiffe://cluster.local/ns/ops/sa/root', pass: token }))
    expect(record).toMatchObject({ code: 'ALLOWED', principal: ORDERS, account: 'SHOP' })
  })

  test('of a person is one of the identity provider', async () => {
    const claims = { groups: ['staff'] }
    const token = await rig.people.userToken({ subject: 'ada', audience: AUDIENCE, ttlSeconds: 600, claims })
    const record = await rig.decisionOf(() => letIn({ auth_token: token }))
    expect(record).toMatchObject({ principal: 'https://login.example/ada', issuer: 'people', account: 'SHOP' })
  })

  test('over WebSocket is a login like any other', async () => {
    const token = await rig.token()
    const record = await rig.decisionOf(async () => {
      const client = await lineClient(await openWebSocket(doors().websocket), { auth_token: token })
      expect(await client.exchange('PUB shop.in 2\r\nhi\r\n')).toEqual([])
      client.close()
    })
    expect(record).toMatchObject({ code: 'ALLOWED', client: { type: 'websocket' } })
    const refusal = await rig.decisionOf(async () => {
      expect(await tryLogin(await openWebSocket(doors().websocket), {})).toBe(REFUSED)
    })
    expect(refusal).toMatchObject({ code: 'CREDENTIAL_MISSING' })
  })

  test('of an MQTT client or a leaf node is refused, however good the token', async () => {
    const token = await rig.token()
    const mqtt = await rig.decisionOf(async () => {
      expect(await connectMqtt(doors().mqtt, 'any', token)).toBe(NOT_AUTHORIZED)
    })
    expect(mqtt).toMatchObject({ code: 'CLIENT_KIND_REFUSED', answered: true, client: { type: 'mqtt' } })
    const leaf = await rig.decisionOf(async () => {
      expect((await leafnode({ user: 'any', pass: token })).at(-1)).toMatch(/^\((closed|ECONNRESET)\)$/)
    })
    expect(leaf).toMatchObject({ code: 'CLIENT_KIND_REFUSED', answered: true, client: { type: 'leafnode' } })
  })

  test('of an MQTT client or a leaf node is decided like any other where the configuration says so', async () => {
    const token = await rig.token()
    await rig.withOverlay({ callout: { clients: { types: ['mqtt', 'leafnode'] } } }, async () => {
      const mqtt = await rig.decisionOf(async () => {
        expect(await connectMqtt(doors().mqtt, 'any', token)).toBe(ACCEPTED)
      })
      expect(mqtt).toMatchObject({ code: 'ALLOWED', principal: ORDERS, client: { type: 'mqtt' } })
      const leaf = await rig.decisionOf(async () => {
        expect((await leafnode({ user: 'any', pass: token })).join()).not.toMatch(/-ERR|\(/)
      })
      expect(leaf).toMatchObject({ code: 'ALLOWED', principal: ORDERS, client: { type: 'leafnode' } })
      const forged = await rig.decisionOf(async () => {
        expect(await connectMqtt(doors().mqtt, 'any', 'no-token')).toBe(NOT_AUTHORIZED)
      })
      expect(forged).toMatchObject({ code: 'TOKEN_MALFORMED' })
      const usual = await rig.decisionOf(() => refused({ auth_token: token }))
      expect(usual).toMatchObject({ code: 'CLIENT_KIND_REFUSED' })
    })
  })

  describe('again, on a live connection,', () => {
    test('is decided anew: account and permissions are those of the new token', async () => {
      const client = await connect({ auth_token: await rig.token('shop/orders') })
      expect(await client.exchange('PUB shop.in 0\r\n\r\n')).toEqual([])
      const next = await rig.token('ops/root')
      const record = await rig.decisionOf(async () => {
        expect(await client.connect({ auth_token: next })).toBe('in')
      })
      expect(record).toMatchObject({ principal: 'spiffe://cluster.local/ns/ops/sa/root', account: 'OPS' })
      expect(await client.exchange('PUB shop.in 0\r\n\r\n')).toEqual([expect.stringContaining('Permissions Violation')])
      client.close()
    })

    test('inherits nothing: without a credential it ends the connection', async () => {
      const client = await connect({ auth_token: await rig.token() })
      const record = await rig.decisionOf(async () => {
        expect(await client.connect({})).toBe(REFUSED)
      })
      expect(record).toMatchObject({ code: 'CREDENTIAL_MISSING', principal: undefined })
    })

    test('with another token is refused when the server still holds the password of the first', async () => {
      const client = await connect({ pass: await rig.token('shop/orders') })
      const next = await rig.token('ops/root')
      const record = await rig.decisionOf(async () => {
        expect(await client.connect({ auth_token: next })).toBe(REFUSED)
      })
      expect(record).toMatchObject({ code: 'CREDENTIAL_AMBIGUOUS', principal: undefined })
    })

    test('does not take the name that we gave for a credential', async () => {
      const client = await connect({ auth_token: await rig.token() })
      const record = await rig.decisionOf(async () => {
        expect(await client.connect({ user: ORDERS, pass: 'x' })).toBe(REFUSED)
      })
      expect(record).toMatchObject({ code: 'TOKEN_MALFORMED' })
    })
  })
})
