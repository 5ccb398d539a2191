import { createAccount, createCurve, createServer, fromPublic, fromSeed } from 'nkeys.js'
import { describe, expect, test } from 'vitest'
import {
  createBoxKey,
  createSigningKey,
  isPublicKey,
  isSealed,
  parseBoxKey,
  parseSigner,
  parseVerifier,
} from '../../src/nkey/index.ts'

const bytes = Buffer.from('what is signed')

function valueOf<T>(result: { ok: true; value: T } | { ok: false; error: string }): T {
  if (!result.ok) throw new Error(result.error)
  return result.value
}

describe('signing keys', () => {
  test('nkeys.js verifies what a signer signs', () => {
    const { seed, publicKey } = createSigningKey('A')
    const signer = valueOf(parseSigner(seed, 'A'))
    expect(signer.publicKey).toBe(publicKey)
    expect(fromPublic(publicKey).verify(bytes, signer.sign(bytes))).toBe(true)
  })

  test('a verifier accepts what nkeys.js signs, and nothing else', () => {
    const server = createServer()
    const verifier = valueOf(parseVerifier(server.getPublicKey(), 'N'))
    const signature = Buffer.from(server.sign(bytes))
    expect(verifier.verify(bytes, signature)).toBe(true)
    signature[5] = (signature[5] ?? 0) ^ 1
    expect(verifier.verify(bytes, signature)).toBe(false)
    expect(verifier.verify(bytes, Buffer.alloc(0))).toBe(false)
    expect(verifier.verify(Buffer.from('something else'), server.sign(bytes))).toBe(false)
  })

  test('a seed file may end in a newline', () => {
    const { seed, publicKey } = createSigningKey('N')
    expect(valueOf(parseSigner(`${seed}\n`, 'N')).publicKey).toBe(publicKey)
    expect(fromSeed(Buffer.from(seed)).getPublicKey()).toBe(publicKey)
  })

  test('a key of another role is refused without repeating it', () => {
    const { seed } = createSigningKey('U')
    const refused = parseSigner(seed, 'A')
    expect(refused).toEqual({ ok: false, error: 'expected the seed of an account key (starts with SA)' })
  })

  test('a damaged seed is refused', () => {
    const { seed } = createSigningKey('A')
    const damaged = `${seed.slice(0, 20)}${seed[20] === 'A' ? 'B' : 'A'}${seed.slice(21)}`
    expect(parseSigner(damaged, 'A')).toEqual({
      ok: false,
      error: 'expected the seed of an account key (starts with SA); this one is damaged (checksum)',
    })
    for (const text of ['', 'SA', 'SA!', 'SAAAA', `SA${'1'.repeat(56)}`]) expect(parseSigner(text, 'A').ok).toBe(false)
  })

  test('a public key is known by its role and checksum', () => {
    const account = createAccount().getPublicKey()
    expect(isPublicKey(account, 'A')).toBe(true)
    expect(isPublicKey(account, 'N')).toBe(false)
    expect(isPublicKey(`${account.slice(0, 10)}${account[10] === 'A' ? 'B' : 'A'}${account.slice(11)}`, 'A')).toBe(
      false,
    )
    expect(parseVerifier('NOPE', 'N').ok).toBe(false)
  })
})

describe('boxes', () => {
  test('nkeys.js opens what a box seals, and the other way round', () => {
    const ours = createBoxKey()
    const theirs = createCurve()
    const box = valueOf(parseBoxKey(ours.seed)).boxWith(theirs.getPublicKey())
    const sealed = box?.seal(bytes) ?? Buffer.alloc(0)
    expect(isSealed(sealed)).toBe(true)
    expect(Buffer.from(theirs.open(sealed, ours.publicKey) ?? [])).toEqual(bytes)
    expect(box?.open(Buffer.from(theirs.seal(bytes, ours.publicKey)))).toEqual(bytes)
  })

  test('a flipped bit anywhere keeps a box shut', () => {
    const ours = createBoxKey()
    const theirs = createCurve()
    const box = valueOf(parseBoxKey(ours.seed)).boxWith(theirs.getPublicKey())
    const sealed = Buffer.from(theirs.seal(bytes, ours.publicKey))
    for (let at = 0; at < sealed.length; at += 1) {
      const flipped = Buffer.from(sealed)
      flipped[at] = (flipped[at] ?? 0) ^ 1
      expect(box?.open(flipped)).toBeUndefined()
    }
    for (let length = 0; length < sealed.length; length += 1)
      expect(box?.open(sealed.subarray(0, length))).toBeUndefined()
  })

  test('what is no xkey makes no box', () => {
    const ours = valueOf(parseBoxKey(createBoxKey().seed))
    expect(ours.boxWith(createAccount().getPublicKey())).toBeUndefined()
    expect(ours.boxWith('')).toBeUndefined()
    // Points of low order (RFC 7748 section 6.1), well-formed with their checksum: they share no secret with anybody.
    for (const point of [
      'XAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAPQN',
      'XAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA6CU',
    ]) {
      expect(isPublicKey(point, 'X')).toBe(true)
      expect(ours.boxWith(point)).toBeUndefined()
    }
    expect(parseBoxKey(createSigningKey('A').seed).ok).toBe(false)
  })

  test('two seals of the same bytes differ', () => {
    const box = valueOf(parseBoxKey(createBoxKey().seed)).boxWith(createBoxKey().publicKey)
    expect(box?.seal(bytes)).not.toEqual(box?.seal(bytes))
  })
})
