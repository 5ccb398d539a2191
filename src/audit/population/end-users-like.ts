/**
 * An end user that nobody is, made up so that given entries all match and as few others as can be. Pure.
 * The token has what the entries ask for and nothing else; what they leave open has a value that no rule means.
 */
import { requestPrincipal } from '../../identity/principal.ts'
import type { CallerTerm, TextMatch } from '../../istio/index.ts'
import { isJsonObject, type Json } from '../../lib/json.ts'
import { matchesEntry } from '../../policy/match-principal.ts'
import type { MatcherEntry } from '../../policy/matcher.ts'
import type { TrustDomains } from '../../policy/snapshot.ts'
import { NOBODY, type Alike } from './workloads-like.ts'

const AUTHENTICATED = 'system:authenticated'
/** Kubernetes' own; no token brings one. */
const RESERVED = 'system:'
const STAR = '*'

/** @param entries each Istio term with one value, as {@link choicesOf} gives them. @param fresh {@link freshWord} */
export function endUsersLike(entries: readonly MatcherEntry[], trustDomains: TrustDomains, fresh: string): Alike {
  const wish = new Wish()
  for (const entry of entries) if (!wish.take(entry)) return NOBODY
  const { issuer, subject, groups, claims } = wish
  const issuers = issuer.candidates(fresh)
  const subjects = subject.candidates(fresh)
  for (const iss of issuers) {
    for (const sub of subjects) {
      const principal = requestPrincipal({ issuer: iss, subject: sub, claims: tokenOf(iss, sub, claims, fresh) }, [
        ...groups,
      ])
      if (entries.every((entry) => matchesEntry(entry, principal, trustDomains))) {
        return { principals: [principal], isUnsure: false }
      }
    }
  }
  return { principals: [], isUnsure: issuer.isVague || subject.isVague }
}

/** What is asked of one text. */
class TextWish {
  #exact: string | undefined
  readonly #heads: string[] = []
  readonly #tails: string[] = []

  get isVague(): boolean {
    return this.#heads.length + this.#tails.length > 0
  }

  take(match: TextMatch): boolean {
    if (match.is === 'prefix') this.#heads.push(match.value)
    else if (match.is === 'suffix') this.#tails.push(match.value)
    else if (match.is === 'exact') {
      if (this.#exact !== undefined && this.#exact !== match.value) return false
      this.#exact = match.value
    }
    return true
  }

  candidates(fresh: string): readonly string[] {
    if (this.#exact !== undefined) return [this.#exact]
    const head = longest(this.#heads)
    const tail = longest(this.#tails)
    return head === '' || tail === '' ? [`${head}${fresh}${tail}`] : [`${head}${fresh}${tail}`, head]
  }
}

interface ClaimWish {
  readonly path: readonly string[]
  readonly match: TextMatch
}

class Wish {
  readonly issuer = new TextWish()
  readonly subject = new TextWish()
  readonly groups = new Set<string>()
  readonly claims: ClaimWish[] = []

  /** @returns false when it contradicts what was taken before, or asks for what no end user has. */
  take({ requestPrincipal: written, issuer, claims, group, istio, ...others }: MatcherEntry): boolean {
    const { serviceAccount, namespace, trustDomain, spiffeId } = others
    if ((serviceAccount ?? namespace ?? trustDomain ?? spiffeId) !== undefined) return false
    if (issuer !== undefined && !this.issuer.take(exact(issuer))) return false
    if (written !== undefined && !this.#takeRequestPrincipal(written)) return false
    if (group !== undefined && group !== AUTHENTICATED) {
      if (group.startsWith(RESERVED)) return false
      this.groups.add(group)
    }
    for (const [path, value] of Object.entries(claims ?? {})) {
      // The whole path first: a dot may belong to the name of the claim.
      if (!this.#takeClaim([path], exact(value))) return false
    }
    return istio === undefined || istio.terms.every((term) => this.#takeTerm(term, istio.whenUnknown))
  }

  /** As Istio reads it: policy/request-principal.ts. */
  #takeRequestPrincipal(written: string): boolean {
    const slash = written.lastIndexOf('/')
    const [issuer, subject] = slash < 0 ? [undefined, written] : [written.slice(0, slash), written.slice(slash + 1)]
    if (issuer === undefined) {
      if (written.startsWith(STAR)) return this.subject.take({ is: 'suffix', value: written.slice(1) })
      if (written.endsWith(STAR)) return this.issuer.take({ is: 'prefix', value: written.slice(0, -1) })
      return this.issuer.take(exact(written)) && this.subject.take(exact(''))
    }
    if (written.startsWith(STAR)) {
      return this.issuer.take({ is: 'suffix', value: issuer.slice(1) }) && this.subject.take(exact(subject))
    }
    if (!written.endsWith(STAR)) return this.issuer.take(exact(issuer)) && this.subject.take(exact(subject))
    return this.issuer.take(exact(issuer)) && this.subject.take({ is: 'prefix', value: subject.slice(0, -1) })
  }

  #takeTerm(term: CallerTerm, whenUnknown: boolean): boolean {
    if (term.field === 'sourceIp' || term.field === 'remoteIp' || term.field === 'header') return whenUnknown
    if (term.not) return true
    if (term.field === 'requestPrincipal') {
      const [value] = term.values
      return value !== undefined && this.issuer.take(value.issuer) && this.subject.take(value.subject)
    }
    const [value] = term.field === 'claim' ? term.values : []
    return term.field === 'claim' && value !== undefined && this.#takeClaim(term.path, value)
  }

  /** A token says twice who it is about, and in the same words. */
  #takeClaim(path: readonly string[], match: TextMatch): boolean {
    const [name] = path
    if (path.length === 1 && name === 'iss') return this.issuer.take(match)
    if (path.length === 1 && name === 'sub') return this.subject.take(match)
    this.claims.push({ path, match })
    return true
  }
}

type Claims = Record<string, Json>

function tokenOf(issuer: string, subject: string, wishes: readonly ClaimWish[], fresh: string): Claims {
  const claims: Claims = emptyClaims()
  claims['iss'] = issuer
  claims['sub'] = subject
  for (const { path, match } of wishes) setClaim(claims, path, valueOf(match, fresh))
  return claims
}

/** Several values of one claim are a list, as a token would have it. */
function setClaim(claims: Claims, [name = '', ...rest]: readonly string[], value: string): void {
  const present = claims[name]
  if (rest.length > 0) {
    const inner = emptyClaims()
    if (isJsonObject(present)) Object.assign(inner, present)
    setClaim(inner, rest, value)
    claims[name] = inner
  } else if (present === undefined) claims[name] = value
  else if (Array.isArray(present)) claims[name] = [...new Set([...present, value])]
  else if (present !== value) claims[name] = [present, value]
}

function emptyClaims(): Claims {
  const claims: Claims = Object.create(null)
  return claims
}

function valueOf(match: TextMatch, fresh: string): string {
  switch (match.is) {
    case 'exact':
      return match.value
    case 'prefix':
      return `${match.value}${fresh}`
    case 'suffix':
      return `${fresh}${match.value}`
    default:
      return fresh
  }
}

function exact(value: string): TextMatch {
  return { is: 'exact', value }
}

function longest(texts: readonly string[]): string {
  return texts.reduce((found, text) => (text.length > found.length ? text : found), '')
}
