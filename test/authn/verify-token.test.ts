/** What OpenSSL checks at once is what `jose` would have said: of good tokens, of bad ones, and of those that are hard to read. */
import { createPublicKey, randomBytes, type KeyObject } from 'node:crypto'
import fc from 'fast-check'
import { jwtVerify } from 'jose'
import { describe, expect, test } from 'vitest'
import { readUnverified } from '../../src/authn/unverified-token.ts'
import { parseVerificationKey, type VerificationKey } from '../../src/authn/verification-key.ts'
import { verifyByJose, verifyToken, type Flaw, type TokenExpectations } from '../../src/authn/verify-token.ts'
import {
  compactOf,
  NO_WHOLE_BYTES,
  pairsFor,
  SIGNINGS,
  SPELLINGS,
  trials,
  type HostileToken,
} from './support/hostile-tokens.ts'
import { CLUSTER_ISSUER, NOW, serviceAccountClaims } from './support/token-mint.ts'

const AT_ONCE = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'EdDSA', 'Ed25519']
const RUNS = 400

const expected: TokenExpectations = {
  name: 'cluster',
  issuer: CLUSTER_ISSUER,
  audiences: ['nats'],
  requiredClaims: ['exp', 'sub'],
  clockToleranceSeconds: 0,
}
const good: HostileToken = {
  signing: 'good',
  header: {},
  claims: JSON.stringify(serviceAccountClaims()),
  spellings: { header: 'plain', claims: 'plain', signature: 'plain' },
}

/** Without `alg`: an RSA key is then good for all six. */
function publish(key: KeyObject): VerificationKey {
  const parsed = parseVerificationKey(key.export({ format: 'jwk' }))
  if (!parsed.ok) throw new Error(parsed.error)
  return parsed.value
}

function ownKey(alg: string): VerificationKey {
  const [own] = pairsFor(alg)
  if (own === undefined) throw new Error('no key')
  return publish(own.publicKey)
}

function wordFor(flaw: Flaw): string {
  return flaw === undefined ? 'good' : flaw.error.code
}

describe.for(AT_ONCE)('a token signed with %s', (alg) => {
  const key = ownKey(alg)

  test('gets at once the verdict that jose comes to', async () => {
    const seen = new Set<string>()
    await fc.assert(
      fc.asyncProperty(trials, async (trial) => {
        const read = readUnverified(compactOf(alg, trial))
        if (!read.ok) return
        const flaw = verifyToken(read.value, key, trial.expected, trial.now)
        expect(flaw).toEqual(await verifyByJose(read.value, key, trial.expected, trial.now))
        expect(flaw).not.toBeInstanceOf(Promise)
        if (!(flaw instanceof Promise)) seen.add(wordFor(flaw))
      }),
      { numRuns: RUNS },
    )
    const common = ['good', 'TOKEN_SIGNATURE', 'TOKEN_AUDIENCE', 'TOKEN_CLAIMS', 'TOKEN_NOT_YET_VALID']
    expect([...seen]).toEqual(expect.arrayContaining(common))
  })

  test.for(Object.keys(SIGNINGS))('of which the signature is %s, likewise', async (signing) => {
    const read = readUnverified(compactOf(alg, { ...good, signing }))
    if (!read.ok) throw new Error('unreadable')
    const flaw = verifyToken(read.value, key, expected, NOW)
    expect(flaw).toEqual(await verifyByJose(read.value, key, expected, NOW))
    if (signing === 'good') expect(flaw).toBeUndefined()
    if (signing === 'of another key' || signing === 'one bit changed')
      expect(flaw).toMatchObject({ error: { code: 'TOKEN_SIGNATURE' } })
  })

  test.for(['header', 'claims', 'signature'] as const)('is spelled as base64url: %s', async (segment) => {
    for (const name of Object.keys(SPELLINGS)) {
      const read = readUnverified(compactOf(alg, { ...good, spellings: { ...good.spellings, [segment]: name } }))
      if (!read.ok) continue
      const flaw = verifyToken(read.value, key, expected, NOW)
      expect(flaw).toEqual(await verifyByJose(read.value, key, expected, NOW))
      if (name === NO_WHOLE_BYTES) {
        expect(flaw).toMatchObject({ error: { code: 'TOKEN_MALFORMED' } })
      }
    }
  })

  test('is taken under no other name: what says another alg than it was signed with is refused', async () => {
    for (const other of AT_ONCE.filter(
      (name) => pairsFor(name) === pairsFor(alg) && name.slice(0, 2) !== alg.slice(0, 2),
    )) {
      const [, claims = '', signature = ''] = compactOf(alg, good).split('.')
      const [header = ''] = compactOf(other, good).split('.')
      const read = readUnverified(`${header}.${claims}.${signature}`)
      if (!read.ok) throw new Error('unreadable')
      const flaw = verifyToken(read.value, key, expected, NOW)
      expect(flaw).toMatchObject({ error: { code: 'TOKEN_SIGNATURE' } })
      expect(flaw).toEqual(await verifyByJose(read.value, key, expected, NOW))
    }
  })
})

test('whatever an issuer publishes as its key, the verdict is that of jose', async () => {
  const part = (bytes: number): fc.Arbitrary<string> =>
    fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((value) => Buffer.from(value).toString('base64url'))
  const exponents = fc.constantFrom('AQAB', 'Aw', 'BQ', 'AQABAQABAQAB')
  const jwks = fc.oneof(
    fc.record({ kty: fc.constant('RSA'), n: part(256), e: exponents }),
    fc.record({ kty: fc.constant('OKP'), crv: fc.constant('Ed25519'), x: part(32) }),
    fc.record({ kty: fc.constant('EC'), crv: fc.constant('P-256'), x: part(32), y: part(32) }),
    fc.constantFrom(
      ...[0, 1, 2].map((byte) => ({ kty: 'OKP', crv: 'Ed25519', x: Buffer.alloc(32, byte).toString('base64url') })),
    ),
  )
  await fc.assert(
    fc.asyncProperty(jwks, fc.constantFrom(...Object.keys(SIGNINGS)), async (jwk, signing) => {
      const parsed = parseVerificationKey(jwk)
      if (!parsed.ok) return
      for (const alg of parsed.value.algorithms) {
        const read = readUnverified(compactOf(alg, { ...good, signing }))
        if (!read.ok) throw new Error('unreadable')
        expect(verifyToken(read.value, parsed.value, expected, NOW)).toEqual(
          await verifyByJose(read.value, parsed.value, expected, NOW),
        )
      }
    }),
    { numRuns: 100 },
  )
})

test('text that jose takes for no token is never taken for one', async () => {
  const [own] = pairsFor('ES256')
  const key = ownKey('ES256')
  const text = compactOf('ES256', good)
  const anywhere = fc.record({
    at: fc.nat(text.length),
    insert: fc.oneof(
      fc.constantFrom('.', '=', '+', '/', ' ', '\n', '\0', 'A', '-', 'é', 'eyJ'),
      fc.string({ maxLength: 2 }),
    ),
    remove: fc.nat(3),
  })
  await fc.assert(
    fc.asyncProperty(anywhere, async ({ at, insert, remove }) => {
      const changed = text.slice(0, at) + insert + text.slice(at + remove)
      const read = readUnverified(changed)
      if (!read.ok || own === undefined) return
      const flaw = verifyToken(read.value, key, expected, NOW)
      if (flaw !== undefined) return
      const options = { audience: 'nats', issuer: CLUSTER_ISSUER, algorithms: ['ES256'], currentDate: new Date(NOW) }
      await expect(jwtVerify(changed, own.publicKey, options)).resolves.toBeDefined()
    }),
    { numRuns: 500 },
  )
})

describe('a key that takes long to verify with', () => {
  const rsa = (bits: number): KeyObject => {
    const n = randomBytes(bits / 8)
    n.writeUInt8(n.readUInt8(0) | 0x80, 0)
    n.writeUInt8(n.readUInt8(n.length - 1) | 1, n.length - 1)
    return createPublicKey({ key: { kty: 'RSA', n: n.toString('base64url'), e: 'AQAB' }, format: 'jwk' })
  }

  test.for(['ES384', 'ES512'])('holds nobody up: %s is left to jose', (alg) => {
    const [own] = pairsFor(alg)
    if (own === undefined) throw new Error('no key')
    expect([...publish(own.publicKey).checks.keys()]).toEqual([])
  })

  test('is one of RSA above 4096 bits', () => {
    expect([...publish(rsa(4096)).checks.keys()]).toEqual(AT_ONCE.slice(0, 6))
    expect([...publish(rsa(4104)).checks.keys()]).toEqual([])
  })
})
