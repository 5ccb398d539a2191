/**
 * Who a client certificate names: its one SPIFFE ID (SPIFFE X509-SVID, sections 2, 4 and 5). The chain is OpenSSL's to verify.
 * Refuses certificates that are not verified, over, of an authority, or that name no, a second or a foreign SPIFFE ID.
 */
import type { X509Certificate } from 'node:crypto'
import { TLSSocket } from 'node:tls'
import { workloadPrincipal, type Principal } from '../identity/principal.ts'
import { parseSpiffeId } from '../identity/spiffe-id.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { isLocal } from '../policy/match-principal.ts'
import type { TrustDomains } from '../policy/snapshot.ts'

/** @returns whom it names, nothing where none was shown, or one clause why it proves nobody. @param now milliseconds. */
export function certificateHolder(
  socket: unknown,
  trustDomains: TrustDomains,
  now: number,
): Result<Principal | undefined, string> {
  if (!(socket instanceof TLSSocket)) return ok(undefined)
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined) return ok(undefined)
  if (!socket.authorized) return err(`is not believed here (${socket.authorizationError?.toString() ?? 'unknown'})`)
  return spiffeHolder(certificate, trustDomains, now)
}

export function spiffeHolder(
  certificate: Pick<X509Certificate, 'subjectAltName' | 'ca' | 'validFrom' | 'validTo'>,
  trustDomains: TrustDomains,
  now: number,
): Result<Principal, string> {
  // Looked at for each question: a connection may outlive the certificate that it began with.
  if (!(Date.parse(certificate.validFrom) <= now && now < Date.parse(certificate.validTo))) return err('has run out')
  if (certificate.ca) return err('is that of an authority, not of a workload')
  const uris = urisIn(certificate.subjectAltName ?? '')
  const [uri] = uris
  if (uri === undefined) return err('names no SPIFFE ID, as its subject alternative name has no URI')
  if (uris.length > 1) return err('names more than one URI, and a workload has one SPIFFE ID')
  const id = parseSpiffeId(uri)
  if (!id.ok) return err(`names no SPIFFE ID: ${id.error}`)
  // Whoever keeps the roots of one trust domain must not vouch for another.
  const isOurs = isLocal(id.value.trustDomain, trustDomains)
  return isOurs ? ok(workloadPrincipal(id.value)) : err('is of another trust domain than this bridge')
}

/**
 * `URI:spiffe://a/b, DNS:c`, as Node.js spells it. A name that holds a comma or quote comes in quotes, which no SPIFFE ID needs: then
 * the whole is not taken apart at all.
 */
function urisIn(names: string): readonly string[] {
  if (names.includes('"')) return ['']
  return names.split(', ').flatMap((name) => (name.startsWith('URI:') ? [name.slice('URI:'.length)] : []))
}
