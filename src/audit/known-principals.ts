/**
 * Whom a policy speaks of: the principals that its documents name outright, and descriptions of those that they only describe
 * (a namespace, a group, a claim), which are never expanded. Pure.
 * An end user named by `<iss>/<sub>` is known without claims and groups: a token may bring some, and with them more.
 */
import { requestPrincipal, workloadPrincipal, type Principal } from '../identity/principal.ts'
import { parseSpiffeId, type ServiceAccountRef } from '../identity/spiffe-id.ts'
import type { CallerTerm } from '../istio/index.ts'
import { matchesEntry } from '../policy/match-principal.ts'
import type { MatcherEntry } from '../policy/matcher.ts'
import { sortOrigins, type Origin } from '../policy/origin.ts'
import type { Snapshot, TrustDomains } from '../policy/snapshot.ts'
import { spellMatcherEntry } from '../policy/spell-matcher.ts'

/** One way in which rules describe principals without naming them. */
export interface PrincipalPattern {
  /** The fields of the matcher, `namespace shop` or `issuer https://login.example, group staff`. */
  readonly description: string
  /** The rules that say it. */
  readonly rules: readonly Origin[]
}

export interface KnownPrincipals {
  /** Each once, sorted by name. */
  readonly principals: readonly Principal[]
  /** Each once, sorted by description. */
  readonly patterns: readonly PrincipalPattern[]
}

const STAR = '*'

/** @param serviceAccounts that exist, whether or not a rule names them; of the local trust domain. */
export function knownPrincipals(
  snapshot: Snapshot,
  serviceAccounts: readonly ServiceAccountRef[] = [],
): KnownPrincipals {
  const principals = new Map<string, Principal>()
  for (const reference of serviceAccounts) {
    const principal = serviceAccountOf(reference, snapshot.trustDomains.local)
    if (principal !== undefined) principals.set(principal.name, principal)
  }
  const patterns = new Map<string, Origin[]>()
  for (const [entry, origins] of originsByEntry(snapshot)) {
    const named = namedBy(entry, snapshot.trustDomains)
    for (const principal of named) if (!principals.has(principal.name)) principals.set(principal.name, principal)
    if (named.some((principal) => matchesEntry(entry, principal, snapshot.trustDomains))) continue
    const description = spellMatcherEntry(entry)
    const rules = patterns.get(description)
    if (rules === undefined) patterns.set(description, [...origins])
    else rules.push(...origins)
  }
  return {
    principals: [...principals.values()].toSorted((a, b) => compareTexts(a.name, b.name)),
    patterns: [...patterns]
      .toSorted(([a], [b]) => compareTexts(a, b))
      .map(([description, rules]) => ({ description, rules: sortOrigins(rules) })),
  }
}

/** The rules of one document share their entries. */
function originsByEntry({ model }: Snapshot): ReadonlyMap<MatcherEntry, readonly Origin[]> {
  const byEntry = new Map<MatcherEntry, Origin[]>()
  for (const { principals, origin } of [...model.accounts, ...model.grants, ...model.limits, ...model.ceilings]) {
    for (const entry of principals) {
      const origins = byEntry.get(entry)
      if (origins === undefined) byEntry.set(entry, [origin])
      else origins.push(origin)
    }
  }
  return byEntry
}

/** Whoever is spelled out in the entry, even when its other fields ask for more than the name. */
function namedBy(entry: MatcherEntry, trustDomains: TrustDomains): Principal[] {
  const { spiffeId, serviceAccount, trustDomain, requestPrincipal: written, issuer, claims, istio } = entry
  const slash = written?.lastIndexOf('/') ?? -1
  return [
    spiffeId !== undefined && 'exact' in spiffeId ? workloadOf(spiffeId.exact) : undefined,
    serviceAccount === undefined ? undefined : serviceAccountOf(serviceAccount, trustDomain ?? trustDomains.local),
    // Istio cuts at the last slash, as an issuer may be a URL.
    written === undefined || written.includes(STAR) || slash < 0
      ? undefined
      : endUserOf(written.slice(0, slash), written.slice(slash + 1)),
    issuer === undefined ? undefined : endUserIn(issuer, claims),
    ...(istio?.terms ?? []).flatMap((term) => namedByTerm(term, trustDomains)),
  ].filter((one) => one !== undefined)
}

/** Also who is named to be left out: `notPrincipals` names somebody. */
function namedByTerm(term: CallerTerm, { local, aliases }: TrustDomains): (Principal | undefined)[] {
  if (term.field === 'serviceAccount') return term.values.map((value) => serviceAccountOf(value, local))
  if (term.field === 'requestPrincipal') {
    return term.values.map(({ issuer, subject }) =>
      issuer.is === 'exact' && subject.is === 'exact' ? endUserOf(issuer.value, subject.value) : undefined,
    )
  }
  if (term.field !== 'principal') return []
  return (
    term.values
      .map((match) => (match.is === 'exact' ? workloadOf(`spiffe://${match.value}`) : undefined))
      // Nobody wrote these: Istio spells each principal once more for each alias.
      .filter((one) => one?.workload !== undefined && !aliases.includes(one.workload.spiffeId.trustDomain))
  )
}

function serviceAccountOf({ namespace, name }: ServiceAccountRef, trustDomain: string): Principal | undefined {
  return namespace === STAR || name === STAR
    ? undefined
    : workloadOf(`spiffe://${trustDomain}/ns/${namespace}/sa/${name}`)
}

function workloadOf(uri: string): Principal | undefined {
  const id = parseSpiffeId(uri)
  return id.ok ? workloadPrincipal(id.value) : undefined
}

function endUserOf(issuer: string, subject: string): Principal {
  return requestPrincipal({ issuer, subject, claims: { iss: issuer, sub: subject } }, [])
}

/** A token says in `sub` whom it is about. */
function endUserIn(issuer: string, claims: MatcherEntry['claims']): Principal | undefined {
  const { sub } = claims ?? {}
  return sub === undefined ? undefined : endUserOf(issuer, sub)
}

function compareTexts(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
