/** Whether a broken document could have been a prohibition: then it must not be turned off by being dropped. Pure. */
import { isJsonObject, type Json } from '../../lib/json.ts'
import type { Path } from '../../lib/spell.ts'
import { MERGE_KEY } from '../merge-key.ts'
import { nearest } from '../../lib/nearest.ts'
import { isList } from '../source-object.ts'

/** Whether what the text lost at this place (the second of two `spec:`, an alias) could have been one of these fields of the spec. */
export function mayHide([part, field, ...within]: Path, fields: readonly string[]): boolean {
  if (part === undefined) return true
  if (part === 'metadata' || within.length > 0) return false
  return part !== 'spec' || field === undefined || field === MERGE_KEY || nearest(String(field), fields) !== undefined
}

export interface Word {
  readonly text: string
  readonly isKey: boolean
}

/** Every key and every text of a document. */
export function* wordsIn(value: Json): Generator<Word> {
  if (typeof value === 'string') yield { text: value, isKey: false }
  else if (isList(value)) for (const item of value) yield* wordsIn(item)
  else if (isJsonObject(value)) {
    for (const [key, member] of Object.entries(value)) {
      yield { text: key, isKey: true }
      yield* wordsIn(member)
    }
  }
}
