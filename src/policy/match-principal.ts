/**
 * Whether a rule speaks of a principal: policy.md section 2. Pure.
 * What a principal does not have, no field matches; an entry without fields, which the compiler refuses, matches nobody.
 */
import { remember } from '../lib/remember.ts'
import type { Principal } from '../identity/principal.ts'
import { callerAttributesOf, callerTruth, type CallerAttributes } from '../istio/index.ts'
import { isJsonObject, type Json, type JsonObject } from '../lib/json.ts'
import type { IstioCondition, Matcher, MatcherEntry } from './matcher.ts'
import { matchesRequestPrincipal } from './request-principal.ts'
import type { TrustDomains } from './snapshot.ts'

export function matchesPrincipal(matcher: Matcher, principal: Principal, trustDomains: TrustDomains): boolean {
  return matcher.some((entry) => matchesEntry(entry, principal, trustDomains))
}

export function matchesEntry(entry: MatcherEntry, principal: Principal, trustDomains: TrustDomains): boolean {
  if (Object.keys(entry).length === 0) return false
  // Every principal has proven itself, so `authenticated: true` asks for nothing more.
  if (entry.istio !== undefined && !holdsFor(entry.istio, principal)) return false
  return matchesWorkload(entry, principal, trustDomains) && matchesToken(entry, principal)
}

const attributes = new WeakMap<Principal, CallerAttributes>()

function holdsFor({ terms, whenUnknown }: IstioCondition, principal: Principal): boolean {
  return callerTruth(terms, remember(attributes, principal, callerAttributesOf)) ?? whenUnknown
}

function matchesWorkload(entry: MatcherEntry, { workload }: Principal, trustDomains: TrustDomains): boolean {
  const { serviceAccount, namespace, trustDomain, spiffeId, group } = entry
  if (trustDomain !== undefined && workload?.spiffeId.trustDomain !== trustDomain) return false
  if (spiffeId !== undefined && (workload === undefined || !matchesSpiffeId(spiffeId, workload.spiffeId.uri)))
    return false
  // The same names exist in every cluster: without a word on the trust domain they mean this one.
  if (trustDomain === undefined && (serviceAccount ?? namespace ?? group) !== undefined) {
    if (workload !== undefined && !isLocal(workload.spiffeId.trustDomain, trustDomains)) return false
  }
  if (serviceAccount === undefined && namespace === undefined) return true
  const own = workload?.serviceAccount
  if (own === undefined) return false
  if (namespace !== undefined && own.namespace !== namespace) return false
  if (serviceAccount === undefined) return true
  return matchesPart(serviceAccount.namespace, own.namespace) && matchesPart(serviceAccount.name, own.name)
}

export function isLocal(trustDomain: string, { local, aliases }: TrustDomains): boolean {
  return trustDomain === local || aliases.includes(trustDomain)
}

function matchesPart(part: string, own: string): boolean {
  return part === '*' || part === own
}

function matchesSpiffeId(expected: NonNullable<MatcherEntry['spiffeId']>, uri: string): boolean {
  if ('exact' in expected) return uri === expected.exact
  // An ID never ends with `/`, so there is always something behind.
  return uri.startsWith(folderOf(expected.prefix))
}

/** Whole segments only: `…/ns/shop` never means `…/ns/shopping`. */
export function folderOf(prefix: string): string {
  return prefix.endsWith('/') ? prefix : `${prefix}/`
}

function matchesToken(entry: MatcherEntry, { requestAuth, groups }: Principal): boolean {
  const { requestPrincipal, issuer, claims, group } = entry
  if (group !== undefined && !groups.includes(group)) return false
  if (requestPrincipal === undefined && issuer === undefined && claims === undefined) return true
  if (requestAuth === undefined) return false
  if (issuer !== undefined && requestAuth.issuer !== issuer) return false
  if (requestPrincipal !== undefined && !matchesRequestPrincipal(requestPrincipal, requestAuth)) return false
  return Object.entries(claims ?? {}).every(([path, value]) => matchesClaim(requestAuth.claims, path, value))
}

/**
 * A dot goes into an object or belongs to the name of a claim (`https://shop.example/roles`): every reading is tried.
 * Steps never go into lists (Istio's rule).
 */
function matchesClaim(claims: JsonObject, path: string, value: string): boolean {
  if (holds(ownMember(claims, path), value)) return true
  for (let dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1)) {
    const inner = ownMember(claims, path.slice(0, dot))
    if (isJsonObject(inner) && matchesClaim(inner, path.slice(dot + 1), value)) return true
  }
  return false
}

function ownMember(object: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined
}

/** Only strings count, alone or as direct members of a list: never numbers, booleans or what is nested deeper. */
function holds(claim: Json | undefined, value: string): boolean {
  return claim === value || (Array.isArray(claim) && claim.includes(value))
}
