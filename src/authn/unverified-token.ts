/**
 * Reads what a token says of itself, before anything of it is proven: enough to choose issuer and key. Pure but for Buffer.
 * Takes the JWS Compact Serialization alone (RFC 7515 section 7.1), refuses repeated and deeply nested members (RFC 7519
 * section 4 leaves repeated ones open) and every extension that a verifier would have to understand (`crit`, `b64`).
 */
import { isUtf8 } from 'node:buffer'
import { repeatsKey } from '../lib/json-keys.ts'
import { isJsonObject, parseJson, type Json, type JsonObject } from '../lib/json.ts'
import { ok, type Result } from '../lib/result.ts'
import { refuse, type TokenRefusal } from './refusal.ts'

/** Nothing in here is verified. */
export interface UnverifiedToken {
  /** The three segments, as they came. */
  readonly compact: string
  readonly alg: string
  readonly kid: string | undefined
  readonly typ: string | undefined
  readonly claims: JsonObject
}

const COMPACT = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+$/
const MAX_DEPTH = 16

export function readUnverified(token: string): Result<UnverifiedToken, TokenRefusal> {
  const [, headerSegment, claimsSegment] = COMPACT.exec(token) ?? []
  if (headerSegment === undefined || claimsSegment === undefined) {
    return malformed('three base64url segments with dots between them were expected')
  }
  const header = readObject(headerSegment)
  if (header === undefined) return malformed('the header is not a plain JSON object')
  if (Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64')) {
    return malformed('the header demands an extension (crit, b64)')
  }
  const { alg, kid, typ } = header
  if (typeof alg !== 'string' || !isOptionalString(kid) || !isOptionalString(typ)) {
    return malformed('alg, kid or typ of the header is missing or no string')
  }
  const claims = readObject(claimsSegment)
  if (claims === undefined) return malformed('the claims are not a plain JSON object')
  return ok({ compact: token, alg, kid, typ, claims })
}

function readObject(segment: string): JsonObject | undefined {
  const bytes = Buffer.from(segment, 'base64url')
  if (!isUtf8(bytes)) return undefined
  const text = bytes.toString('utf8')
  const value = parseJson(text)
  // The depth is known to be small before anything else recurses into the value.
  if (!isJsonObject(value) || !fitsDepth(value, MAX_DEPTH) || repeatsKey(text, value)) return undefined
  return value
}

function fitsDepth(value: Json, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (depth === 0) return false
  if (!isJsonObject(value)) return value.every((item) => fitsDepth(item, depth - 1))
  // A list of the members would cost four times as much, at every token met for the first time.
  for (const name in value) {
    const member = value[name]
    if (member !== undefined && !fitsDepth(member, depth - 1)) return false
  }
  return true
}

function isOptionalString(value: Json | undefined): value is string | undefined {
  return value === undefined || typeof value === 'string'
}

function malformed(detail: string): Result<never, TokenRefusal> {
  return refuse('TOKEN_MALFORMED', undefined, detail)
}
