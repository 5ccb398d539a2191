/** What Istio asks of the URI in the peer's certificate, without the regular expressions it writes for Envoy. Pure. */
import type { NamespaceMatch, ServiceAccountMatch, TextMatch, TrustDomainMatch } from './term.ts'
import { matchesText } from './text-match.ts'

const SCHEME = 'spiffe://'

/** `*` takes any certificate with a URI; everything else is said of what stands behind `spiffe://`. */
export function matchesPrincipal(match: TextMatch, peer: string): boolean {
  if (match.is === 'presence') return matchesText(match, peer)
  return peer.startsWith(SCHEME) && matchesText(match, peer.slice(SCHEME.length))
}

/** A search for the pieces, in order, from `/ns/` to a slash: the first place where a piece occurs is the best one. */
export function matchesNamespace({ pieces }: NamespaceMatch, peer: string): boolean {
  let at = 0
  for (const [index, piece] of pieces.entries()) {
    const wanted = `${index === 0 ? '/ns/' : ''}${piece}${index === pieces.length - 1 ? '/' : ''}`
    const found = peer.indexOf(wanted, at)
    if (found < 0) return false
    at = found + wanted.length
  }
  return true
}

/** `spiffe://.+/ns/<ns>/(.+/|)sa/<sa>(/.+)?`, from end to end. */
export function matchesServiceAccount({ namespace, name }: ServiceAccountMatch, peer: string): boolean {
  if (!peer.startsWith(SCHEME)) return false
  const ns = `/ns/${namespace}/`
  // The first place leaves the most room for what must stand behind it.
  const found = peer.indexOf(ns, SCHEME.length + 1)
  if (found < 0) return false
  const from = found + ns.length
  const sa = `sa/${name}`
  for (let at = peer.indexOf(sa, from); at >= 0; at = peer.indexOf(sa, at + 1)) {
    const startsSegment = at === from || (at > from + 1 && peer[at - 1] === '/')
    if (startsSegment && endsSegment(peer, at + sa.length)) return true
  }
  return false
}

export function matchesTrustDomain(match: TrustDomainMatch, peer: string): boolean {
  if (!peer.startsWith(SCHEME)) return false
  if (match.is === 'presence') return true
  if (match.is === 'exact') return peer.startsWith(`${match.value}/`, SCHEME.length)
  const { head, tail } = match
  if (!peer.startsWith(head, SCHEME.length)) return false
  const from = SCHEME.length + head.length
  const slash = peer.indexOf('/', from)
  if (slash < 0) return false
  // Between head and tail stands no slash, so the tail's first slash is the first one there is.
  const wanted = `${tail}/`
  const start = slash - wanted.indexOf('/')
  return start >= from && peer.startsWith(wanted, start)
}

function endsSegment(peer: string, at: number): boolean {
  return at === peer.length || (peer[at] === '/' && at + 1 < peer.length)
}
