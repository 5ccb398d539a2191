/**
 * Principals and trust domains of a policy, said for the mesh's own trust domain and its aliases. Pure.
 * As istiod does (security/trustdomain): only what has the five parts of `<td>/ns/<ns>/sa/<sa>` is replaced, and
 * `cluster.local` points at the local trust domain, whatever that is called.
 */
import type { Mesh } from './mesh.ts'

const POINTER = 'cluster.local'
const STAR = '*'
const PARTS = 5

/** @returns values without duplicates. */
export function expandPrincipals(values: readonly string[], mesh: Mesh): readonly string[] {
  return [...new Set(values.flatMap((value) => expandPrincipal(value, mesh)))]
}

/** Exact names of the mesh's trust domains stand for all of them. */
export function expandTrustDomains(values: readonly string[], mesh: Mesh): readonly string[] {
  const own = trustDomainsOf(mesh)
  return [...new Set(values.flatMap((value) => (own.includes(value) ? own : [value])))]
}

function trustDomainsOf({ trustDomain, trustDomainAliases }: Mesh): readonly string[] {
  return [trustDomain, ...trustDomainAliases]
}

function expandPrincipal(principal: string, mesh: Mesh): readonly string[] {
  const parts = principal.split('/')
  const [written = '', ...rest] = parts
  if (parts.length !== PARTS || written === STAR) return [principal]
  const own = trustDomainsOf(mesh)
  if (written !== POINTER && !own.some((trustDomain) => overlaps(written, trustDomain))) return [principal]
  const path = rest.join('/')
  return own.map((trustDomain) => (matchesSuffix(trustDomain, written) ? principal : `${trustDomain}/${path}`))
}

/** Either may be a pattern. */
function overlaps(written: string, own: string): boolean {
  return (
    written === own ||
    own === STAR ||
    matchesPrefix(written, own) ||
    matchesPrefix(own, written) ||
    matchesSuffix(written, own) ||
    matchesSuffix(own, written)
  )
}

function matchesPrefix(text: string, pattern: string): boolean {
  return pattern.endsWith(STAR) && text.startsWith(pattern.slice(0, -STAR.length))
}

function matchesSuffix(text: string, pattern: string): boolean {
  return pattern.startsWith(STAR) && text.endsWith(pattern.slice(STAR.length))
}
