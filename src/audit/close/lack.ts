/** What a principal lacks for a matcher to speak of it: of the entry that comes closest, in one plain phrase. Pure. */
import type { Principal } from '../../identity/principal.ts'
import { callerAttributesOf, callerTruth } from '../../istio/index.ts'
import { nearest } from '../../lib/nearest.ts'
import { isLocal, matchesEntry } from '../../policy/match-principal.ts'
import type { Matcher, MatcherEntry } from '../../policy/matcher.ts'
import type { TrustDomains } from '../../policy/snapshot.ts'
import { spellIstioCondition } from '../../policy/spell-istio-condition.ts'
import { spellMatcherEntry } from '../../policy/spell-matcher.ts'

export type LackKind = 'principal' | 'group' | 'claim' | 'condition-unknown'

export interface Lack {
  readonly kind: LackKind
  /** `it is for shop/web, of the same namespace`. */
  readonly missing: string
  /** 0 is closest. */
  readonly distance: number
}

/** `undefined` when it lacks nothing. */
export function lackOf(matcher: Matcher, principal: Principal, trustDomains: TrustDomains): Lack | undefined {
  let closest: Lack | undefined
  for (const entry of matcher) {
    if (matchesEntry(entry, principal, trustDomains)) return undefined
    const lack = lackOfEntry(entry, principal, trustDomains)
    if (closest === undefined || lack.distance < closest.distance) closest = lack
  }
  return closest
}

/** Each field by itself: whichever fails is missing. */
function lackOfEntry(entry: MatcherEntry, principal: Principal, trustDomains: TrustDomains): Lack {
  const foreign = foreignTo(entry, principal, trustDomains)
  if (foreign !== undefined) return lackOfDomain(entry, principal, trustDomains, foreign)
  const { claims, istio, ...fields } = entry
  const single: MatcherEntry[] = [
    ...Object.entries(fields).map(([field, value]): MatcherEntry => withDomain(entry, { [field]: value })),
    ...Object.entries(claims ?? {}).map(([path, value]): MatcherEntry => ({ claims: { [path]: value } })),
    ...(istio?.terms ?? []).map((term): MatcherEntry => ({ istio: { terms: [term], whenUnknown: false } })),
  ]
  const failing = single.filter((one) => !matchesEntry(one, principal, trustDomains))
  const [first, ...more] = failing
  if (first === undefined) return whole(entry, 3)
  if (more.length > 0) return whole(entry, 1 + failing.length)
  return lackOfField(first, principal)
}

/** The trust domain of a workload, where the entry names none, and so means the local one. */
function foreignTo(entry: MatcherEntry, { workload }: Principal, trustDomains: TrustDomains): string | undefined {
  if (workload === undefined || entry.trustDomain !== undefined || !meansLocal(entry)) return undefined
  const { trustDomain } = workload.spiffeId
  return isLocal(trustDomain, trustDomains) ? undefined : trustDomain
}

/** @param own of the principal */
function lackOfDomain(entry: MatcherEntry, principal: Principal, trustDomains: TrustDomains, own: string): Lack {
  const missing = `it is for ${spellMatcherEntry(entry)} in trust domain ${trustDomains.local}`
  if (!matchesEntry({ ...entry, trustDomain: own }, principal, trustDomains)) {
    return { kind: 'principal', missing, distance: 3 }
  }
  return { kind: 'principal', missing: `${missing}, and this workload is of ${own}`, distance: 1 }
}

/** These mean the local trust domain, unless another one is named beside them. */
function withDomain({ trustDomain }: MatcherEntry, field: MatcherEntry): MatcherEntry {
  return meansLocal(field) && trustDomain !== undefined ? { ...field, trustDomain } : field
}

function meansLocal({ serviceAccount, namespace, group }: MatcherEntry): boolean {
  return (serviceAccount ?? namespace ?? group) !== undefined
}

function lackOfField(entry: MatcherEntry, principal: Principal): Lack {
  const { serviceAccount, group, claims, istio } = entry
  const own = principal.workload?.serviceAccount
  if (serviceAccount !== undefined && own !== undefined) {
    const other = `${serviceAccount.namespace}/${serviceAccount.name}`
    if (serviceAccount.namespace === own.namespace) {
      const isNear = nearest(own.name, [serviceAccount.name]) !== undefined
      const how = isNear ? ', a name that is almost the same' : ', of the same namespace'
      return { kind: 'principal', missing: `it is for ${other}${how}`, distance: isNear ? 0 : 1 }
    }
    if (serviceAccount.name === own.name) {
      return { kind: 'principal', missing: `it is for ${other}, of the same name in another namespace`, distance: 1 }
    }
  }
  if (group !== undefined && principal.requestAuth !== undefined) {
    return { kind: 'group', missing: `the group ${group} is missing`, distance: 1 }
  }
  const [claim] = Object.entries(claims ?? {})
  if (claim !== undefined && principal.requestAuth !== undefined) {
    return { kind: 'claim', missing: `the claim ${claim.join('=')} is missing`, distance: 1 }
  }
  return istio === undefined ? whole(entry, 2) : lackOfTerms(istio, principal)
}

function lackOfTerms(istio: NonNullable<MatcherEntry['istio']>, principal: Principal): Lack {
  const spelled = spellIstioCondition(istio)
  if (callerTruth(istio.terms, callerAttributesOf(principal)) === undefined) {
    const missing = `whether ${spelled} holds is not known when a client connects`
    return { kind: 'condition-unknown', missing, distance: 0 }
  }
  const [term] = istio.terms
  const isOfToken = term?.field === 'claim' && principal.requestAuth !== undefined
  if (isOfToken) return { kind: 'claim', missing: `the ${spelled} is missing`, distance: 1 }
  const isNamespaceShared = term?.field === 'principal' && sharesNamespace(spelled, principal)
  return { kind: 'principal', missing: `it is for ${spelled}`, distance: isNamespaceShared ? 1 : 2 }
}

function sharesNamespace(spelled: string, { workload }: Principal): boolean {
  const namespace = workload?.serviceAccount?.namespace
  return namespace !== undefined && spelled.includes(`/ns/${namespace}/`)
}

function whole(entry: MatcherEntry, distance: number): Lack {
  return { kind: 'principal', missing: `it is for ${spellMatcherEntry(entry)}`, distance }
}
