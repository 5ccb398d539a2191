/**
 * Makes equal workloads one object, so that what others work out for a principal can be kept beside that object.
 * Not for end users: their claims differ from token to token, so each lives as long as the verdict on its token.
 */
import type { Principal } from '../identity/principal.ts'
import { createBoundedMap } from '../lib/bounded-map.ts'

export type InternPrincipal = (principal: Principal) => Principal

export function internPrincipals(limit: number): InternPrincipal {
  const known = createBoundedMap<string, Principal>(limit)
  return (principal) => {
    const first = known.get(principal.name)
    if (first !== undefined) return first
    known.set(principal.name, principal)
    return principal
  }
}
