/**
 * Claims as a question brings them: any JSON object, bounded, and copied to objects without prototype. Pure.
 * Refuses what no token of a sane size holds.
 */
import { isJsonObject, type Json, type JsonObject } from '../lib/json.ts'
import { err, ok, type Result } from '../lib/result.ts'

const MAX_DEPTH = 16
const MAX_VALUES = 2000
const MAX_TEXT = 8192

/** @returns the claims, or what is wrong with them (to be read behind "claims"). */
export function readClaims(value: unknown): Result<JsonObject, string> {
  if (!isJsonObject(value)) return err('are no object')
  let values = 0
  let mistake: string | undefined

  function copy(from: unknown, depth: number): Json {
    values += 1
    if (values > MAX_VALUES) mistake = `hold more than ${MAX_VALUES} values`
    if (depth > MAX_DEPTH) mistake = `are nested deeper than ${MAX_DEPTH} levels`
    if (mistake !== undefined) return null
    if (from === null || typeof from === 'boolean' || typeof from === 'number') return from
    if (typeof from === 'string') {
      if (from.length > MAX_TEXT) mistake = `hold a text of more than ${MAX_TEXT} characters`
      return from
    }
    if (Array.isArray(from)) return from.map((item) => copy(item, depth + 1))
    return isJsonObject(from) ? members(from, depth) : null
  }

  function members(from: JsonObject, depth: number): JsonObject {
    // Without a prototype: `__proto__` is a name like any other.
    const copied: Record<string, Json> = Object.create(null)
    for (const [name, member] of Object.entries(from)) copied[name] = copy(member, depth + 1)
    return copied
  }

  const claims = members(value, 0)
  return mistake === undefined ? ok(claims) : err(mistake)
}
