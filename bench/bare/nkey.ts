/** The few bytes of nkey format a responder needs: seeds and public keys to node:crypto keys. Trusts its input, unlike the bridge. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex')
const SPKI_ED25519 = Buffer.from('302a300506032b6570032100', 'hex')

/** The 32 secret bytes behind the two prefix bytes of a seed. */
export function seedBytes(seed: string): Buffer {
  return fromBase32(seed).subarray(2, 34)
}

/** The 32 bytes behind the prefix byte of a public key. */
export function publicBytes(key: string): Buffer {
  return fromBase32(key).subarray(1, 33)
}

export function signingKey(seed: string): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seedBytes(seed)]), format: 'der', type: 'pkcs8' })
}

export function verifyKey(key: string): KeyObject {
  return createPublicKey({ key: Buffer.concat([SPKI_ED25519, publicBytes(key)]), format: 'der', type: 'spki' })
}

/** First byte of a public key's text form. */
export const PREFIX = { account: 0, user: 20 << 3, server: 13 << 3, curve: 23 << 3 } as const

/** Public key text: prefix, 32 bytes, CRC-16. */
export function publicKeyText(prefix: number, raw: Uint8Array): string {
  const body = Buffer.concat([Buffer.from([prefix]), raw])
  const checksum = Buffer.alloc(2)
  checksum.writeUInt16LE(crc16(body))
  return toBase32(Buffer.concat([body, checksum]))
}

/** The 32 bytes of an Ed25519 public key. */
export function rawPublicKey(key: KeyObject): Buffer {
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(SPKI_ED25519.length)
}

export function toBase32(bytes: Buffer): string {
  let text = ''
  let bits = 0
  let held = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    for (bits += 8; bits >= 5; bits -= 5) text += ALPHABET[(held >> (bits - 5)) & 31]
    held &= 0xff
  }
  if (bits > 0) text += ALPHABET[(held << (5 - bits)) & 31]
  return text
}

function fromBase32(text: string): Buffer {
  const bytes: number[] = []
  let bits = 0
  let held = 0
  for (const character of text) {
    held = ((held << 5) | ALPHABET.indexOf(character)) & 0xfff
    bits += 5
    if (bits >= 8) bytes.push((held >> (bits -= 8)) & 0xff)
  }
  return Buffer.from(bytes)
}

/** CRC-16/XMODEM, as nkeys use it. */
function crc16(bytes: Buffer): number {
  let crc = 0
  for (const byte of bytes) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff
  }
  return crc
}
