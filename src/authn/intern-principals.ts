/**
 * Makes equal workloads one object, so that what others work out for a principal can be kept beside that object.
 * Not for end users: their claims differ from token to token, so each lives as long as the verdict on its token.
 */
import type { Principal } from '../identity/principal.ts'
import { createBoundedMap } from '../lib/bounded-map.ts'

/** @param make gives the principal of this name, or nothing when there can be none; not called while one is known. */
export type InternPrincipal = (name: string, make: () => Principal | undefined) => Principal | undefined

export function internPrincipals(limit: number): InternPrincipal {
  const known = createBoundedMap<string, Principal>(limit)
  return (name, make) => {
    const first = known.get(name)
    if (first !== undefined) return first
    const principal = make()
    if (principal !== undefined) known.set(name, principal)
    return principal
  }
}
