/** What the author of a field that is not known there most likely meant. Pure. */
import type { z } from 'zod'
import { didYouMean } from '../lib/nearest.ts'
import { quote, spellPath, type Path } from '../lib/spell.ts'
import { MERGE_HINT, MERGE_KEY } from './merge-key.ts'
import { fieldsAt, fieldsWithin } from './schema-fields.ts'

/** Words of nats-server's, its clients' and Kubernetes' own files, too short or too different to be slips of the pen. */
const OTHER_WORDS: ReadonlyMap<string, readonly string[]> = new Map([
  ['pub', ['publish']],
  ['sub', ['subscribe']],
  ['allow_responses', ['respond']],
  ['deny', ['action']],
  ['effect', ['action']],
  ['sa', ['serviceAccount']],
  ['ns', ['namespace']],
  ['subjects', ['principals']],
  ['name', ['account', 'stream', 'bucket', 'store', 'serviceAccount']],
  ['bucket', ['store']],
  ['durable', ['consumer']],
  ['get', ['read']],
  ['put', ['write']],
])

export function hintForField(schema: z.ZodType, path: Path, key: string): string | undefined {
  if (key === MERGE_KEY) return MERGE_HINT
  if (/^-\S/.test(key)) return 'put a blank behind the dash'
  const known = fieldsAt(schema, path)
  const other = OTHER_WORDS.get(key.toLowerCase())?.find((word) => known.includes(word))
  if (other !== undefined) return `did you mean ${quote(other)}?`
  return hintForPlace(schema, path, key) ?? didYouMean(key, known)
}

/** The same field is known further out, or further in: its line is indented too far, or not far enough. */
function hintForPlace(schema: z.ZodType, path: Path, key: string): string | undefined {
  for (let length = path.length - 1; length >= 0; length--) {
    const outer = path.slice(0, length)
    if (fieldsAt(schema, outer).includes(key)) return `${quote(key)} belongs in ${spellPath(outer)}: indent it less`
  }
  for (const field of fieldsAt(schema, path)) {
    const { fields, isList } = fieldsWithin(schema, [...path, field])
    if (!fields.includes(key)) continue
    const inner = spellPath([...path, field])
    return `${quote(key)} belongs in ${isList ? `an item of the list ${inner}` : `${inner}: indent it more`}`
  }
  return undefined
}
