/**
 * How two matchers of principals stand to each other, by their form. Pure.
 * Both questions are answered with care: `true` is certain, `false` may be ignorance.
 */
import { parseSpiffeId, serviceAccountOf } from '../identity/spiffe-id.ts'
import { canonicalJson } from '../lib/json.ts'
import { folderOf } from '../policy/match-principal.ts'
import type { Matcher, MatcherEntry } from '../policy/matcher.ts'
import type { TrustDomains } from '../policy/snapshot.ts'

/** An entry in one form: what it asks of the workload and of the token. */
interface Facets {
  readonly namespace: string | undefined
  readonly name: string | undefined
  /** Asks for a ServiceAccount at all. */
  readonly hasServiceAccount: boolean
  /** Any of them; `undefined` asks for none. */
  readonly trustDomains: readonly string[] | undefined
  /** Any of them if it is a workload; `undefined` asks for none. */
  readonly workloadDomains: readonly string[] | undefined
  readonly spiffeId: MatcherEntry['spiffeId']
  readonly issuer: string | undefined
  readonly requestPrincipal: string | undefined
  readonly claims: Readonly<Record<string, string>>
  readonly group: string | undefined
  /** Spelled; of a rule that comes from an AuthorizationPolicy. */
  readonly istio: string | undefined
  /** What proves it: the identity of a workload, a token of an end user; `undefined`: either. */
  readonly proof: 'workload' | 'token' | undefined
}

const ANY = '*'
const AUTHENTICATED = 'system:authenticated'
const SERVICE_ACCOUNTS = 'system:serviceaccounts'
const OF_NAMESPACE = 'system:serviceaccounts:'

function facetsOf(entry: MatcherEntry, { local, aliases }: TrustDomains): Facets {
  const written = entry.serviceAccount
  const namespace = entry.namespace ?? (written?.namespace === ANY ? undefined : written?.namespace)
  const name = written?.name === ANY ? undefined : written?.name
  const hasServiceAccount = written !== undefined || entry.namespace !== undefined
  const own = entry.trustDomain === undefined ? [local, ...aliases] : [entry.trustDomain]
  const spiffe = facetsOfId(entry.spiffeId)
  const grouped = groupNamespace(entry.group)
  const ofWorkload =
    hasServiceAccount ||
    entry.trustDomain !== undefined ||
    entry.spiffeId !== undefined ||
    isOfServiceAccounts(entry.group)
  const ofToken = entry.issuer ?? entry.requestPrincipal ?? entry.claims ?? groupOfToken(entry.group)
  return {
    namespace: namespace ?? spiffe.namespace ?? grouped,
    name: name ?? spiffe.name,
    hasServiceAccount: hasServiceAccount || spiffe.name !== undefined || isOfServiceAccounts(entry.group),
    trustDomains:
      hasServiceAccount || entry.trustDomain !== undefined || isOfServiceAccounts(entry.group)
        ? own
        : spiffe.trustDomains,
    workloadDomains: entry.group === undefined ? undefined : own,
    spiffeId: entry.spiffeId,
    issuer: entry.issuer ?? issuerOf(entry.requestPrincipal),
    requestPrincipal: entry.requestPrincipal,
    claims: entry.claims ?? {},
    group: entry.group,
    istio: entry.istio === undefined || entry.istio.terms.length === 0 ? undefined : canonicalJson(entry.istio),
    proof: ofWorkload ? 'workload' : ofToken === undefined ? undefined : 'token',
  }
}

function facetsOfId(id: MatcherEntry['spiffeId']): Partial<Pick<Facets, 'namespace' | 'name' | 'trustDomains'>> {
  if (id === undefined) return {}
  const parsed = parseSpiffeId('exact' in id ? id.exact : `${folderOf(id.prefix)}x`)
  if (!parsed.ok) return {}
  const account = 'exact' in id ? serviceAccountOf(parsed.value) : undefined
  const [, below] = /^spiffe:\/\/[^/]+\/ns\/([^/]+)\/sa\/$/.exec('prefix' in id ? folderOf(id.prefix) : '') ?? []
  const namespace = account?.namespace ?? below
  return {
    trustDomains: [parsed.value.trustDomain],
    ...(namespace === undefined ? {} : { namespace }),
    ...(account === undefined ? {} : { name: account.name }),
  }
}

/** Groups that Kubernetes gives begin with `system:`; the others stand in tokens. */
function groupOfToken(group: string | undefined): string | undefined {
  return group?.startsWith('system:') === true ? undefined : group
}

function isOfServiceAccounts(group: string | undefined): boolean {
  return group === SERVICE_ACCOUNTS || groupNamespace(group) !== undefined
}

function groupNamespace(group: string | undefined): string | undefined {
  return group?.startsWith(OF_NAMESPACE) === true ? group.slice(OF_NAMESPACE.length) : undefined
}

function issuerOf(requestPrincipal: string | undefined): string | undefined {
  if (requestPrincipal === undefined || requestPrincipal.startsWith(ANY)) return undefined
  const slash = requestPrincipal.lastIndexOf('/')
  return slash < 0 ? undefined : requestPrincipal.slice(0, slash)
}

/** Whether no principal can match both. */
export function neverMeet(a: MatcherEntry, b: MatcherEntry, trustDomains: TrustDomains): boolean {
  const left = facetsOf(a, trustDomains)
  const right = facetsOf(b, trustDomains)
  return (
    // One login proves one of the two.
    differ(left.proof, right.proof) ||
    differ(left.namespace, right.namespace) ||
    differ(left.name, right.name) ||
    differ(left.issuer, right.issuer) ||
    areApart(left.trustDomains, right.trustDomains) ||
    areApartIds(left.spiffeId, right.spiffeId) ||
    (isExact(left.requestPrincipal) &&
      isExact(right.requestPrincipal) &&
      left.requestPrincipal !== right.requestPrincipal)
  )
}

function isExact(requestPrincipal: string | undefined): boolean {
  return requestPrincipal !== undefined && !requestPrincipal.includes(ANY)
}

function differ(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && b !== undefined && a !== b
}

function areApart(a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  return a !== undefined && b !== undefined && !a.some((one) => b.includes(one))
}

function areApartIds(a: MatcherEntry['spiffeId'], b: MatcherEntry['spiffeId']): boolean {
  if (a === undefined || b === undefined) return false
  const left = 'exact' in a ? a.exact : folderOf(a.prefix)
  const right = 'exact' in b ? b.exact : folderOf(b.prefix)
  if ('exact' in a && 'exact' in b) return left !== right
  if ('exact' in a) return !left.startsWith(right)
  if ('exact' in b) return !right.startsWith(left)
  return !left.startsWith(right) && !right.startsWith(left)
}

/** Whether whoever matches `narrow` matches `wide`. */
export function coversEntry(wide: MatcherEntry, narrow: MatcherEntry, trustDomains: TrustDomains): boolean {
  const asked = facetsOf(wide, trustDomains)
  const given = facetsOf(narrow, trustDomains)
  return (
    (!asked.hasServiceAccount || given.hasServiceAccount) &&
    isGiven(asked.namespace, given.namespace) &&
    isGiven(asked.name, given.name) &&
    isGiven(asked.issuer, given.issuer) &&
    isGroupGiven(asked.group, given) &&
    isGiven(asked.istio, given.istio) &&
    areWithin(given.trustDomains, asked.trustDomains) &&
    (given.proof === 'token' || areWithin(given.trustDomains ?? given.workloadDomains, asked.workloadDomains)) &&
    isIdWithin(given.spiffeId, asked.spiffeId) &&
    isRequestPrincipalWithin(given.requestPrincipal, asked.requestPrincipal) &&
    Object.entries(asked.claims).every(([path, value]) => given.claims[path] === value)
  )
}

/** Whether whoever matches `narrow` matches `wide`. */
export function coversMatcher(wide: Matcher, narrow: Matcher, trustDomains: TrustDomains): boolean {
  return narrow.every((entry) => wide.some((other) => coversEntry(other, entry, trustDomains)))
}

/** Whether no principal can match both. */
export function neverMeetMatchers(a: Matcher, b: Matcher, trustDomains: TrustDomains): boolean {
  return a.every((left) => b.every((right) => neverMeet(left, right, trustDomains)))
}

function isGiven(asked: string | undefined, given: string | undefined): boolean {
  return asked === undefined || asked === given
}

/** Every ServiceAccount is in the groups of all, and of its namespace; a workload of another kind is in none. */
function isGroupGiven(asked: string | undefined, given: Facets): boolean {
  if (asked === undefined || asked === given.group) return true
  if (asked === AUTHENTICATED && given.proof === 'token') return true
  if (!given.hasServiceAccount) return false
  if (asked === AUTHENTICATED || asked === SERVICE_ACCOUNTS) return true
  return given.namespace !== undefined && asked === `${OF_NAMESPACE}${given.namespace}`
}

function areWithin(narrow: readonly string[] | undefined, wide: readonly string[] | undefined): boolean {
  return wide === undefined || (narrow !== undefined && narrow.every((one) => wide.includes(one)))
}

function isIdWithin(narrow: MatcherEntry['spiffeId'], wide: MatcherEntry['spiffeId']): boolean {
  if (wide === undefined) return true
  if (narrow === undefined) return false
  if ('exact' in wide) return 'exact' in narrow && narrow.exact === wide.exact
  return ('exact' in narrow ? narrow.exact : folderOf(narrow.prefix)).startsWith(folderOf(wide.prefix))
}

function isRequestPrincipalWithin(narrow: string | undefined, wide: string | undefined): boolean {
  if (wide === undefined || wide === narrow) return true
  return wide === ANY && narrow !== undefined && narrow.includes('/')
}

/** Whether the entry asks for no more than some proven identity, of whatever namespace. */
export function isEverybody(entry: MatcherEntry): boolean {
  const {
    authenticated: _proven,
    trustDomain: _one,
    serviceAccount,
    group,
    requestPrincipal,
    spiffeId,
    istio,
    ...more
  } = entry
  if (Object.keys(more).length > 0 || (istio !== undefined && istio.terms.length > 0)) return false
  if (serviceAccount !== undefined && (serviceAccount.namespace !== ANY || serviceAccount.name !== ANY)) return false
  if (group !== undefined && group !== AUTHENTICATED && group !== SERVICE_ACCOUNTS) return false
  if (requestPrincipal !== undefined && requestPrincipal !== ANY) return false
  if (spiffeId === undefined) return true
  return 'prefix' in spiffeId && /^spiffe:\/\/[^/]+\/(ns\/)?$/.test(folderOf(spiffeId.prefix))
}
