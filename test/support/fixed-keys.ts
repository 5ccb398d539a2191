/** Keys that are the same in every run: for golden files, never for a server that anybody can reach. */
import { createHash } from 'node:crypto'
import { fromCurveSeed, fromSeed, Prefix } from 'nkeys.js'
import { Codec } from 'nkeys.js/lib/codec.js'
import type { KeyFactory, MadeKey } from '../../src/server-config/index.ts'

const PREFIX = { O: Prefix.Operator, A: Prefix.Account, U: Prefix.User, N: Prefix.Server } as const

export function fixedKeys(): KeyFactory {
  let made = 0
  function make(prefix: Prefix): MadeKey {
    made += 1
    const seed = Codec.encodeSeed(prefix, createHash('sha256').update(`fixed ${made}`).digest())
    const pair = prefix === Prefix.Curve ? fromCurveSeed(seed) : fromSeed(seed)
    return { seed: Buffer.from(seed).toString('latin1'), publicKey: pair.getPublicKey() }
  }
  return { signing: (role) => make(PREFIX[role]), curve: () => make(Prefix.Curve) }
}
