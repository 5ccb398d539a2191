/**
 * A SPIFFE ID, parsed once at the edge. Pure.
 * Refuses whatever SPIFFE-ID.md section 2 refuses: percent-encoding, ports, queries, empty or dot segments, more than 2048 bytes.
 */
import { err, ok, type Result } from '../lib/result.ts'

/** `uri` is canonical: lower-case scheme and trust domain, path as it came. Only {@link parseSpiffeId} makes one. */
export interface SpiffeId {
  readonly uri: string
  readonly trustDomain: string
  /** Begins with `/`; workload IDs always have one. */
  readonly path: string
}

export interface ServiceAccountRef {
  readonly namespace: string
  readonly name: string
}

const SCHEME = 'spiffe://'
const MAX_BYTES = 2048
const TRUST_DOMAIN = /^[a-z0-9._-]{1,255}$/
const SEGMENT = /^[A-Za-z0-9._-]+$/

export function isTrustDomain(text: string): boolean {
  return TRUST_DOMAIN.test(text)
}

/** @returns the ID, or the reason it is none (fit for an error message: it repeats nothing of the input). */
export function parseSpiffeId(text: string): Result<SpiffeId, string> {
  if (text.length > MAX_BYTES) return err(`a SPIFFE ID has at most ${MAX_BYTES} bytes`)
  if (text.slice(0, SCHEME.length).toLowerCase() !== SCHEME) return err('a SPIFFE ID starts with "spiffe://"')
  const rest = text.slice(SCHEME.length)
  const slash = rest.indexOf('/')
  if (slash < 0) return err('a workload SPIFFE ID has a path')
  const trustDomain = rest.slice(0, slash).toLowerCase()
  if (!TRUST_DOMAIN.test(trustDomain)) return err('a trust domain is made of a-z, 0-9, ".", "-" and "_"')
  const path = rest.slice(slash)
  for (const segment of path.slice(1).split('/')) {
    if (!SEGMENT.test(segment)) return err('a path segment is made of letters, digits, ".", "-" and "_"')
    if (segment === '.' || segment === '..') return err('a path segment is neither "." nor ".."')
  }
  return ok({ uri: `${SCHEME}${trustDomain}${path}`, trustDomain, path })
}

/** Reads Istio's `/ns/<namespace>/sa/<name>`; other shapes of path are legal and name no ServiceAccount. */
export function serviceAccountOf(id: SpiffeId): ServiceAccountRef | undefined {
  const [, ns, namespace, sa, name, more] = id.path.split('/')
  if (ns !== 'ns' || sa !== 'sa' || namespace === undefined || name === undefined || more !== undefined)
    return undefined
  return { namespace, name }
}
