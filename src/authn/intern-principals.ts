/** Makes equal workloads one object, so that what others work out for a principal can be kept beside that object. */
import type { Principal } from '../identity/principal.ts'
import { createBoundedMap } from '../lib/bounded-map.ts'

export type InternPrincipal = (principal: Principal) => Principal

export function internPrincipals(limit: number): InternPrincipal {
  const known = createBoundedMap<string, Principal>(limit)
  return (principal) => {
    // End users differ in their claims from token to token; theirs lives as long as the verdict on the token.
    if (principal.workload === undefined) return principal
    const first = known.get(principal.name)
    if (first !== undefined) return first
    known.set(principal.name, principal)
    return principal
  }
}
