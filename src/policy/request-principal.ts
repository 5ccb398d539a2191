/**
 * Istio's `requestPrincipals`: `<iss>/<sub>` with wildcards. Pure.
 * As istiod translates it (security/authz/model, requestPrincipalGenerator): cut at the last `/`, because an issuer may be
 * a URL; a leading star wins over a trailing one, which is then literal; a star alone needs both claims, non-empty.
 */
import type { RequestAuth } from '../identity/principal.ts'

const STAR = '*'

export function matchesRequestPrincipal(value: string, { issuer, subject }: RequestAuth): boolean {
  const slash = value.lastIndexOf('/')
  if (slash < 0) return matchesWithoutSlash(value, issuer, subject)
  const valueIssuer = value.slice(0, slash)
  const valueSubject = value.slice(slash + 1)
  if (value.startsWith(STAR)) return matchesSuffix(valueIssuer, issuer) && subject === valueSubject
  if (value.endsWith(STAR)) return issuer === valueIssuer && matchesPrefix(valueSubject, subject)
  return issuer === valueIssuer && subject === valueSubject
}

/** A value without `/` and without a star names an issuer whose tokens have an empty `sub`. */
function matchesWithoutSlash(value: string, issuer: string, subject: string): boolean {
  if (value.startsWith(STAR)) return issuer !== '' && matchesSuffix(value, subject)
  if (value.endsWith(STAR)) return matchesPrefix(value, issuer) && subject !== ''
  return issuer === value && subject === ''
}

function matchesSuffix(starred: string, text: string): boolean {
  return text !== '' && text.endsWith(starred.slice(STAR.length))
}

function matchesPrefix(starred: string, text: string): boolean {
  return text !== '' && text.startsWith(starred.slice(0, -STAR.length))
}
