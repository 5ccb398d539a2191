import { describe, expect, test } from 'vitest'
import { createBoxKey, createSigningKey, parseBoxKey, type BoxKey } from '../../src/nkey/index.ts'
import { createEnvelopeOpener, type Envelope } from '../../src/wire/envelope.ts'
import { createPatience } from '../../src/wire/patience.ts'
import { createServerClocks } from '../../src/wire/server-clock.ts'
import { createFakeServer, freshUserNkey, valueOf, type RequestShape } from '../support/fake-server.ts'

const ISSUER = createSigningKey('A').publicKey
const NOW = 1_800_000_000_250

function plainOpener() {
  return createEnvelopeOpener({
    boxKeys: () => [],
    isOurs: (addressee) => addressee === ISSUER,
    clocks: createServerClocks(16),
    patience: createPatience(16),
  })
}

function sealedOpener(keys: readonly BoxKey[]) {
  return createEnvelopeOpener({
    boxKeys: () => keys,
    isOurs: (addressee) => addressee === ISSUER,
    clocks: createServerClocks(16),
    patience: createPatience(16),
  })
}

function envelope(payload: Uint8Array, overrides: Partial<Envelope> = {}): Envelope {
  return { payload, xkeyHeader: '', replySubject: '$SYS._INBOX.abc.1', arrivedAt: NOW, ...overrides }
}

describe('a plain envelope', () => {
  test('opens into the login that the server signed', () => {
    const server = createFakeServer(ISSUER)
    const userNkey = freshUserNkey()
    const token = server.token(NOW, { nats: { user_nkey: userNkey }, connect: { auth_token: 't', user: 'alice' } })
    expect(valueOf(plainOpener()(envelope(token), NOW))).toEqual({
      box: undefined,
      answerBy: expect.any(Number),
      waitSeconds: 2,
      login: {
        userNkey,
        addressee: ISSUER,
        server: { id: server.id, name: 'n1', version: '2.15.1' },
        client: { id: 7, host: '127.0.0.1', type: 'nats' },
        connect: { authToken: 't' },
      },
    })
  })

  const bent: [string, RequestShape, string][] = [
    ['of another type', { nats: { type: 'user' } }, 'ENVELOPE_MALFORMED'],
    ['without a user key', { nats: { user_nkey: undefined } }, 'ENVELOPE_MALFORMED'],
    ['with an account key for a user key', { nats: { user_nkey: ISSUER } }, 'ENVELOPE_MALFORMED'],
    ['with a list for the client', { nats: { client_info: [] } }, 'ENVELOPE_MALFORMED'],
    [
      'with an endless host',
      { nats: { client_info: { id: 1, host: 'x'.repeat(257), kind: 'Client', type: 'nats' } } },
      'ENVELOPE_MALFORMED',
    ],
    ['without CONNECT', { nats: { connect_opts: null } }, 'ENVELOPE_MALFORMED'],
    ['with a text for exp', { claims: { exp: 'soon' } }, 'ENVELOPE_MALFORMED'],
    ['without exp', { claims: { exp: undefined } }, 'ENVELOPE_MALFORMED'],
    ['with an endless exp', { claims: { exp: 1e400 } }, 'ENVELOPE_MALFORMED'],
    ['for another audience', { claims: { aud: 'somebody' } }, 'ENVELOPE_AUDIENCE'],
    ['for another issuer', { claims: { sub: createSigningKey('A').publicKey } }, 'ENVELOPE_SUBJECT'],
    ['that names another server', { serverId: { id: createSigningKey('N').publicKey } }, 'ENVELOPE_ISSUER'],
    ['that is a list', { text: '[1,2]' }, 'ENVELOPE_MALFORMED'],
    ['that is no JSON', { text: '{"a":' }, 'ENVELOPE_MALFORMED'],
    ['that is nested beyond reason', { text: `${'['.repeat(40_000)}${']'.repeat(40_000)}` }, 'ENVELOPE_MALFORMED'],
    ['with another algorithm', { header: '{"typ":"JWT","alg":"none"}' }, 'ENVELOPE_MALFORMED'],
    ['with a header that is no JSON', { header: 'x' }, 'ENVELOPE_MALFORMED'],
  ]
  test.for(bent)('%s is refused', ([, shape, code]) => {
    const server = createFakeServer(ISSUER)
    expect(plainOpener()(envelope(server.token(NOW, shape)), NOW)).toEqual({ ok: false, error: code })
  })

  test('that repeats a key is refused, also when the second is written with escapes', () => {
    const server = createFakeServer(ISSUER)
    const text = JSON.stringify(server.claims(NOW))
    for (const again of ['"user_nkey"', '"user\\u005fnkey"']) {
      const twice = text.replace(
        '"type":"authorization_request"',
        `${again}:"${freshUserNkey()}","type":"authorization_request"`,
      )
      expect(JSON.parse(twice)).toBeTypeOf('object')
      expect(plainOpener()(envelope(server.token(NOW, { text: twice })), NOW)).toEqual({
        ok: false,
        error: 'ENVELOPE_MALFORMED',
      })
    }
  })

  test('with characters that the server escapes is opened all the same', () => {
    const server = createFakeServer(ISSUER)
    const claims = server.claims(NOW, { connect: { name: 'a<b&c', pass: 'p' } })
    const text = JSON.stringify(claims).replace('a<b&c', String.raw`a\u003cb\u0026c`)
    expect(plainOpener()(envelope(server.token(NOW, { text })), NOW).ok).toBe(true)
  })

  test('with __proto__ in it changes no prototype', () => {
    const server = createFakeServer(ISSUER)
    const text = JSON.stringify(server.claims(NOW)).replace(
      '"protocol":1',
      '"__proto__":{"auth_token":"stolen"},"protocol":1',
    )
    const opened = valueOf(plainOpener()(envelope(server.token(NOW, { text })), NOW))
    expect(opened.login.connect).toEqual({})
    expect(Object.hasOwn(Object.prototype, 'auth_token')).toBe(false)
  })

  test('signed by another key is refused, byte by byte', () => {
    const server = createFakeServer(ISSUER)
    const other = createFakeServer(ISSUER)
    const open = plainOpener()
    const [head, body] = server.token(NOW).toString().split('.')
    const forged = `${head}.${body}.${other.signer.sign(Buffer.from(`${head}.${body}`)).toString('base64url')}`
    expect(open(envelope(Buffer.from(forged)), NOW)).toEqual({ ok: false, error: 'ENVELOPE_SIGNATURE' })
    expect(open(envelope(Buffer.from(`${head}.${body}.`)), NOW)).toEqual({ ok: false, error: 'ENVELOPE_MALFORMED' })
    expect(open(envelope(Buffer.from(`${head}.${body}`)), NOW)).toEqual({ ok: false, error: 'ENVELOPE_MALFORMED' })
  })

  test('self-signed by a user or account key is refused: only servers ask', () => {
    for (const role of ['U', 'A'] as const) {
      const impostor = createSigningKey(role).publicKey
      const server = createFakeServer(ISSUER)
      const token = server.token(NOW, { claims: { iss: impostor }, serverId: { id: impostor } })
      expect(plainOpener()(envelope(token), NOW)).toEqual({ ok: false, error: 'ENVELOPE_ISSUER' })
    }
  })

  test('opens once', () => {
    const server = createFakeServer(ISSUER)
    const open = plainOpener()
    const token = server.token(NOW)
    expect(open(envelope(token), NOW).ok).toBe(true)
    expect(open(envelope(token), NOW)).toEqual({ ok: false, error: 'ENVELOPE_REPLAYED' })
  })

  test('past its end is refused, in the time of the server that sent it', () => {
    const open = plainOpener()
    const punctual = createFakeServer(ISSUER)
    const behind = createFakeServer(ISSUER)
    expect(open(envelope(punctual.token(NOW)), NOW).ok).toBe(true)
    expect(open(envelope(behind.token(NOW - 5_000)), NOW).ok).toBe(true)
    expect(open(envelope(punctual.token(NOW - 5_000)), NOW)).toEqual({ ok: false, error: 'ENVELOPE_EXPIRED' })
    expect(open(envelope(behind.token(NOW - 5_000)), NOW).ok).toBe(true)
    expect(open(envelope(createFakeServer(ISSUER).token(NOW - 60_000)), NOW)).toEqual({
      ok: false,
      error: 'ENVELOPE_EXPIRED',
    })
  })

  test('from further in the future than clocks may differ is refused, as if it had expired', () => {
    const open = plainOpener()
    expect(open(envelope(createFakeServer(ISSUER).token(NOW + 29_000)), NOW).ok).toBe(true)
    const ahead = createFakeServer(ISSUER)
    for (const offset of [32_000, 3_600_000]) {
      expect(open(envelope(ahead.token(NOW + offset)), NOW)).toEqual({ ok: false, error: 'ENVELOPE_EXPIRED' })
    }
    // Once the clocks agree again, so do we.
    const later = NOW + 3_600_000
    expect(open(envelope(ahead.token(later), { arrivedAt: later }), later).ok).toBe(true)
  })

  test('that was long on its way is answered by its end, not by a wait counted from its arrival', () => {
    const server = createFakeServer(ISSUER)
    const open = plainOpener()
    const end = (Math.floor(NOW / 1000) + 5) * 1000
    const claims = { exp: end / 1000 }
    const answerBy = (arrivedAt: number) =>
      valueOf(open(envelope(server.token(NOW, { claims }), { arrivedAt }), arrivedAt)).answerBy
    const skew = NOW % 1000
    expect(answerBy(NOW)).toBe(NOW + 4_500)
    expect(answerBy(NOW + 4_000)).toBe(end + skew)
  })

  test('whose reply does not go to a server inbox is refused', () => {
    const server = createFakeServer(ISSUER)
    for (const replySubject of ['', 'admin.command', '_INBOX.x', '$SYS._INBOXES.x']) {
      expect(plainOpener()(envelope(server.token(NOW), { replySubject }), NOW)).toEqual({
        ok: false,
        error: 'ENVELOPE_REPLY',
      })
    }
  })

  test('of a megabyte, of nothing, or of noise is refused', () => {
    const open = plainOpener()
    expect(open(envelope(Buffer.alloc(1 << 20, 'a')), NOW)).toEqual({ ok: false, error: 'ENVELOPE_TOO_LARGE' })
    for (const payload of ['', '.', '..', '...', 'eyJ', 'a.b.c', '\0\0\0']) {
      expect(open(envelope(Buffer.from(payload)), NOW)).toEqual({ ok: false, error: 'ENVELOPE_MALFORMED' })
    }
  })

  test('that is sealed is refused while no xkey is configured', () => {
    const server = createFakeServer(ISSUER, { withXkey: true })
    const sealed = server.seal(server.token(NOW), createBoxKey().publicKey)
    expect(plainOpener()(envelope(sealed, { xkeyHeader: server.xkey }), NOW)).toEqual({
      ok: false,
      error: 'ENVELOPE_SEALED',
    })
  })
})

describe('a sealed envelope', () => {
  const ours = valueOf(parseBoxKey(createBoxKey().seed))
  const next = valueOf(parseBoxKey(createBoxKey().seed))

  test('opens with the key it was sealed to, and its answer can only be read by that server', () => {
    const server = createFakeServer(ISSUER, { withXkey: true })
    const open = sealedOpener([ours])
    const opened = valueOf(
      open(envelope(server.seal(server.token(NOW), ours.publicKey), { xkeyHeader: server.xkey }), NOW),
    )
    const answer = opened.box?.seal(Buffer.from('answer')) ?? Buffer.alloc(0)
    expect(server.unseal(answer, ours.publicKey)?.toString()).toBe('answer')
    expect(createFakeServer(ISSUER).unseal(answer, ours.publicKey)).toBeUndefined()
  })

  test('opens with either of two keys while one replaces the other', () => {
    const server = createFakeServer(ISSUER, { withXkey: true })
    const open = sealedOpener([next, ours])
    for (const key of [ours, next, ours, next]) {
      const sealed = server.seal(server.token(NOW), key.publicKey)
      expect(open(envelope(sealed, { xkeyHeader: server.xkey }), NOW).ok).toBe(true)
    }
  })

  test('no longer opens with a key that was taken away', () => {
    const server = createFakeServer(ISSUER, { withXkey: true })
    const keys = [ours]
    const open = sealedOpener(keys)
    const sealed = () => envelope(server.seal(server.token(NOW), ours.publicKey), { xkeyHeader: server.xkey })
    expect(open(sealed(), NOW).ok).toBe(true)
    keys[0] = next
    expect(open(sealed(), NOW)).toEqual({ ok: false, error: 'ENVELOPE_UNOPENED' })
  })

  test('is demanded once an xkey is configured', () => {
    const server = createFakeServer(ISSUER, { withXkey: true })
    expect(sealedOpener([ours])(envelope(server.token(NOW)), NOW)).toEqual({ ok: false, error: 'ENVELOPE_PLAINTEXT' })
  })

  test('that is cut short, bent, or of another key stays shut', () => {
    const server = createFakeServer(ISSUER, { withXkey: true })
    const sealed = server.seal(server.token(NOW), ours.publicKey)
    const open = sealedOpener([ours])
    const stays = (payload: Uint8Array, xkeyHeader = server.xkey) => {
      expect(open(envelope(payload, { xkeyHeader }), NOW)).toEqual({ ok: false, error: 'ENVELOPE_UNOPENED' })
    }
    for (const length of [4, 27, 28, 44, sealed.length - 1]) stays(sealed.subarray(0, length))
    stays(sealed, createBoxKey().publicKey)
    stays(sealed, '')
    stays(sealed, 'XNONSENSE')
    stays(server.seal(server.token(NOW), createBoxKey().publicKey))
  })

  test('whose header is not the key that the server signed is refused', () => {
    const server = createFakeServer(ISSUER, { withXkey: true })
    const courier = createFakeServer(ISSUER, { withXkey: true })
    const resealed = courier.seal(server.token(NOW), ours.publicKey)
    expect(sealedOpener([ours])(envelope(resealed, { xkeyHeader: courier.xkey }), NOW)).toEqual({
      ok: false,
      error: 'ENVELOPE_XKEY_MISMATCH',
    })
  })

  // The attacks of docs/adr/0002: a box vouches for the one server that has proven, by its signature, to own it.
  test('a box that one server has proven never vouches for another', () => {
    const victim = createFakeServer(ISSUER, { withXkey: true })
    const attacker = createFakeServer(ISSUER, { withXkey: true })
    const open = sealedOpener([ours])
    const send = (token: Buffer, from = attacker) =>
      open(envelope(from.seal(token, ours.publicKey), { xkeyHeader: from.xkey }), NOW)
    expect(send(victim.token(NOW), victim).ok).toBe(true)
    expect(send(attacker.token(NOW)).ok).toBe(true)
    const unsigned = (claims: Record<string, unknown>) => {
      const [head] = attacker.token(NOW).toString().split('.')
      const body = Buffer.from(JSON.stringify(claims)).toString('base64url')
      return Buffer.from(`${head}.${body}.${Buffer.alloc(64).toString('base64url')}`)
    }
    const posing = victim.claims(NOW, { serverId: { xkey: attacker.xkey } })
    expect(send(unsigned(posing))).toEqual({ ok: false, error: 'ENVELOPE_SIGNATURE' })
    expect(send(unsigned(victim.claims(NOW)))).toEqual({ ok: false, error: 'ENVELOPE_XKEY_MISMATCH' })
  })

  test('a box that nobody has proven does not replace a signature', () => {
    const server = createFakeServer(ISSUER, { withXkey: true })
    const [head, body] = server.token(NOW).toString().split('.')
    const unsigned = Buffer.from(`${head}.${body}.${Buffer.alloc(64).toString('base64url')}`)
    const open = sealedOpener([ours])
    const send = (token: Buffer) => open(envelope(server.seal(token, ours.publicKey), { xkeyHeader: server.xkey }), NOW)
    expect(send(unsigned)).toEqual({ ok: false, error: 'ENVELOPE_SIGNATURE' })
    expect(send(server.token(NOW)).ok).toBe(true)
  })
})
