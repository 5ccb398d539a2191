/**
 * Who holds an OIDC token, from its verified claims: `<iss>/<sub>`, Istio's requestPrincipal. Pure.
 * Refuses a `sub` that could be read as something else where the principal is shown, tokens that are bound to a key or made on
 * behalf of another party, and group claims that say less, or more, than the issuer may say.
 */
import { requestPrincipal } from '../identity/principal.ts'
import { isJsonObject, type Json, type JsonObject } from '../lib/json.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { IdentifyHolder } from './identity.ts'

/** OpenID Connect Core 1.0 section 2: `sub` has at most 255 ASCII characters. Spaces and controls would tear the records. */
const SUBJECT = /^[\x21-\x7e]{1,255}$/
const GROUP = /^[^\p{C}\p{Zl}\p{Zp}]{1,256}$/u
const MAX_GROUPS = 500
/** Groups that Kubernetes itself gives out. */
const RESERVED_GROUP = 'system:'

export interface EndUserSettings {
  readonly issuer: string
  readonly groupsClaim: string | undefined
  /** `iss` of the other issuers: `https://a` with `b/c` must not pass for `https://a/b` with `c`. */
  readonly otherIssuers: readonly string[]
}

export function identifyEndUser({ issuer, groupsClaim, otherIssuers }: EndUserSettings): IdentifyHolder {
  const nested = otherIssuers.filter((other) => other.startsWith(`${issuer}/`)).map((other) => `${other}/`)
  return (claims) => {
    const subject = claims['sub']
    if (typeof subject !== 'string' || !SUBJECT.test(subject)) {
      return err('sub is missing, or not 1 to 255 visible ASCII characters')
    }
    if (nested.some((other) => `${issuer}/${subject}`.startsWith(other))) {
      return err('iss and sub together read like a user of another configured issuer')
    }
    // RFC 7800: only who holds the key may use the token, and a CONNECT does not prove that.
    if (Object.hasOwn(claims, 'cnf')) return err('the token is bound to a key (cnf), so it is no bearer token')
    // RFC 8693 section 4.1: whose rights such a token carries is for a policy to say, and none does.
    if (Object.hasOwn(claims, 'act')) return err('the token was made for a delegate (act)')
    const groups = groupsClaim === undefined ? ok([]) : readGroups(claims, groupsClaim)
    if (!groups.ok) return groups
    return ok({ principal: requestPrincipal({ issuer, subject, claims }, groups.value), facts: factsOf(claims) })
  }
}

function readGroups(claims: JsonObject, path: string): Result<readonly string[], string> {
  // Entra ID leaves the groups out when there are many and points elsewhere; a deny by group would then be passed by.
  const elsewhere = claims['_claim_names']
  const [outermost = path] = path.split('.')
  const namesIt = isJsonObject(elsewhere) && (Object.hasOwn(elsewhere, path) || Object.hasOwn(elsewhere, outermost))
  if (claims['hasgroups'] === true || namesIt) {
    return err('the groups of the holder are not in the token')
  }
  const value = claimAt(claims, path)
  if (value === undefined) return ok([])
  const groups = typeof value === 'string' ? [value] : value
  if (!Array.isArray(groups) || groups.length > MAX_GROUPS || !groups.every(isGroup)) {
    return err(
      `the groups claim is not a list of at most ${MAX_GROUPS} names, or holds a reserved one (${RESERVED_GROUP})`,
    )
  }
  return ok([...new Set(groups)])
}

/** A claim of exactly this name, else the path with its dots (`https://example.com/groups` is a name, not a path). */
function claimAt(claims: JsonObject, path: string): Json | undefined {
  if (Object.hasOwn(claims, path)) return claims[path]
  let value: Json | undefined = claims
  for (const name of path.split('.')) {
    if (!isJsonObject(value) || !Object.hasOwn(value, name)) return undefined
    value = value[name]
  }
  return value
}

function isGroup(value: unknown): value is string {
  return typeof value === 'string' && GROUP.test(value) && !value.startsWith(RESERVED_GROUP)
}

function factsOf(claims: JsonObject): Record<string, string> {
  const facts: Record<string, string> = {}
  const credentialId = claims['jti']
  if (isWord(credentialId)) facts['credentialId'] = credentialId
  // OpenID Connect names the party that the token was issued to azp, RFC 9068 client_id.
  const client = claims['azp'] ?? claims['client_id']
  if (isWord(client)) facts['client'] = client
  return facts
}

function isWord(value: unknown): value is string {
  return typeof value === 'string' && SUBJECT.test(value)
}
