/**
 * The usable public keys of one issuer, and which of them a token asks for: exactly one may fit, nothing is tried in turn.
 * Refuses documents that are no JWK Set; keys in it that cannot be used are left out and named.
 */
import { z } from 'zod'
import { ok, type Result } from '../lib/result.ts'
import { keyProblem, type KeyProblem } from './key-problem.ts'
import { parseVerificationKey, type UnusableKey, type VerificationKey } from './verification-key.ts'

export interface KeySet {
  readonly keys: ReadonlySet<VerificationKey>
  /** Position in the document, from 0. */
  readonly leftOut: readonly { readonly position: number; readonly reason: UnusableKey }[]
}

/** `unfit`: the key of that `kid` is not for this `alg`. */
export type KeyChoice = VerificationKey | 'unknown' | 'unfit' | 'ambiguous'

const JwkSet = z.object({ keys: z.array(z.unknown()) })

/** @param document what the JSON parsed to. @param previous keys that are still there stay the same objects. */
export function parseKeySet(document: unknown, maxKeys: number, previous?: KeySet): Result<KeySet, KeyProblem> {
  const parsed = JwkSet.safeParse(document)
  if (!parsed.success) return keyProblem('not-a-key-set', 'the document has no list named keys')
  if (parsed.data.keys.length > maxKeys) return keyProblem('too-many-keys', `the set has more than ${maxKeys} keys`)
  const known = new Map([...(previous?.keys ?? [])].map((key) => [key.id, key]))
  const keys = new Set<VerificationKey>()
  const leftOut: { position: number; reason: UnusableKey }[] = []
  for (const [position, value] of parsed.data.keys.entries()) {
    const key = parseVerificationKey(value)
    if (!key.ok) {
      leftOut.push({ position, reason: key.error })
      continue
    }
    const kept = known.get(key.value.id) ?? key.value
    known.set(kept.id, kept)
    keys.add(kept)
  }
  return ok(previous !== undefined && holdsTheSame(previous.keys, keys) ? previous : { keys, leftOut })
}

export function chooseKey(keySet: KeySet, alg: string, kid: string | undefined): KeyChoice {
  let named = false
  let chosen: VerificationKey | undefined
  for (const key of keySet.keys) {
    if (kid !== undefined && key.kid !== kid) continue
    named = true
    if (!key.algorithms.includes(alg)) continue
    if (chosen !== undefined) return 'ambiguous'
    chosen = key
  }
  if (chosen !== undefined) return chosen
  return named && kid !== undefined ? 'unfit' : 'unknown'
}

function holdsTheSame(a: ReadonlySet<VerificationKey>, b: ReadonlySet<VerificationKey>): boolean {
  return a.size === b.size && [...a].every((key) => b.has(key))
}
