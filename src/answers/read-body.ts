/**
 * The bytes of a question -> JSON. Pure. Refuses what is no UTF-8, nests deeper than any question, or names a key twice: two readers
 * could see two questions in it.
 */
import { repeatsKey } from '../lib/json-keys.ts'
import { parseJson, type Json } from '../lib/json.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { invalid, type Problem } from './problem.ts'
import type { Ask } from './question.ts'

/** Claims may nest 16 deep. */
const MAX_DEPTH = 24
const SMALL = 128 * 1024
const MAX_BYTES: Readonly<Record<Ask, number>> = {
  'who-can': SMALL,
  'what-can': SMALL,
  why: SMALL,
  // A whole candidate policy.
  plan: 16 * 1024 * 1024,
  drift: SMALL,
  review: SMALL,
}

/** Longest body of a question. */
export function maxBodyBytes(ask: Ask): number {
  return MAX_BYTES[ask]
}

/** No bytes at all are a question without fields. */
export function readBody(bytes: Uint8Array): Result<Json, Problem> {
  if (bytes.length === 0) return ok({})
  const text = decode(bytes)
  if (text === undefined) return err(invalid('the question is not UTF-8 text'))
  if (isDeep(text)) return err(invalid(`the question is nested deeper than ${MAX_DEPTH} levels`))
  const value = parseJson(text)
  if (value === undefined) return err(invalid('the question is not JSON', 'send one JSON object with the fields of it'))
  return repeatsKey(text, value) ? err(invalid('the question names a key twice')) : ok(value)
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPENING = new Set([0x5b, 0x7b])
const CLOSING = new Set([0x5d, 0x7d])

/** Counted before parsing, so that no reader of the value can run out of stack. */
function isDeep(text: string): boolean {
  let depth = 0
  let inString = false
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (inString) {
      if (code === BACKSLASH) at += 1
      else if (code === QUOTE) inString = false
    } else if (code === QUOTE) inString = true
    else if (OPENING.has(code)) {
      depth += 1
      if (depth > MAX_DEPTH) return true
    } else if (CLOSING.has(code)) depth -= 1
  }
  return false
}
