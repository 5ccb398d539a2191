/**
 * `requestPrincipals`: `<iss>/<sub>` with wildcards, cut at the last slash, because an issuer may be a URL. Pure.
 * A leading star wins over a trailing one, which is then literal; a star alone needs both claims, neither empty.
 */
import type { RequestPrincipalMatch, TextMatch } from './term.ts'

const STAR = '*'
const ANY: TextMatch = { is: 'presence' }

export function parseRequestPrincipal(value: string): RequestPrincipalMatch {
  const slash = value.lastIndexOf('/')
  const issuer = slash < 0 ? value : value.slice(0, slash)
  const subject = slash < 0 ? '' : value.slice(slash + 1)
  if (value === STAR) return { issuer: ANY, subject: ANY }
  if (value.startsWith(STAR)) {
    if (slash < 0) return { issuer: ANY, subject: { is: 'suffix', value: value.slice(1) } }
    return { issuer: issuer === STAR ? ANY : { is: 'suffix', value: issuer.slice(1) }, subject: exact(subject) }
  }
  if (!value.endsWith(STAR)) return { issuer: exact(issuer), subject: exact(subject) }
  if (slash < 0) return { issuer: { is: 'prefix', value: value.slice(0, -1) }, subject: ANY }
  return { issuer: exact(issuer), subject: subject === STAR ? ANY : { is: 'prefix', value: subject.slice(0, -1) } }
}

function exact(value: string): TextMatch {
  return { is: 'exact', value }
}
