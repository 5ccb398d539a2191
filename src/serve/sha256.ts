/** The hash that pure rooms are given: names snapshots and inboxes. */
import { createHash } from 'node:crypto'
import type { Hashing } from '../compile/index.ts'

export function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** The same, of text that comes in pieces. */
export function sha256InPieces(): Hashing {
  const hash = createHash('sha256')
  return { add: (text) => void hash.update(text), digest: () => hash.digest('hex') }
}
