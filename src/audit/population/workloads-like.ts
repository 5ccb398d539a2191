/**
 * Workloads that nobody is, made up so that given entries all match them and as few others as can be. Pure.
 * Whatever else matches one of them matches every workload of that description, save for conditions that say `not`: what the
 * entries leave open has a name that no rule means, and no shape of Kubernetes unless one is asked for.
 */
import { workloadPrincipal, type Principal } from '../../identity/principal.ts'
import { parseSpiffeId } from '../../identity/spiffe-id.ts'
import type { CallerTerm } from '../../istio/index.ts'
import { folderOf, matchesEntry } from '../../policy/match-principal.ts'
import type { MatcherEntry } from '../../policy/matcher.ts'
import type { TrustDomains } from '../../policy/snapshot.ts'

export interface Alike {
  /** One for each trust domain that is possible, when these can be listed; else one. Empty: nobody can match all entries. */
  readonly principals: readonly Principal[]
  /** Somebody may match all entries, and could not be made up. */
  readonly isUnsure: boolean
}

export const NOBODY: Alike = { principals: [], isUnsure: false }
const UNSURE: Alike = { principals: [], isUnsure: true }

const SCHEME = 'spiffe://'
const ANY = '*'
const GROUPS = { all: 'system:authenticated', accounts: 'system:serviceaccounts', namespace: 'system:serviceaccounts:' }

/** @param entries each Istio term with one value, as {@link choicesOf} gives them. @param fresh {@link freshWord} */
export function workloadsLike(entries: readonly MatcherEntry[], trustDomains: TrustDomains, fresh: string): Alike {
  const wish = new Wish(fresh)
  for (const entry of entries) if (!wish.take(entry, trustDomains)) return NOBODY
  const principals = wish.domains().flatMap((domain): readonly Principal[] => {
    for (const uri of wish.urisIn(domain)) {
      const id = parseSpiffeId(uri)
      if (!id.ok) continue
      const principal = workloadPrincipal(id.value)
      if (entries.every((entry) => matchesEntry(entry, principal, trustDomains))) return [principal]
    }
    return []
  })
  return principals.length === 0 && wish.isVague ? UNSURE : { principals, isUnsure: false }
}

/** What the entries ask of a SPIFFE ID. */
class Wish {
  /** Parts of names were asked for, which can be put together in more ways than are tried. */
  isVague = false
  readonly #fresh: string
  #uri: string | undefined
  #domains: readonly string[] | undefined
  #namespace: string | undefined
  #name: string | undefined
  #isServiceAccount = false
  /** What stands behind the scheme, and goes on. */
  readonly #heads: string[] = []
  readonly #tails: string[] = []

  constructor(fresh: string) {
    this.#fresh = fresh
  }

  /** @returns false when it contradicts what was taken before, or asks for what no workload has. */
  take(entry: MatcherEntry, { local, aliases }: TrustDomains): boolean {
    const { serviceAccount, namespace, trustDomain, spiffeId, group, istio } = entry
    if (entry.requestPrincipal !== undefined || entry.issuer !== undefined || entry.claims !== undefined) return false
    if (group !== undefined && !this.#takeGroup(group)) return false
    if ((serviceAccount ?? namespace ?? group) !== undefined) {
      this.#isServiceAccount = true
      const domains = trustDomain === undefined ? [local, ...aliases] : [trustDomain]
      if (!this.#takeDomains(domains)) return false
    } else if (trustDomain !== undefined && !this.#takeDomains([trustDomain])) return false
    if (namespace !== undefined && !this.#takeNamespace(namespace)) return false
    if (serviceAccount !== undefined) {
      if (serviceAccount.namespace !== ANY && !this.#takeNamespace(serviceAccount.namespace)) return false
      if (serviceAccount.name !== ANY && !this.#takeName(serviceAccount.name)) return false
    }
    if (spiffeId !== undefined) {
      if ('prefix' in spiffeId) this.#heads.push(folderOf(spiffeId.prefix).slice(SCHEME.length))
      else if (!this.#takeUri(spiffeId.exact)) return false
    }
    return istio === undefined || istio.terms.every((term) => this.#takeTerm(term, istio.whenUnknown))
  }

  domains(): readonly (string | undefined)[] {
    return this.#uri === undefined ? (this.#domains ?? [undefined]) : [undefined]
  }

  /** The least telling first. */
  urisIn(domain: string | undefined): readonly string[] {
    if (this.#uri !== undefined) return [this.#uri]
    const fresh = this.#fresh
    const host = domain ?? fresh
    if (this.#heads.length === 0 && this.#tails.length === 0)
      return this.#pathsFrom([]).map((path) => `${SCHEME}${host}/${path}`)
    const longest = this.#heads.toSorted((a, b) => b.length - a.length)[0] ?? ''
    if (!this.#heads.every((head) => longest.startsWith(head))) return []
    const slash = longest.indexOf('/')
    const headHost = slash < 0 ? longest : longest.slice(0, slash)
    // Of a host only its beginning may be given.
    const hosts = slash >= 0 ? [headHost] : domain?.startsWith(headHost) === true ? [domain] : [`${headHost}${fresh}`]
    const begun = slash < 0 ? [] : longest.slice(slash + 1).split('/')
    if (this.#tails.length > 0) return hosts.flatMap((one) => this.#urisWithTail(longest === '' ? host : one, begun))
    return hosts.flatMap((one) => this.#pathsFrom(begun).map((path) => `${SCHEME}${one}/${path}`))
  }

  /** @param begun segments that are given; the last one goes on, or is empty */
  #pathsFrom(begun: readonly string[]): string[] {
    const fresh = this.#fresh
    const open = begun.at(-1) ?? ''
    const free = [[...begun.slice(0, -1), `${open}${fresh}`, fresh].join('/')]
    const shaped = this.#shapedPath(begun)
    if (this.#isServiceAccount || this.#name !== undefined) return shaped
    const named = this.#namespace === undefined ? [] : [`ns/${this.#namespace}/${fresh}/${fresh}`]
    return [...named, ...free, ...shaped]
  }

  /** `ns/<namespace>/sa/<name>`, as far as the segments that are given leave that open. */
  #shapedPath(begun: readonly string[]): string[] {
    const fresh = this.#fresh
    if (begun.length > 4) return []
    const [ns = '', namespace = '', sa = '', name = ''] = begun
    const isWhole = (position: number): boolean => position < begun.length - 1
    if (isWhole(0) ? ns !== 'ns' : !'ns'.startsWith(ns)) return []
    if (isWhole(2) ? sa !== 'sa' : !'sa'.startsWith(sa)) return []
    const given = isWhole(1) ? namespace : (this.#namespace ?? `${namespace}${fresh}`)
    return [`ns/${given}/sa/${this.#name ?? `${name}${fresh}`}`]
  }

  #urisWithTail(host: string, begun: readonly string[]): string[] {
    const fresh = this.#fresh
    const tail = this.#tails.toSorted((a, b) => b.length - a.length)[0] ?? ''
    const base = `${SCHEME}${[host, ...begun].join('/')}`
    const shaped = /^(?:.*\/)?ns\/([^/]+)\/sa\/([^/]+)$/.exec(tail)
    const names = /^(?:.*\/)?sa\/([^/]+)$/.exec(tail)
    const namespace = this.#namespace ?? shaped?.[1] ?? fresh
    const name = this.#name ?? names?.[1] ?? `${fresh}${tail}`
    const whole = `${SCHEME}${host}/ns/${namespace}/sa/${name}`
    if (this.#isServiceAccount || this.#name !== undefined) return [whole]
    return [`${base}/${fresh}${tail}`, `${base}/${fresh}/${fresh}${tail}`, `${base}${tail}`, `${SCHEME}${tail}`, whole]
  }

  #takeGroup(group: string): boolean {
    if (group === GROUPS.all || group === GROUPS.accounts) {
      // Whoever is no ServiceAccount is in no group at all.
      this.#isServiceAccount = true
      return true
    }
    if (!group.startsWith(GROUPS.namespace)) return false
    this.#isServiceAccount = true
    return this.#takeNamespace(group.slice(GROUPS.namespace.length))
  }

  #takeTerm(term: CallerTerm, whenUnknown: boolean): boolean {
    if (term.field === 'sourceIp' || term.field === 'remoteIp' || term.field === 'header') return whenUnknown
    // Whether what is excluded is excluded, the finished principal is asked.
    if (term.not) return true
    switch (term.field) {
      case 'principal': {
        const [value] = term.values
        if (value?.is === 'exact') return this.#takeUri(`${SCHEME}${value.value}`)
        if (value?.is === 'prefix' && value.value !== '') this.#heads.push(value.value)
        if (value?.is === 'suffix' && value.value !== '') {
          this.#tails.push(value.value)
          this.isVague = true
        }
        return true
      }
      case 'namespace': {
        const pieces = term.values[0]?.pieces ?? []
        if (pieces.length > 1) {
          this.isVague = true
          this.#namespace ??= pieces.join(this.#fresh)
          return true
        }
        return this.#takeNamespace(pieces[0] ?? '')
      }
      case 'serviceAccount': {
        const [value] = term.values
        return value !== undefined && this.#takeNamespace(value.namespace) && this.#takeName(value.name)
      }
      case 'trustDomain': {
        const [value] = term.values
        if (value?.is === 'exact') return this.#takeDomains([value.value])
        if (value?.is === 'around') this.#domains ??= [`${value.head}${this.#fresh}${value.tail}`]
        return true
      }
      default:
        return false
    }
  }

  #takeUri(uri: string): boolean {
    if (this.#uri !== undefined && this.#uri !== uri) return false
    this.#uri = uri
    return true
  }

  #takeDomains(domains: readonly string[]): boolean {
    const before = this.#domains
    const left = before === undefined ? [...new Set(domains)] : before.filter((one) => domains.includes(one))
    this.#domains = left
    return left.length > 0
  }

  #takeNamespace(namespace: string): boolean {
    if (this.#namespace !== undefined && this.#namespace !== namespace) return false
    this.#namespace = namespace
    return true
  }

  #takeName(name: string): boolean {
    if (this.#name !== undefined && this.#name !== name) return false
    this.#name = name
    return true
  }
}
