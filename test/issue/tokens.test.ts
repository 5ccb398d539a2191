import { decode, type AuthorizationResponse, type User } from '@nats-io/jwt'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { responseClaims, sessionEnd, signToken, userClaims } from '../../src/issue/index.ts'
import { createSigningKey, parseSigner } from '../../src/nkey/index.ts'
import { freshUserNkey, valueOf } from '../support/fake-server.ts'

const issuer = valueOf(parseSigner(createSigningKey('A').seed, 'A'))
const permissions = {
  pub: { allow: ['shop.orders.create'], deny: [] },
  sub: { allow: ['_INBOX_x.>', 'shop.orders.* workers'], deny: ['shop.orders.*.>'] },
  resp: { max: 1, ttl: 5_000_000_000 },
}
const grant = {
  decisionId: 'seed-1',
  userNkey: freshUserNkey(),
  principalName: 'spiffe://cluster.local/ns/shop/sa/orders',
  permissions,
  issuedAt: 1_800_000_000,
  expiresAt: 1_800_003_600,
  issuer: issuer.publicKey,
}

describe('the user JWT', () => {
  test('reads back, in config mode, as the NATS library reads it', () => {
    const token = signToken(userClaims({ ...grant, placement: { mode: 'config', account: 'SHOP' } }), issuer)
    expect(decode<User>(token)).toEqual({
      jti: 'seed-1',
      iat: grant.issuedAt,
      exp: grant.expiresAt,
      iss: issuer.publicKey,
      sub: grant.userNkey,
      name: grant.principalName,
      aud: 'SHOP',
      nats: { ...permissions, subs: -1, data: -1, payload: -1, type: 'user', version: 2 },
    })
  })

  test('names the issuer account, and no audience, in operator mode', () => {
    const issuerAccount = createSigningKey('A').publicKey
    const token = signToken(userClaims({ ...grant, placement: { mode: 'operator', issuerAccount } }), issuer)
    const claims = decode<User>(token)
    expect(claims.aud).toBeUndefined()
    expect(claims.nats.issuer_account).toBe(issuerAccount)
  })

  test('carries any principal name as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (principalName) => {
        const claims = userClaims({ ...grant, principalName, placement: { mode: 'config', account: 'SHOP' } })
        expect(JSON.parse(claims)).toMatchObject({ name: principalName, aud: 'SHOP', nats: { type: 'user' } })
      }),
    )
  })
})

describe('the response JWT', () => {
  const envelope = {
    decisionId: 'seed-1',
    userNkey: grant.userNkey,
    serverId: createSigningKey('N').publicKey,
    issuedAt: grant.issuedAt,
    issuer: issuer.publicKey,
  }

  test('binds a user JWT to the login and the server', () => {
    const claims = decode<AuthorizationResponse>(signToken(responseClaims(envelope, { jwt: 'a.b.c' }), issuer))
    expect(claims).toMatchObject({ sub: grant.userNkey, aud: envelope.serverId, iss: issuer.publicKey })
    expect(claims.nats).toEqual({ jwt: 'a.b.c', type: 'authorization_response', version: 2 })
  })

  test('holds an error or a user JWT, never both', () => {
    const claims = decode<AuthorizationResponse>(
      signToken(responseClaims(envelope, { error: 'TOKEN_EXPIRED seed-1' }), issuer),
    )
    expect(claims.nats).toEqual({ error: 'TOKEN_EXPIRED seed-1', type: 'authorization_response', version: 2 })
  })
})

describe('a session', () => {
  const cases = fc.record({
    remaining: fc.integer({ min: -10, max: 100_000 }),
    limit: fc.option(fc.integer({ min: 1, max: 100_000 }), { nil: undefined }),
    ttlSeconds: fc.integer({ min: 30, max: 86_400 }),
    minimumSeconds: fc.integer({ min: 1, max: 30 }),
    jitter: fc.double({ min: 0, max: 0.5, noNaN: true }),
    chance: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  })

  test('never outlives the credential, the policy limit or the longest session', () => {
    fc.assert(
      fc.property(cases, ({ remaining, limit, chance, ...settings }) => {
        const end = sessionEnd(1_000, { credentialEnd: 1_000 + remaining, maxSessionSeconds: limit }, settings, chance)
        if (!end.ok) {
          expect(remaining).toBeLessThan(settings.minimumSeconds)
          return
        }
        const length = end.value - 1_000
        expect(length).toBeLessThanOrEqual(Math.min(remaining, settings.ttlSeconds, limit ?? Infinity))
        expect(length).toBeGreaterThanOrEqual(Math.min(settings.minimumSeconds, limit ?? Infinity))
      }),
    )
  })

  test('ends at another second than its neighbour', () => {
    const settings = { ttlSeconds: 3600, minimumSeconds: 30, jitter: 0.1 }
    const bounds = { credentialEnd: 100_000, maxSessionSeconds: undefined }
    expect(sessionEnd(0, bounds, settings, 0)).toEqual({ ok: true, value: 3600 })
    expect(sessionEnd(0, bounds, settings, 0.5)).toEqual({ ok: true, value: 3420 })
  })
})
