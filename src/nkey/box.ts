/**
 * xkeys: NaCl boxes between our curve key and a server's (ADR-26, wire form `xkv1` + 24-byte nonce + box).
 * The shared key of a pair is worked out once and kept: a server's xkey lives as long as the server process.
 * libsodium does the box; OpenSSL has no XSalsa20-Poly1305.
 */
import { randomFillSync } from 'node:crypto'
import sodium from 'libsodium-wrappers'
import { createCurve, fromCurveSeed } from 'nkeys.js'
import { err, ok, type Result } from '../lib/result.ts'
import { decodeBase32 } from './base32.ts'
import { isPublicKey } from './signing.ts'

await sodium.ready

export interface BoxKey {
  /** `X…` */
  readonly publicKey: string
  /** @returns the box shared with this peer, or `undefined` when `peer` is no public xkey, or one of a point that shares no secret. */
  boxWith(peer: string): SharedBox | undefined
}

export interface SharedBox {
  readonly peer: string
  seal(plain: Uint8Array): Buffer
  /** @returns the plain bytes, or `undefined` when the box was not made with this pair of keys. */
  open(sealed: Uint8Array): Buffer | undefined
}

const VERSION = Buffer.from('xkv1')
const NONCE_BYTES = 24
const HEAD_BYTES = VERSION.length + NONCE_BYTES

/** @returns a box key, or why the text is no curve seed. */
export function parseBoxKey(seed: string): Result<BoxKey, string> {
  const text = seed.trim()
  const expected = 'expected the seed of a curve key (starts with SX)'
  if (!text.startsWith('SX')) return err(expected)
  let publicKey: string
  try {
    publicKey = fromCurveSeed(Buffer.from(text)).getPublicKey()
  } catch {
    return err(`${expected}; this one is damaged (checksum)`)
  }
  const raw = decodeBase32(text)
  if (raw === undefined || raw.length < 34) return err(expected)
  const secret = Uint8Array.from(raw.subarray(2, 34))
  return ok({
    publicKey,
    boxWith: (peer) => (isPublicKey(peer, 'X') ? shareBox(secret, peer) : undefined),
  })
}

/** A fresh curve key, for tooling. */
export function createBoxKey(): { readonly seed: string; readonly publicKey: string } {
  const pair = createCurve()
  return { seed: Buffer.from(pair.getSeed()).toString('latin1'), publicKey: pair.getPublicKey() }
}

function shareBox(secret: Uint8Array, peer: string): SharedBox | undefined {
  const peerBytes = decodeBase32(peer)?.subarray(1, 33) ?? Buffer.alloc(0)
  const shared = sharedKey(Uint8Array.from(peerBytes), secret)
  if (shared === undefined) return undefined
  return {
    peer,
    seal(plain) {
      const head = Buffer.allocUnsafe(HEAD_BYTES)
      VERSION.copy(head)
      randomFillSync(head, VERSION.length)
      return Buffer.concat([head, sodium.crypto_box_easy_afternm(plain, head.subarray(VERSION.length), shared)])
    },
    open(sealed) {
      if (sealed.length <= HEAD_BYTES || !isSealed(sealed)) return undefined
      const nonce = sealed.subarray(VERSION.length, HEAD_BYTES)
      try {
        return Buffer.from(sodium.crypto_box_open_easy_afternm(sealed.subarray(HEAD_BYTES), nonce, shared))
      } catch {
        return undefined
      }
    },
  }
}

/** libsodium throws for a point of low order (RFC 7748 section 6.1): whoever sends one must not pass for a fault of ours. */
function sharedKey(peer: Uint8Array, secret: Uint8Array): Uint8Array | undefined {
  try {
    return sodium.crypto_box_beforenm(peer, secret)
  } catch {
    return undefined
  }
}

/** Whether the payload claims to be a box; a plain request starts with `eyJ`. */
export function isSealed(payload: Uint8Array): boolean {
  return payload[0] === 0x78 && payload[1] === 0x6b && payload[2] === 0x76 && payload[3] === 0x31
}
