/**
 * NATS signing keys on node:crypto: a seed becomes a signer, a public key a verifier.
 * nkeys.js judges what a valid key is; OpenSSL does the work, about 200 times faster than nkeys.js signs.
 * Refuses keys of another role than the one asked for. Errors never repeat key material.
 */
import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto'
import { createPair, fromPublic, fromSeed, Prefix } from 'nkeys.js'
import { err, ok, type Result } from '../lib/result.ts'
import { decodeBase32 } from './base32.ts'

/** First letter of the public key: operator, account, user, server (node). */
export type SigningRole = 'O' | 'A' | 'U' | 'N'

export interface Signer {
  readonly publicKey: string
  /** Ed25519, 64 bytes. */
  sign(data: Uint8Array): Buffer
}

export interface Verifier {
  readonly publicKey: string
  verify(data: Uint8Array, signature: Uint8Array): boolean
}

const ROLES = {
  O: { name: 'operator', prefix: Prefix.Operator },
  A: { name: 'account', prefix: Prefix.Account },
  U: { name: 'user', prefix: Prefix.User },
  N: { name: 'server', prefix: Prefix.Server },
} as const satisfies Record<SigningRole, { name: string; prefix: Prefix }>

/** DER heads of RFC 8410: what precedes the 32 bytes of an Ed25519 seed (PKCS#8) and public key (SPKI). */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex')
const SPKI_HEAD = Buffer.from('302a300506032b6570032100', 'hex')
const PUBLIC_KEY = /^[OAUNX][A-Z2-7]{55}$/

/** @returns a signer, or why the text is no seed of this role. */
export function parseSigner(seed: string, role: SigningRole): Result<Signer, string> {
  const text = seed.trim()
  const expected = `expected the seed of an ${ROLES[role].name} key (starts with S${role})`
  if (!text.startsWith(`S${role}`)) return err(expected)
  let publicKey: string
  try {
    publicKey = fromSeed(Buffer.from(text)).getPublicKey()
  } catch {
    return err(`${expected}; this one is damaged (checksum)`)
  }
  const raw = decodeBase32(text)
  if (raw === undefined || raw.length < 34) return err(expected)
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, raw.subarray(2, 34)]), format: 'der', type: 'pkcs8' })
  return ok({ publicKey, sign: (data) => sign(null, data, key) })
}

/** @returns a verifier, or why the text is no public key of this role. */
export function parseVerifier(publicKey: string, role: SigningRole): Result<Verifier, string> {
  if (!isPublicKey(publicKey, role))
    return err(`expected the public key of an ${ROLES[role].name} (starts with ${role})`)
  const key = publicKeyObject(publicKey)
  return ok({ publicKey, verify: (data, signature) => signature.length === 64 && verify(null, data, key, signature) })
}

/** Whether the text is a public nkey of this role (`X`: curve), checksum included. */
export function isPublicKey(text: string, role: SigningRole | 'X'): boolean {
  if (!PUBLIC_KEY.test(text) || !text.startsWith(role)) return false
  try {
    return fromPublic(text).getPublicKey() === text
  } catch {
    return false
  }
}

/** A fresh key. Slow (milliseconds): for tooling, never for a login. */
export function createSigningKey(role: SigningRole): { readonly seed: string; readonly publicKey: string } {
  const pair = createPair(ROLES[role].prefix)
  return { seed: Buffer.from(pair.getSeed()).toString('latin1'), publicKey: pair.getPublicKey() }
}

function publicKeyObject(publicKey: string): KeyObject {
  const raw = decodeBase32(publicKey) ?? Buffer.alloc(0)
  return createPublicKey({ key: Buffer.concat([SPKI_HEAD, raw.subarray(1, 33)]), format: 'der', type: 'spki' })
}
