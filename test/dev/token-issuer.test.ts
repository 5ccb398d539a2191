import { decodeJwt, decodeProtectedHeader } from 'jose'
import { afterEach, describe, expect, test } from 'vitest'
import { AUTHN_SYSTEM, createAuthenticator, type Authenticator } from '../../src/authn/index.ts'
import { createTokenMint } from '../../src/dev/mint-tokens.ts'
import { startTokenIssuer, type TokenIssuer } from '../../src/dev/token-issuer.ts'

const NOW = Date.parse('2026-11-21T10:00:00Z')
const now = (): number => NOW
const orders = { namespace: 'shop', name: 'orders', audience: 'nats', ttlSeconds: 600 }
const stops: (() => Promise<void> | void)[] = []

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

async function start(options: Parameters<typeof startTokenIssuer>[0] = {}): Promise<TokenIssuer> {
  const issuer = await startTokenIssuer({ now, ...options })
  stops.push(() => issuer.stop())
  return issuer
}

async function authenticator(settings: Parameters<typeof createAuthenticator>[0]): Promise<Authenticator> {
  const made = createAuthenticator(settings, {
    ...AUTHN_SYSTEM,
    clock: { now },
    log: { warn: () => undefined, error: () => undefined, info: () => undefined },
    observe: { verdictRecalled: () => undefined, keysFetched: () => undefined, keyUnknown: () => undefined },
  })
  stops.push(() => made.stop())
  await made.start()
  return made
}

describe('the stand-in cluster', () => {
  test.each(['ES256', 'RS256'] as const)(
    'signs ServiceAccount tokens with %s that the bridge takes',
    async (algorithm) => {
      const cluster = await start({ issuer: 'https://kubernetes.default.svc', algorithm })
      const { authenticate } = await authenticator([
        {
          name: 'cluster',
          kind: 'kubernetes',
          issuer: cluster.issuer,
          audiences: ['nats'],
          trustDomain: 'cluster.local',
          keys: { url: cluster.jwksUrl },
        },
      ])
      const verdict = await authenticate(await cluster.serviceAccountToken(orders), NOW)
      expect(verdict).toMatchObject({
        ok: true,
        value: {
          principal: { name: 'spiffe://cluster.local/ns/shop/sa/orders' },
          expiresAt: NOW / 1000 + 600,
          facts: { pod: expect.stringMatching(/^orders-/), node: 'stand-in-node' },
        },
      })
    },
  )

  test('answers discovery under its own address, so that its users are known by issuer alone', async () => {
    const provider = await start()
    const { authenticate } = await authenticator([
      {
        name: 'people',
        kind: 'oidc',
        issuer: provider.issuer,
        audiences: ['nats'],
        groupsClaim: 'groups',
        keys: { discovery: true },
      },
    ])
    const claims = { groups: ['support'], sub: 'somebody else' }
    const token = await provider.userToken({ subject: 'anna', claims, audience: 'nats', ttlSeconds: 60 })
    expect(await authenticate(token, NOW)).toMatchObject({
      ok: true,
      value: { principal: { name: `${provider.url}/anna`, groups: ['support', 'system:authenticated'] } },
    })
  })

  test('names discovery after the issuer it stands in for', async () => {
    const cluster = await start({ issuer: 'https://kubernetes.default.svc' })
    const discovery: unknown = await (await fetch(`${cluster.url}/.well-known/openid-configuration`)).json()
    expect(discovery).toMatchObject({ issuer: 'https://kubernetes.default.svc', jwks_uri: cluster.jwksUrl })
  })

  test('publishes public keys and hands out no tokens', async () => {
    const cluster = await start()
    const keys = await (await fetch(cluster.jwksUrl)).text()
    expect(JSON.parse(keys)).toEqual({ keys: [{ ...cluster.jwks.keys[0] }] })
    expect(Object.keys(cluster.jwks.keys[0] ?? {}).toSorted()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
    expect((await fetch(`${cluster.url}/token`)).status).toBe(404)
  })

  test('is gone when it was stopped', async () => {
    const cluster = await startTokenIssuer()
    await fetch(cluster.jwksUrl)
    await cluster.stop()
    await expect(fetch(cluster.jwksUrl)).rejects.toThrow()
  })
})

describe('a mint', () => {
  test('shapes ServiceAccount tokens as an API server does', async () => {
    const mint = await createTokenMint({ issuer: 'https://cluster', now })
    const [first, second] = [await mint.serviceAccountToken(orders), await mint.serviceAccountToken(orders)]
    const claims = decodeJwt(first)
    expect(claims).toMatchObject({
      iss: 'https://cluster',
      sub: 'system:serviceaccount:shop:orders',
      aud: ['nats'],
      iat: NOW / 1000,
      nbf: NOW / 1000,
      exp: NOW / 1000 + 600,
      'kubernetes.io': { namespace: 'shop', serviceaccount: { name: 'orders' } },
    })
    expect(decodeProtectedHeader(first)).toEqual({ alg: 'ES256', kid: mint.jwks.keys[0]?.kid })
    // The same workload, another token.
    expect(decodeJwt(second)['kubernetes.io']).toEqual(claims['kubernetes.io'])
    expect(decodeJwt(second).jti).not.toBe(claims.jti)
  })

  test('makes tokens that have expired', async () => {
    const mint = await createTokenMint({ issuer: 'https://cluster', now })
    const { iat, exp } = decodeJwt(await mint.serviceAccountToken({ ...orders, ageSeconds: 900 }))
    expect([iat, exp]).toEqual([NOW / 1000 - 900, NOW / 1000 - 300])
  })

  test('lets no claim replace one that makes the token', async () => {
    const mint = await createTokenMint({ issuer: 'https://idp', now })
    const claims = { iss: 'https://other', sub: 'root', aud: 'all', exp: 9_999_999_999, team: 'a' }
    expect(
      decodeJwt(await mint.userToken({ subject: 'anna', claims, audience: 'nats', ttlSeconds: 60 })),
    ).toMatchObject({
      iss: 'https://idp',
      sub: 'anna',
      aud: ['nats'],
      exp: NOW / 1000 + 60,
      team: 'a',
    })
  })

  test('forges with the key id of another mint, but not with its key', async () => {
    const real = await createTokenMint({ issuer: 'https://cluster', now })
    const kid = real.jwks.keys[0]?.kid ?? ''
    const forger = await createTokenMint({ issuer: real.issuer, keyId: kid, now })
    const { authenticate } = await authenticator([
      {
        name: 'cluster',
        kind: 'kubernetes',
        issuer: real.issuer,
        audiences: ['nats'],
        trustDomain: 'cluster.local',
        keys: { inline: real.jwks },
      },
    ])
    expect(await authenticate(await real.serviceAccountToken(orders), NOW)).toMatchObject({ ok: true })
    expect(await authenticate(await forger.serviceAccountToken(orders), NOW)).toMatchObject({
      ok: false,
      error: { code: 'TOKEN_SIGNATURE' },
    })
  })
})
