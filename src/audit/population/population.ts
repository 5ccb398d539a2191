/**
 * Everybody whom a policy can speak of: known principals one by one, everybody else by descriptions that cover them. Pure.
 * Built once for a snapshot, and lazily: who is described by a rule is worked out when the rule is first asked about.
 */
import type { Principal } from '../../identity/principal.ts'
import { parseSpiffeId, type ServiceAccountRef } from '../../identity/spiffe-id.ts'
import { workloadPrincipal } from '../../identity/principal.ts'
import { remember } from '../../lib/remember.ts'
import type { MatcherEntry } from '../../policy/matcher.ts'
import { MatcherIndex } from '../../policy/matcher-index.ts'
import type { AccountRule } from '../../policy/model.ts'
import type { Snapshot } from '../../policy/snapshot.ts'
import { knownPrincipals } from '../known-principals.ts'
import type { CallerTerm } from '../../istio/index.ts'
import { canonicalJson } from '../../lib/json.ts'
import { describe, keyOf, type Described, type Descriptions, type World } from './described.ts'
import { freshWord } from './fresh-word.ts'
import { PrincipalIndex } from './principal-index.ts'

/** Groups that one entry of a rule may describe, and entries of AccountMaps that are looked at for each. */
const MOST_DESCRIBED = 2_000
const MOST_HOMES = 1_000

interface Counted {
  readonly serviceAccounts: readonly ServiceAccountRef[]
  readonly population: Population
}

const counted = new WeakMap<Snapshot, Counted>()

/** The same for the same snapshot and ServiceAccounts: several questions are asked of one. */
export function populationOf(snapshot: Snapshot, serviceAccounts: readonly ServiceAccountRef[]): Population {
  const known = counted.get(snapshot)
  if (known?.serviceAccounts === serviceAccounts) return known.population
  const population = new Population(snapshot, serviceAccounts)
  counted.set(snapshot, { serviceAccounts, population })
  return population
}

export class Population {
  readonly snapshot: Snapshot
  readonly world: World
  /** ServiceAccounts also under each alias of the trust domain. Sorted by name. */
  readonly known: readonly Principal[]
  /** Of a name under an alias: the name under the local trust domain. */
  readonly aliases: ReadonlyMap<string, string>
  /** Whether ServiceAccounts were given that no rule names. */
  readonly hasServiceAccounts: boolean
  readonly accounts: MatcherIndex<AccountRule>
  readonly #byName: ReadonlyMap<string, Principal>
  readonly #index: PrincipalIndex
  readonly #described = new WeakMap<MatcherEntry, Descriptions>()
  #homes: readonly MatcherEntry[] | undefined

  constructor(snapshot: Snapshot, serviceAccounts: readonly ServiceAccountRef[]) {
    const { model, trustDomains } = snapshot
    const rules = [...model.accounts, ...model.grants, ...model.limits, ...model.ceilings]
    this.snapshot = snapshot
    // The rules of one document share their entries.
    const entries = new Set(rules.flatMap(({ principals }) => principals))
    this.world = { trustDomains, fresh: freshWord([[...entries]]) }
    const { principals } = knownPrincipals(snapshot, serviceAccounts)
    const aliases = principals.flatMap((principal) => aliasesOf(principal, snapshot))
    this.aliases = new Map(aliases.map(({ principal, local }) => [principal.name, local]))
    const others = aliases.map(({ principal }) => principal)
    this.#byName = new Map([...others, ...principals].map((principal) => [principal.name, principal]))
    this.known = [...this.#byName.values()].toSorted(byName)
    this.hasServiceAccounts = serviceAccounts.length > 0
    this.accounts = new MatcherIndex(model.accounts, trustDomains)
    this.#index = new PrincipalIndex(this.known, entries, trustDomains)
  }

  /** The known principals that the entry matches. */
  knownIn(entry: MatcherEntry): readonly Principal[] {
    return this.#index.matching(entry)
  }

  /**
   * Descriptions of those that the entry matches, that are not all known by name, and that live in some account: whoever the
   * entry alone gives none is described together with each entry of an AccountMap.
   */
  describedIn(entry: MatcherEntry): Descriptions {
    return remember(this.#described, entry, () => this.#describeResidents(entry))
  }

  /** By name, and with nothing that the name does not say: a token can bring more for an end user than is known. */
  isKnownExactly({ name, workload, groups, requestAuth }: Principal): boolean {
    const known = this.#byName.get(name)
    if (known === undefined || workload !== undefined) return known !== undefined
    return canonicalJson([known.groups, known.requestAuth?.claims]) === canonicalJson([groups, requestAuth?.claims])
  }

  isKnownWorkload({ name, workload }: Principal): boolean {
    return workload !== undefined && this.#byName.has(name)
  }

  /** Without the workloads that an AuthorizationPolicy lists by name; `undefined` when nothing else is left of it. */
  unnamedIn(entry: MatcherEntry): MatcherEntry | undefined {
    const { istio } = entry
    if (istio === undefined) return entry
    const terms = istio.terms.map((term): CallerTerm => {
      if (term.field !== 'principal' || term.not) return term
      return {
        ...term,
        values: term.values.filter((one) => one.is !== 'exact' || !this.#byName.has(`spiffe://${one.value}`)),
      }
    })
    if (terms.some(({ values }) => values.length === 0)) return undefined
    return { ...entry, istio: { ...istio, terms } }
  }

  #describeResidents(entry: MatcherEntry): Descriptions {
    const unnamed = this.unnamedIn(entry)
    if (unnamed === undefined) return { described: [], isUnsure: false }
    const found = new Map<string, Described>()
    const bare = describe([unnamed], this.world)
    let { isUnsure } = bare
    const add = (described: Described): void => {
      if (!this.isKnownExactly(described.representative)) found.set(keyOf(described), described)
    }
    for (const described of bare.described) {
      if (this.isKnownWorkload(described.representative)) continue
      if (this.accounts.matching(described.representative).length > 0) {
        add(described)
        continue
      }
      const homes = this.#homesOf()
      isUnsure ||= homes.length > MOST_HOMES
      for (const home of homes.slice(0, MOST_HOMES)) {
        if (found.size >= MOST_DESCRIBED) return { described: [...found.values()], isUnsure: true }
        const residents = describe([...described.entries, home], this.world)
        isUnsure ||= residents.isUnsure
        for (const resident of residents.described) if (resident.side === described.side) add(resident)
      }
    }
    return { described: [...found.values()], isUnsure }
  }

  /** Entries of AccountMaps, without those that only name workloads that are known. */
  #homesOf(): readonly MatcherEntry[] {
    this.#homes ??= this.snapshot.model.accounts
      .flatMap(({ principals }) => principals)
      .filter((entry) => {
        const { described, isUnsure } = describe([entry], this.world)
        return isUnsure || !described.every((one) => this.isKnownWorkload(one.representative))
      })
    return this.#homes
  }
}

interface Alias {
  readonly principal: Principal
  /** Its name in the local trust domain. */
  readonly local: string
}

/** Rules mean a ServiceAccount of the local trust domain under all of its names. */
function aliasesOf({ name, workload }: Principal, { trustDomains }: Snapshot): Alias[] {
  const { local, aliases } = trustDomains
  if (workload?.serviceAccount === undefined || workload.spiffeId.trustDomain !== local) return []
  return aliases.flatMap((alias) => {
    const id = parseSpiffeId(`spiffe://${alias}${workload.spiffeId.path}`)
    return id.ok ? [{ principal: workloadPrincipal(id.value), local: name }] : []
  })
}

function byName(a: Principal, b: Principal): number {
  if (a.name === b.name) return 0
  return a.name < b.name ? -1 : 1
}
