/**
 * A principal as a person types it: `shop/orders`, `system:serviceaccount:shop:orders`, a SPIFFE ID, or with claims and groups
 * an end user as `<iss>/<sub>`. Pure. What it makes is the principal that a login would have made.
 */
import { requestPrincipal, workloadPrincipal, type Principal } from '../identity/principal.ts'
import { parseSpiffeId } from '../identity/spiffe-id.ts'
import type { JsonObject } from '../lib/json.ts'
import { err, ok, type Result } from '../lib/result.ts'

export interface PrincipalOptions {
  /** That `ns/name` stands in. */
  readonly trustDomain: string
  readonly claims: JsonObject
  readonly groups: readonly string[]
}

export const PRINCIPAL_EXPECTED = 'expected ns/name, a SPIFFE ID, or an end user as https://issuer/subject'

/** Longer ones no credential proves: a SPIFFE ID has 2048 bytes, and so has an issuer with its subject. */
const MAX_LENGTH = 4096
const SHORT = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?\/[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/
const KUBERNETES = /^system:serviceaccount:([^:/]+):([^:/]+)$/
const BLANK = /\p{Z}/u
/** No name that is proven holds these, and terminals act on some of them. */
const INVISIBLE = /\p{C}/u

/** @returns the principal, or the reason it is none (fit for an error message: it repeats nothing of the input). */
export function parsePrincipal(text: string, options: PrincipalOptions): Result<Principal, string> {
  if (text.length > MAX_LENGTH) return err(`a principal has at most ${MAX_LENGTH} characters`)
  if (INVISIBLE.test(text)) return err('a principal has no control characters')
  if (BLANK.test(text)) return err(PRINCIPAL_EXPECTED)
  const kubernetes = KUBERNETES.exec(text)
  if (kubernetes !== null) return serviceAccount(`${kubernetes[1]}/${kubernetes[2]}`, options.trustDomain)
  if (SHORT.test(text)) return serviceAccount(text, options.trustDomain)
  if (text.toLowerCase().startsWith('spiffe://')) {
    const id = parseSpiffeId(text)
    return id.ok ? ok(workloadPrincipal(id.value)) : err(id.error)
  }
  const slash = text.lastIndexOf('/')
  if (!text.includes('://') || slash < text.indexOf('://') + 3 || slash === text.length - 1)
    return err(PRINCIPAL_EXPECTED)
  const issuer = text.slice(0, slash)
  const subject = text.slice(slash + 1)
  const claims = { iss: issuer, sub: subject, ...options.claims }
  return ok(requestPrincipal({ issuer, subject, claims }, options.groups))
}

function serviceAccount(reference: string, trustDomain: string): Result<Principal, string> {
  const [namespace, name] = reference.split('/')
  const id = parseSpiffeId(`spiffe://${trustDomain}/ns/${namespace}/sa/${name}`)
  return id.ok ? ok(workloadPrincipal(id.value)) : err(PRINCIPAL_EXPECTED)
}
