/**
 * Claims of a JWT as Envoy's RBAC filter sees them: texts, and texts that are direct members of a list. Pure.
 * Numbers, booleans, objects and what lies deeper are never equal to anything, not even to `*`.
 */
import { isJsonObject, type Json, type JsonObject } from '../lib/json.ts'
import type { RequestPrincipalMatch, TextMatch } from './term.ts'
import { matchesText } from './text-match.ts'

/** Istio has these cut at blanks before anything is compared. */
const SPACE_DELIMITED: ReadonlySet<string> = new Set(['scope', 'permission'])

export function matchesClaim(matches: readonly TextMatch[], path: readonly string[], claims: JsonObject): boolean {
  const value = claimAt(path, claims)
  if (typeof value === 'string') return matches.some((match) => matchesText(match, value))
  if (!isList(value)) return false
  return value.some((member) => typeof member === 'string' && matches.some((match) => matchesText(match, member)))
}

/** Both must be texts: a token without `sub` is nobody's, not even under `*`. */
export function matchesRequestPrincipal({ issuer, subject }: RequestPrincipalMatch, claims: JsonObject): boolean {
  const iss = claimAt(['iss'], claims)
  const sub = claimAt(['sub'], claims)
  return typeof iss === 'string' && typeof sub === 'string' && matchesText(issuer, iss) && matchesText(subject, sub)
}

/** Steps go into objects only, never into lists. */
function claimAt(path: readonly string[], claims: JsonObject): Json | undefined {
  let value: Json | undefined = claims
  for (const step of path) {
    if (!isJsonObject(value) || !Object.hasOwn(value, step)) return undefined
    value = value[step]
  }
  const [name = ''] = path
  if (path.length === 1 && typeof value === 'string' && SPACE_DELIMITED.has(name)) {
    return value.split(' ').filter((word) => word !== '')
  }
  return value
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}
