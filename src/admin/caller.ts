/**
 * Who asks, and whether they may: a bearer token, a client certificate, or both when they name the same principal; then
 * `admin.auditors` decides. What cannot be proven is refused, with the next step and without a word of the credential.
 */
import { refusal, type Reply } from '../answers/outcome.ts'
import type { AuthenticateToken } from '../callout/ports.ts'
import type { Principal } from '../identity/principal.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { matchesPrincipal } from '../policy/match-principal.ts'
import type { Matcher } from '../policy/matcher.ts'
import { REFUSALS, type RefusalCode } from '../policy/refusal.ts'
import type { TrustDomains } from '../policy/snapshot.ts'
import { certificateHolder } from './certificate-identity.ts'

export interface CallerParts {
  readonly authenticate: AuthenticateToken
  readonly trustDomains: TrustDomains
  /** Absent: nobody. */
  readonly auditors: Matcher | undefined
  /** Milliseconds. */
  readonly now: () => number
}

export interface Credentials {
  readonly authorization: string | undefined
  /** Of the connection. */
  readonly socket: unknown
}

export interface Caller {
  readonly name: string | undefined
  /** Present when they may not ask. */
  readonly refusal?: Reply
}

export type IdentifyCaller = (credentials: Credentials) => Promise<Caller>

/** RFC 6750 section 2.1 */
const BEARER = /^Bearer +([\w~+/.-]+=*) *$/i

export function createIdentifyCaller({ authenticate, trustDomains, auditors, now }: CallerParts): IdentifyCaller {
  async function prove({ authorization, socket }: Credentials): Promise<Result<Principal, Reply>> {
    const certified = certificateHolder(socket, trustDomains, now())
    if (!certified.ok)
      return err(unauthenticated('certificate-refused', `the client certificate ${certified.error}`, CERTIFICATE_HINT))
    if (authorization === undefined) {
      return certified.value === undefined ? err(NO_CREDENTIAL) : ok(certified.value)
    }
    const token = BEARER.exec(authorization)?.[1]
    if (token === undefined)
      return err(unauthenticated('token-malformed', 'the Authorization header holds no bearer token', TOKEN_HINT))
    const verdict = await authenticate(token, now())
    if (!verdict.ok) return err(tokenRefused(verdict.error.code))
    const { principal } = verdict.value
    if (certified.value === undefined || certified.value.name === principal.name) return ok(principal)
    const message = 'the token and the client certificate name different principals'
    return err(unauthenticated('credentials-differ', message, 'show one of them'))
  }

  return async (credentials) => {
    if (auditors === undefined) return { name: undefined, refusal: CLOSED }
    const proven = await prove(credentials)
    if (!proven.ok) return { name: undefined, refusal: proven.error }
    const { name } = proven.value
    return matchesPrincipal(auditors, proven.value, trustDomains) ? { name } : { name, refusal: notAllowed(name) }
  }
}

const TOKEN_HINT = 'send the header Authorization: Bearer <token>, of an issuer and audience that bridge.yaml lists'
const CERTIFICATE_HINT =
  'show a certificate with one SPIFFE ID of this trust domain, signed by admin.tls.clientCaFile, or none and a token'

function unauthenticated(code: string, message: string, hint: string): Reply {
  return refusal('unauthenticated', { code, message, hint })
}

const NO_CREDENTIAL = unauthenticated(
  'credential-missing',
  'who asks is not proven: there is no token and no client certificate',
  TOKEN_HINT,
)

const CLOSED = refusal('forbidden', {
  code: 'questions-closed',
  message: 'nobody may ask questions here: bridge.yaml has no admin.auditors',
  hint: 'list under admin.auditors who may ask, in the words of principals in a policy',
})

function notAllowed(name: string): Reply {
  return refusal('forbidden', {
    code: 'not-an-auditor',
    message: `${name} may not ask: no entry of admin.auditors matches`,
    hint: 'have an entry of admin.auditors in bridge.yaml name this principal, or a group of it',
  })
}

function tokenRefused(refused: RefusalCode): Reply {
  const message = `the token is refused: ${REFUSALS[refused].meaning}`
  const code = refused.toLowerCase().replaceAll('_', '-')
  // Not the fault of who asks: the keys of an issuer cannot be had, or the bridge is at fault itself.
  if (refused === 'ISSUER_KEYS_UNAVAILABLE' || refused === 'INTERNAL')
    return refusal('unavailable', { code, message, hint: 'ask again in a moment; /readyz says more' })
  return unauthenticated(code, message, TOKEN_HINT)
}
