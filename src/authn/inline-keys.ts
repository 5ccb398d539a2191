/** A key set that stands in the configuration itself, as JSON text or as a value. Pure. */
import type { Result } from '../lib/result.ts'
import { keyProblem, type KeyProblem } from './key-problem.ts'
import { parseKeySet, type KeySet } from './key-set.ts'
import { AUTHN_LIMITS } from './settings.ts'

export function parseInlineKeys(inline: unknown): Result<KeySet, KeyProblem> {
  if (typeof inline !== 'string') return parseKeySet(inline, AUTHN_LIMITS.maxKeys)
  try {
    return parseKeySet(JSON.parse(inline), AUTHN_LIMITS.maxKeys)
  } catch {
    return keyProblem('not-json', 'the text does not parse as JSON')
  }
}
