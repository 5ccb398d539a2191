/** JWK Sets: which keys are taken, and which one a token gets. */
import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { chooseKey, parseKeySet, type KeySet } from '../../src/authn/key-set.ts'
import { keySetOf, makeKey } from './support/token-mint.ts'

const rsa = makeKey('RS256', 'rsa')
const ec = makeKey('ES256', 'ec')
const ed = makeKey('EdDSA', 'ed')

function parse(keys: readonly unknown[], previous?: KeySet): KeySet {
  const parsed = parseKeySet({ keys }, 100, previous)
  if (!parsed.ok) throw new Error(parsed.error.detail)
  return parsed.value
}

function choose(keys: readonly unknown[], alg: string, kid?: string): string | undefined {
  const choice = chooseKey(parse(keys), alg, kid)
  return typeof choice === 'string' ? choice : choice.kid
}

function smallRsa(bits: number): unknown {
  return generateKeyPairSync('rsa', { modulusLength: bits }).publicKey.export({ format: 'jwk' })
}

describe('a key is left out', () => {
  const encryption = { ...rsa.jwk, use: 'enc' }
  test.for([
    ['that is symmetric', { kty: 'oct', k: 'c2VjcmV0', kid: 's', alg: 'HS256' }, 'symmetric'],
    ['whose private part is public', { ...ec.jwk, d: 'AAAA' }, 'published with its private part'],
    ['whose first prime is public', { ...rsa.jwk, p: 'AAAA' }, 'published with its private part'],
    ['whose second prime is public', { ...rsa.jwk, q: 'AAAA' }, 'published with its private part'],
    ['whose exponent for a prime is public', { ...rsa.jwk, dp: 'AAAA' }, 'published with its private part'],
    ['whose other exponent is public', { ...rsa.jwk, dq: 'AAAA' }, 'published with its private part'],
    ['whose coefficient is public', { ...rsa.jwk, qi: 'AAAA' }, 'published with its private part'],
    ['whose other primes are public', { ...rsa.jwk, oth: [] }, 'published with its private part'],
    ['for encryption', encryption, 'not for signatures'],
    ['of a SPIFFE bundle', { ...ec.jwk, use: 'jwt-svid' }, 'not for signatures'],
    ['for signing only', { ...ec.jwk, use: undefined, key_ops: ['sign'] }, 'not for signatures'],
    ['that is RSA of 1024 bits', smallRsa(1024), 'weaker than RSA 2048'],
    ['with an endless modulus', { ...rsa.jwk, n: `x${'A'.repeat(3000)}` }, 'larger than RSA 8192'],
    ['with e = 1', { ...rsa.jwk, e: 'AQ' }, 'no valid public key'],
    ['with an even e', { ...rsa.jwk, e: 'BA' }, 'no valid public key'],
    ['with an endless e', { ...rsa.jwk, e: `x${'_'.repeat(300)}` }, 'with an exponent of more than 32 bits'],
    ['with an e of 33 bits', { ...rsa.jwk, e: 'AQAAAAE' }, 'with an exponent of more than 32 bits'],
    ['that nobody may use', { ...ec.jwk, use: undefined, key_ops: [] }, 'not for signatures'],
    ['beside its curve', { ...ec.jwk, x: ec.jwk['y'] }, 'no valid public key'],
    ['of a curve for Bitcoin', { ...ec.jwk, crv: 'secp256k1' }, 'of a type that is not supported'],
    ['for key agreement', { kty: 'OKP', crv: 'X25519', x: 'AAAA' }, 'of a type that is not supported'],
    ['of a type from the future', { kty: 'AKP', alg: 'ML-DSA-65', pub: 'AAAA' }, 'of a type that is not supported'],
    ['whose alg is not of its type', { ...rsa.jwk, alg: 'ES256' }, 'of a type that is not supported'],
    ['whose alg is symmetric', { ...rsa.jwk, alg: 'HS256' }, 'of a type that is not supported'],
    ['without a type', { kid: 'x' }, 'not a JWK'],
    ['that is null', null, 'not a JWK'],
    ['that is a string', 'key', 'not a JWK'],
    ['with a kid that is a number', { ...ec.jwk, kid: 1 }, 'not a JWK'],
  ] as const)('%s, and the others stay', ([, key, reason]) => {
    const keySet = parse([key, ed.jwk])
    expect(keySet.leftOut).toEqual([{ position: 0, reason }])
    expect([...keySet.keys].map(({ kid }) => kid)).toEqual(['ed'])
  })
})

describe('a document is refused', () => {
  test.for([
    ['that is a list', []],
    ['that is null', null],
    ['without keys', {}],
    ['whose keys are an object', { keys: {} }],
    ['that is one key', ec.jwk],
  ] as const)('%s', ([, document]) => {
    expect(parseKeySet(document, 100)).toMatchObject({ ok: false, error: { code: 'not-a-key-set' } })
  })

  test('however deep it is, without a fault', () => {
    const deep: unknown = JSON.parse('['.repeat(50_000) + ']'.repeat(50_000))
    expect(parseKeySet(deep, 100)).toMatchObject({ ok: false, error: { code: 'not-a-key-set' } })
    const { keys, leftOut } = parse([deep, { ...ec.jwk, x: deep }, { ...ed.jwk, note: deep }])
    expect(leftOut.map(({ reason }) => reason)).toEqual(['not a JWK', 'not a JWK'])
    expect([...keys].map(({ kid }) => kid)).toEqual(['ed'])
  })

  test('with more keys than the limit', () => {
    const many = Array.from({ length: 101 }, (_, index) => ({ ...ec.jwk, kid: String(index) }))
    expect(parseKeySet({ keys: many }, 100)).toMatchObject({ ok: false, error: { code: 'too-many-keys' } })
    expect(parseKeySet({ keys: many.slice(1) }, 100).ok).toBe(true)
  })
})

describe('a token gets the key', () => {
  const { kid: _, ...withoutKid } = ec.jwk
  test('that has exactly its kid', () => {
    expect(choose([rsa.jwk, ec.jwk, ed.jwk], 'ES256', 'ec')).toBe('ec')
    expect(choose([rsa.jwk, ec.jwk], 'ES256', 'EC')).toBe('unknown')
    expect(choose([withoutKid], 'ES256', 'ec')).toBe('unknown')
    expect(choose([], 'ES256', 'ec')).toBe('unknown')
  })

  test('only for the alg that the key is for', () => {
    expect(choose([rsa.jwk], 'RS256', 'rsa')).toBe('rsa')
    expect(choose([rsa.jwk], 'PS256', 'rsa')).toBe('unfit')
    expect(choose([{ ...rsa.jwk, alg: undefined }], 'PS256', 'rsa')).toBe('rsa')
    expect(choose([ec.jwk], 'RS256', 'ec')).toBe('unfit')
    expect(choose([{ ...ec.jwk, alg: undefined }], 'ES384', 'ec')).toBe('unfit')
  })

  test('of Ed25519 under both names', () => {
    expect(choose([ed.jwk], 'Ed25519', 'ed')).toBe('ed')
    expect(choose([{ ...ed.jwk, alg: 'Ed25519' }], 'EdDSA', 'ed')).toBe('ed')
  })

  test('without naming one, if exactly one fits', () => {
    expect(choose([rsa.jwk, ec.jwk, ed.jwk], 'ES256')).toBe('ec')
    expect(choose([ec.jwk, makeKey('ES256', 'other').jwk], 'ES256')).toBe('ambiguous')
    expect(choose([rsa.jwk], 'ES256')).toBe('unknown')
  })

  test('never one of two that share its kid', () => {
    expect(choose([ec.jwk, makeKey('ES256', 'ec').jwk], 'ES256', 'ec')).toBe('ambiguous')
    expect(choose([ec.jwk, { ...rsa.jwk, kid: 'ec' }], 'ES256', 'ec')).toBe('ec')
    expect(choose([ec.jwk, ec.jwk], 'ES256', 'ec')).toBe('ec')
  })
})

describe('read again', () => {
  test('the same keys are the same set, in whatever order and spelling', () => {
    const before = parse(keySetOf(rsa, ec).keys)
    expect(parse([ec.jwk, { ...rsa.jwk, x5c: ['MIIB'], note: 'new' }], before)).toBe(before)
  })

  test('a key that stays is the same object in the new set', () => {
    const before = parse([rsa.jwk, ec.jwk])
    const after = parse([ec.jwk, ed.jwk], before)
    expect(after).not.toBe(before)
    const kept = [...before.keys].find(({ kid }) => kid === 'ec')
    expect(kept !== undefined && after.keys.has(kept)).toBe(true)
    expect([...before.keys].filter((key) => after.keys.has(key))).toHaveLength(1)
  })

  test('a key that only changed its use of alg is another key', () => {
    const before = parse([{ ...rsa.jwk, alg: undefined }])
    expect(parse([rsa.jwk], before)).not.toBe(before)
  })
})
