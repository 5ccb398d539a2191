/**
 * Whatever somebody manages to publish as a login request inside the callout account: it is put on record as what it is, what is not
 * proven to come from a server stays without an answer, nothing of it leaks, and the next good login goes through.
 */
import { randomBytes } from 'node:crypto'
import { decode, type AuthorizationResponse } from '@nats-io/jwt'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createBoxKey, createSigningKey } from '../../src/nkey/index.ts'
import { isAnswered, type RefusalCode } from '../../src/policy/refusal.ts'
import { createFakeServer, freshUserNkey, type FakeServer, type RequestShape } from '../support/fake-server.ts'
import { environments, natsServerForTests } from '../support/nats-server.ts'
import { CANARY, expectNoLeak } from './support/leaks.ts'
import { startRig, type Rig } from './support/rig.ts'

const natsServer = await natsServerForTests()
const MEGABYTE = 1_000_000
const DEEP = 40_000

interface Attack {
  readonly payload: Uint8Array | string
  readonly xkey?: string
  readonly reply?: string
}

/** Somebody with keys of his own who speaks as a nats-server does. */
interface Impostor {
  readonly impostor: FakeServer
  /** A request as the impostor makes it, in a box where boxes are due. */
  request(shape?: RequestShape): Attack
  wrap(token: Buffer): Attack
}

interface Lab extends Impostor {
  readonly rig: Rig
  /** Public id of the real server. */
  readonly serverId: string
  newcomer(): Impostor
}

type Case = readonly [title: string, code: RefusalCode | 'ALLOWED', attack: (lab: Lab) => Attack | Promise<Attack>]

const canaried = { auth_token: CANARY, user: CANARY, name: CANARY, lang: CANARY }

const anywhere: readonly Case[] = [
  ['of another type', 'ENVELOPE_MALFORMED', ({ request }) => request({ nats: { type: 'user' } })],
  ['with a text for a user key', 'ENVELOPE_MALFORMED', ({ request }) => request({ nats: { user_nkey: CANARY } })],
  ['whose server id is no text', 'ENVELOPE_MALFORMED', ({ request }) => request({ serverId: { xkey: 7 } })],
  ['that says alg none', 'ENVELOPE_MALFORMED', ({ request }) => request({ header: '{"typ":"JWT","alg":"none"}' })],
  ['that is a list', 'ENVELOPE_MALFORMED', ({ request }) => request({ text: `["${CANARY}"]` })],
  ['of deep JSON alone', 'ENVELOPE_MALFORMED', ({ request }) => request({ text: '['.repeat(DEEP) + ']'.repeat(DEEP) })],
  [
    'with deep JSON inside an otherwise good one',
    'ENVELOPE_MALFORMED',
    ({ request, impostor }) => {
      const deep = `"more":${'['.repeat(DEEP)}${']'.repeat(DEEP)},"aud"`
      return request({ text: JSON.stringify(impostor.claims(Date.now())).replace('"aud"', deep) })
    },
  ],
  [
    'that names one member twice',
    'ENVELOPE_MALFORMED',
    ({ request, impostor }) => {
      const last = '"type":"authorization_request"'
      const twice = `"user_nkey":"${freshUserNkey()}",${last}`
      return request({ text: JSON.stringify(impostor.claims(Date.now())).replace(last, twice) })
    },
  ],
  ['for another audience', 'ENVELOPE_AUDIENCE', ({ request }) => request({ claims: { aud: CANARY } })],
  [
    'for another issuer',
    'ENVELOPE_SUBJECT',
    ({ request }) => request({ claims: { sub: createSigningKey('A').publicKey } }),
  ],
  [
    'from a user who signs for a server',
    'ENVELOPE_ISSUER',
    ({ request }) => {
      const user = createSigningKey('U').publicKey
      return request({ claims: { iss: user }, serverId: { id: user } })
    },
  ],
  [
    'that names another server than its issuer',
    'ENVELOPE_ISSUER',
    ({ request, serverId }) => request({ serverId: { id: serverId } }),
  ],
  [
    'in the real server’s name, signed with another key',
    'ENVELOPE_SIGNATURE',
    ({ request, serverId }) => request({ claims: { iss: serverId }, serverId: { id: serverId }, connect: canaried }),
  ],
  [
    'whose signature is bent by one bit',
    'ENVELOPE_SIGNATURE',
    // A server that was not heard of before: in a box that is proven, the box stands for the signature.
    ({ newcomer }) => {
      const { impostor, wrap } = newcomer()
      const token = impostor.token(Date.now(), { connect: canaried }).toString()
      const cut = token.lastIndexOf('.') + 1
      const signature = Buffer.from(token.slice(cut), 'base64url')
      signature[7] = (signature[7] ?? 0) ^ 1
      return wrap(Buffer.from(token.slice(0, cut) + signature.toString('base64url')))
    },
  ],
  [
    'that has expired',
    'ENVELOPE_EXPIRED',
    ({ request }) => request({ claims: { iat: seconds() - 120, exp: seconds() - 60 }, connect: canaried }),
  ],
  [
    'whose reply would go to a client',
    'ENVELOPE_REPLY',
    ({ request }) => ({ ...request({ connect: canaried }), reply: 'shop.in' }),
  ],
  [
    'whose reply would go to another callout',
    'ENVELOPE_REPLY',
    ({ request }) => ({ ...request({ connect: canaried }), reply: '$SYS.REQ.USER.AUTH' }),
  ],
  // From here on it is a request that a server of his own may make: answered, and of no use to anybody but that server.
  [
    'with __proto__ for a credential',
    'CREDENTIAL_MISSING',
    ({ request, impostor }) => {
      const text = JSON.stringify(impostor.claims(Date.now()))
      return request({ text: text.replace('"protocol":1', `"protocol":1,"__proto__":{"auth_token":"${CANARY}"}`) })
    },
  ],
  [
    'with a number for a token',
    'CONNECT_MALFORMED',
    ({ request }) => request({ connect: { auth_token: 42, name: CANARY } }),
  ],
  [
    'with an object for a token',
    'CONNECT_MALFORMED',
    ({ request }) => request({ connect: { pass: { canary: CANARY } } }),
  ],
  ['with a list for a nkey', 'CONNECT_MALFORMED', ({ request }) => request({ connect: { nkey: [CANARY] } })],
  [
    'of an unknown kind of client',
    'CLIENT_KIND_REFUSED',
    ({ request }) => request({ client: { kind: CANARY }, connect: canaried }),
  ],
  ['of an unknown type of client', 'CLIENT_KIND_REFUSED', ({ request }) => request({ client: { type: CANARY } })],
  ['with a token that is none', 'TOKEN_MALFORMED', ({ request }) => request({ connect: canaried })],
  [
    'with control characters in every field',
    'TOKEN_MALFORMED',
    ({ request }) =>
      request({ connect: { auth_token: `\u0000\u001b[2J\r\n${CANARY}`, name: '\u0000\r\n', user: '\u0007\u202e' } }),
  ],
]

/** In the clear where that is due; in a box they are found in there. */
const payloads: readonly Case[] = [
  ['that is empty', 'ENVELOPE_MALFORMED', () => ({ payload: '' })],
  ['that is a word', 'ENVELOPE_MALFORMED', () => ({ payload: CANARY })],
  ['that is noise', 'ENVELOPE_MALFORMED', () => ({ payload: Buffer.concat([Buffer.from([0]), randomBytes(900)]) })],
  ['that is JSON', 'ENVELOPE_MALFORMED', () => ({ payload: JSON.stringify({ auth_token: CANARY }) })],
  [
    'that is a JWT of four parts',
    'ENVELOPE_MALFORMED',
    ({ impostor }) => ({ payload: `${impostor.token(Date.now()).toString()}.x` }),
  ],
]

const inPlain: readonly Case[] = [
  ...payloads,
  [
    'in a box',
    'ENVELOPE_SEALED',
    ({ impostor }) => {
      const token = impostor.token(Date.now(), { connect: canaried })
      return { payload: impostor.seal(token, createBoxKey().publicKey), xkey: impostor.xkey }
    },
  ],
]

const inBoxes: readonly Case[] = [
  ...payloads.map(([title, , attack]): Case => [title, 'ENVELOPE_PLAINTEXT', attack]),
  ...payloads.map(([title, code, attack]): Case => [
    `${title}, in a box`,
    code,
    async (lab) => lab.wrap(Buffer.from((await attack(lab)).payload)),
  ]),
  [
    'in the clear',
    'ENVELOPE_PLAINTEXT',
    ({ impostor }) => ({ payload: impostor.token(Date.now(), { connect: canaried }) }),
  ],
  [
    'in the clear, with the header of a box',
    'ENVELOPE_PLAINTEXT',
    ({ impostor }) => ({
      payload: impostor.token(Date.now(), { connect: canaried }),
      xkey: impostor.xkey,
    }),
  ],
  [
    'in a box for somebody else',
    'ENVELOPE_UNOPENED',
    ({ impostor }) => ({
      payload: impostor.seal(impostor.token(Date.now()), createBoxKey().publicKey),
      xkey: impostor.xkey,
    }),
  ],
  [
    'in a box whose header names another key',
    'ENVELOPE_UNOPENED',
    ({ request }) => ({ ...request(), xkey: createBoxKey().publicKey }),
  ],
  ['in a box whose header is no key', 'ENVELOPE_UNOPENED', ({ request }) => ({ ...request(), xkey: CANARY })],
  [
    'in a box whose header is a key that shares no secret',
    'ENVELOPE_UNOPENED',
    ({ request }) => ({ ...request(), xkey: 'XAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAPQN' }),
  ],
  ['in a box without a header', 'ENVELOPE_UNOPENED', ({ request }) => ({ payload: request().payload })],
  [
    'in a box cut short',
    'ENVELOPE_UNOPENED',
    ({ request }) => {
      const { payload, ...rest } = request()
      return { ...rest, payload: Buffer.from(payload).subarray(0, -9) }
    },
  ],
  ['in a box of nothing', 'ENVELOPE_UNOPENED', ({ impostor }) => ({ payload: 'xkv1', xkey: impostor.xkey })],
  [
    'in the box of another than the server that signed',
    'ENVELOPE_XKEY_MISMATCH',
    ({ request, impostor }) => {
      const courier = createFakeServer('', { withXkey: true })
      return request({ serverId: { xkey: courier.xkey }, claims: { iss: impostor.id } })
    },
  ],
  [
    'in the impostor’s proven box, in the real server’s name',
    'ENVELOPE_SIGNATURE',
    async ({ request, rig, serverId }) => {
      const first = request({ connect: canaried })
      await rig.decisionOf(async () => void rig.wire.smuggle(first.payload, first))
      return request({ claims: { iss: serverId }, serverId: { id: serverId }, connect: canaried })
    },
  ],
]

describe.skipIf(natsServer === undefined).each(environments)('a request (%s)', (name) => {
  let rig: Rig
  let lab: Lab

  beforeAll(async () => {
    // `inbox`: the server would let the bridge publish replies anywhere below $SYS._INBOX.
    rig = await startRig(name, { replies: 'inbox' })
    const newcomer = (): Impostor => createImpostor(rig)
    const { server } = await rig.decisionOf(() => rig.expectGoodLogin())
    lab = { rig, serverId: server?.id ?? '', newcomer, ...newcomer() }
  })
  afterAll(() => rig.stop())
  afterEach(async () => {
    await rig.expectGoodLogin()
    await expectNoLeak(rig)
  })

  async function expectVerdict({ payload, ...options }: Attack, code: RefusalCode | 'ALLOWED'): Promise<void> {
    let reply = ''
    const record = await rig.decisionOf(async () => void (reply = rig.wire.smuggle(payload, options)))
    const isDue = code === 'ALLOWED' || isAnswered(code)
    expect(record).toMatchObject({ code, answered: isDue, principal: undefined, account: undefined })
    // A login behind it: had there been an answer, it would be here.
    await rig.expectGoodLogin()
    await rig.wire.settle()
    expect(rig.wire.replies.get(reply)?.length ?? 0).toBe(isDue ? 1 : 0)
  }

  const cases = [...anywhere, ...(name.endsWith('xkey') ? inBoxes : inPlain)]
  test.each(cases)('%s is %s', async (_title, code, attack) => {
    await expectVerdict(await attack(lab), code)
  })

  test('of an impostor with somebody’s good token gets one answer, for itself and the user key it named', async () => {
    const token = await rig.token()
    const userNkey = freshUserNkey()
    const { payload, ...options } = lab.request({ nats: { user_nkey: userNkey }, connect: { auth_token: token } })
    let reply = ''
    const record = await rig.decisionOf(async () => void (reply = rig.wire.smuggle(payload, options)))
    expect(record).toMatchObject({ code: 'ALLOWED', server: { id: lab.impostor.id } })
    await rig.expectGoodLogin()
    await rig.wire.settle()
    const [answer = new Uint8Array(), ...more] = rig.wire.replies.get(reply) ?? []
    expect(more).toEqual([])
    const { xkey } = rig.env.bridge
    const plain = xkey === undefined ? Buffer.from(answer) : lab.impostor.unseal(answer, xkey.publicKey)
    const response = decode<AuthorizationResponse>(plain?.toString() ?? '')
    expect(response).toMatchObject({ aud: lab.impostor.id, sub: userNkey })
    expect(decode(response.nats.jwt ?? '').sub).toBe(userNkey)
    await expectNoLeak(rig, [token, ...token.split('.').slice(1)])
  })

  test('of a megabyte is ENVELOPE_TOO_LARGE', async () => {
    await expectVerdict({ payload: Buffer.alloc(MEGABYTE, 'a') }, 'ENVELOPE_TOO_LARGE')
    await expectVerdict(lab.wrap(Buffer.alloc(MEGABYTE, 'a')), 'ENVELOPE_TOO_LARGE')
  })

  test('of a real server, captured and sent again, is ENVELOPE_REPLAYED', async () => {
    const from = rig.wire.requests.length
    await rig.expectGoodLogin()
    await rig.wire.settle()
    const captured = rig.wire.requests[from]
    if (captured === undefined) throw new Error('nothing was captured')
    const { payload, xkey } = captured
    await expectVerdict({ payload, ...(xkey === '' ? {} : { xkey }) }, 'ENVELOPE_REPLAYED')
    await expectVerdict({ payload, ...(xkey === '' ? {} : { xkey }) }, 'ENVELOPE_REPLAYED')
  })

  test('of a real server, not yet answered, cannot be overtaken by its own copy', async () => {
    const { impostor } = lab
    const token = impostor.token(Date.now(), { connect: canaried })
    const records = await rig.decisionsOf(async () => {
      for (let count = 0; count < 3; count += 1) {
        const { payload, ...options } = lab.wrap(token)
        rig.wire.smuggle(payload, options)
      }
    }, 3)
    expect(records.map(({ code }) => code).toSorted()).toEqual([
      'ENVELOPE_REPLAYED',
      'ENVELOPE_REPLAYED',
      'TOKEN_MALFORMED',
    ])
  })
})

function createImpostor({ env: { bridge, sealed } }: Rig): Impostor {
  const addressee = bridge.mode === 'config' ? bridge.issuer.publicKey : bridge.calloutAccount.publicKey
  const impostor = createFakeServer(addressee, { withXkey: sealed })
  const wrap = (token: Buffer): Attack =>
    bridge.xkey === undefined
      ? { payload: token }
      : { payload: impostor.seal(token, bridge.xkey.publicKey), xkey: impostor.xkey }
  return { impostor, wrap, request: (shape = {}) => wrap(impostor.token(Date.now(), shape)) }
}

function seconds(): number {
  return Math.floor(Date.now() / 1000)
}
