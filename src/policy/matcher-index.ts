/**
 * Rules by the principals they speak of, so that a decision looks only at rules that may match. Pure.
 * Each entry of a matcher is filed under the most telling field that names its values; entries without one are always looked at.
 */
import type { Principal } from '../identity/principal.ts'
import { eachInSteps, type Steps } from '../lib/steps.ts'
import { istioKeysOfEntry, istioKeysOfWorkload } from './istio-keys.ts'
import { folderOf, matchesEntry } from './match-principal.ts'
import type { Matcher, MatcherEntry } from './matcher.ts'
import type { TrustDomains } from './snapshot.ts'

const SCHEME_LENGTH = 'spiffe://'.length

interface Filed {
  readonly position: number
  readonly entry: MatcherEntry
}

export class MatcherIndex<T extends { readonly principals: Matcher }> {
  readonly #rules: T[] = []
  readonly #trustDomains: TrustDomains
  readonly #byKey = new Map<string, Filed[]>()
  readonly #unfiled: Filed[] = []

  constructor(rules: readonly T[], trustDomains: TrustDomains) {
    this.#trustDomains = trustDomains
    for (const rule of rules) this.#add(rule)
  }

  static *inSteps<T extends { readonly principals: Matcher }>(
    rules: readonly T[],
    trustDomains: TrustDomains,
  ): Steps<MatcherIndex<T>> {
    const index = new MatcherIndex<T>([], trustDomains)
    yield* eachInSteps(rules, (rule) => index.#add(rule))
    return index
  }

  /** In the order of the rules, each once. @param keys of the principal, for who asks several indexes about it */
  matching(principal: Principal, keys: readonly string[] = keysOfPrincipal(principal)): T[] {
    if (this.#rules.length === 0) return []
    const positions = new Set<number>()
    const look = ({ position, entry }: Filed): void => {
      if (!positions.has(position) && matchesEntry(entry, principal, this.#trustDomains)) positions.add(position)
    }
    this.#unfiled.forEach(look)
    for (const key of keys) this.#byKey.get(key)?.forEach(look)
    return [...positions].toSorted((a, b) => a - b).flatMap((position) => this.#rules[position] ?? [])
  }

  #add(rule: T): void {
    const position = this.#rules.push(rule) - 1
    for (const entry of rule.principals) this.#file(entry, { position, entry })
  }

  #file(entry: MatcherEntry, filed: Filed): void {
    const keys = keysOfEntry(entry)
    if (keys === undefined) this.#unfiled.push(filed)
    else for (const each of keys) this.#drawerOf(each).push(filed)
  }

  #drawerOf(key: string): Filed[] {
    let drawer = this.#byKey.get(key)
    if (drawer === undefined) {
      drawer = []
      this.#byKey.set(key, drawer)
    }
    return drawer
  }
}

/** A principal that the entry matches has one of them; `undefined`: nothing of it can be told by a key. */
export function keysOfEntry(entry: MatcherEntry): readonly string[] | undefined {
  const key = keyOfEntry(entry)
  return key === undefined ? istioKeysOfEntry(entry) : [key]
}

function keyOfEntry({
  serviceAccount,
  namespace,
  spiffeId,
  issuer,
  group,
  trustDomain,
}: MatcherEntry): string | undefined {
  if (spiffeId !== undefined && 'exact' in spiffeId) return `spiffeId ${spiffeId.exact}`
  if (serviceAccount !== undefined && serviceAccount.namespace !== '*') {
    const { namespace, name } = serviceAccount
    return name === '*' ? `namespace ${namespace}` : `serviceAccount ${namespace}/${name}`
  }
  if (namespace !== undefined) return `namespace ${namespace}`
  if (group !== undefined) return `group ${group}`
  if (issuer !== undefined) return `issuer ${issuer}`
  if (spiffeId !== undefined) return `below ${folderOf(spiffeId.prefix)}`
  return trustDomain === undefined ? undefined : `trustDomain ${trustDomain}`
}

/** Every key that an entry matching the principal can be filed under. */
export function keysOfPrincipal({ workload, requestAuth, groups }: Principal): string[] {
  const keys = [...groups.map((group) => `group ${group}`), ...istioKeysOfWorkload(workload)]
  if (requestAuth !== undefined) keys.push(`issuer ${requestAuth.issuer}`)
  if (workload === undefined) return keys
  const { uri, trustDomain } = workload.spiffeId
  keys.push(`spiffeId ${uri}`, `trustDomain ${trustDomain}`, ...foldersAbove(uri).map((folder) => `below ${folder}`))
  if (workload.serviceAccount === undefined) return keys
  const { namespace, name } = workload.serviceAccount
  return [...keys, `namespace ${namespace}`, `serviceAccount ${namespace}/${name}`]
}

/** `spiffe://td/ns/a/` and so on, up to the trust domain. */
function foldersAbove(uri: string): string[] {
  const folders: string[] = []
  for (let end = uri.indexOf('/', SCHEME_LENGTH); end >= 0; end = uri.indexOf('/', end + 1)) {
    folders.push(uri.slice(0, end + 1))
  }
  return folders
}
