/**
 * How much permission fits one login. Pure.
 * The user JWT travels inside the response JWT, so the lists are written in base64url twice: 16/9 of their JSON, and a
 * few KB around it. nats-server reads JWTs of at most 1 MiB and, by default, messages of at most 1 MiB (`max_payload`).
 */
import type { Permissions } from './decision.ts'

/** Bytes of JSON. 400 KiB become 712 KiB on the wire: a third of the megabyte is left for everything else. */
export const MAX_PERMISSIONS_BYTES = 400 * 1024

/** Quotes and comma around an entry. */
const AROUND_ENTRY = 3
/** The names of the fields, and `resp`. */
const AROUND_LISTS = 128

export function fitsUserJwt({ pub, sub }: Permissions): boolean {
  const entries = [pub.allow, pub.deny, sub.allow, sub.deny].flat()
  // Counting bytes is only worth it near the bound.
  if (sizeOf(entries, largestJsonLength) <= MAX_PERMISSIONS_BYTES) return true
  return sizeOf(entries, jsonLength) <= MAX_PERMISSIONS_BYTES
}

function sizeOf(entries: readonly string[], lengthOf: (entry: string) => number): number {
  return entries.reduce((bytes, entry) => bytes + lengthOf(entry) + AROUND_ENTRY, AROUND_LISTS)
}

/** A code unit is at most three bytes of UTF-8. */
function largestJsonLength(text: string): number {
  return text.length * 3
}

/** Bytes of UTF-8 between the quotes; a subject has no control characters, so only `"` and `\` are escaped. */
function jsonLength(text: string): number {
  let bytes = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) bytes += unit === 0x22 || unit === 0x5c ? 2 : 1
    // One half of a surrogate pair, which is four bytes.
    else if (unit >= 0xd800 && unit < 0xe000) bytes += 2
    else bytes += unit < 0x800 ? 2 : 3
  }
  return bytes
}
