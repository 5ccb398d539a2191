/**
 * Who can call a service, as far as anybody speaks of it: known principals, and whoever rules only describe. Pure.
 * Callers of whom every rule says the same are looked at once.
 */
import { Population } from '../../audit/population/population.ts'
import { describe } from '../../audit/population/described.ts'
import { entriesIn } from '../../audit/list-entries.ts'
import type { RuledRoutes } from '../../compile/index.ts'
import type { Principal } from '../../identity/principal.ts'
import { callerAttributesOf, callerTruth, type CompiledRule } from '../../istio/index.ts'
import type { Decide } from '../../policy/decide.ts'
import type { Decision } from '../../policy/decision.ts'
import { matchesPrincipal } from '../../policy/match-principal.ts'
import type { Matcher, MatcherEntry } from '../../policy/matcher.ts'
import type { CeilingRule, GrantRule } from '../../policy/model.ts'
import type { Snapshot } from '../../policy/snapshot.ts'
import { remember } from '../../lib/remember.ts'
import { overlapsAny, type Pattern } from '../../subject/index.ts'
import type { AskedPolicy } from '../policy.ts'

export interface Caller {
  readonly principal: Principal
  /** Its name, or the description of those that it stands for. */
  readonly name: string
  readonly known: boolean
}

/** Callers that nothing tells apart. */
export interface CallerGroup {
  /** Any of them. */
  readonly principal: Principal
  readonly decision: Decision
  readonly callers: readonly Caller[]
}

/** What tells the callers of one service apart. */
export interface Distinctions {
  readonly rules: readonly CompiledRule[]
  readonly grants: readonly GrantRule[]
  readonly ceilings: readonly CeilingRule[]
  /** The subjects of the service. */
  readonly patterns: readonly Pattern[]
}

/** Everybody whom the policy, or a rule of the HTTP policies, names; each once. */
export class Callers {
  readonly #population: Population
  readonly #snapshot: Snapshot
  readonly #decide: Decide
  /** Under an alias of the trust domain everybody is once more, with the same rights. */
  readonly #named: readonly Caller[]
  readonly #byName: ReadonlyMap<string, Caller>

  constructor({ snapshot, serviceAccounts, routed }: AskedPolicy, decide: Decide) {
    const principals = routed.flatMap(httpEntriesOf)
    const spoken: GrantRule = { effect: 'allow', principals, grant: { verb: 'publish', patterns: [] }, origin: NOWHERE }
    const { model } = snapshot
    const grants = [...model.grants, ...(principals.length === 0 ? [] : [spoken])]
    this.#population = new Population({ ...snapshot, model: { ...model, grants } }, serviceAccounts)
    this.#snapshot = snapshot
    this.#decide = decide
    const { known, aliases } = this.#population
    this.#named = known
      .filter(({ name }) => !aliases.has(name))
      .map((principal) => ({ principal, name: principal.name, known: true }))
    this.#byName = new Map(this.#named.map((caller) => [caller.name, caller]))
  }

  /** Those of a service, by what tells them apart. */
  groupsOf(ruled: RuledRoutes, distinctions: Distinctions): CallerGroup[] {
    const entries = [
      ...httpEntriesOf(ruled),
      ...distinctions.grants.flatMap(({ effect, principals }) => (effect === 'allow' ? principals : [])),
    ]
    const spoken = new Set(
      entries.flatMap((entry) => this.#population.knownIn(entry).flatMap(({ name }) => this.#byName.get(name) ?? [])),
    )
    const groups = new Groups()
    for (const caller of [...spoken, ...this.#describedBy(entries)]) {
      const decision = this.#decide(this.#snapshot, caller.principal)
      groups.put(caller, decision, this.#traitsOf(caller.principal, decision, distinctions))
    }
    // Of whom no rule speaks, HTTP refuses everything, and NATS gives nothing of the service.
    if (ruled.enforced.hasAllow) return groups.all()
    for (const caller of this.#named) {
      if (spoken.has(caller)) continue
      const decision = this.#decide(this.#snapshot, caller.principal)
      groups.put(caller, decision, [decision.effect === 'allow' ? `in ${decision.account}` : decision.code])
    }
    return groups.all()
  }

  #describedBy(entries: readonly MatcherEntry[]): readonly Caller[] {
    // Where HTTP lets everybody in, or hardly anybody is named, those in AccountMaps are everybody.
    const homes = this.#snapshot.model.accounts.flatMap(({ principals }) => principals)
    const described = new Map<string, Caller>()
    for (const entry of [...entries, ...homes]) {
      const residents = this.#population.describedIn(entry).described
      // Who lives nowhere is told of only where nobody like that lives somewhere.
      const all = residents.length > 0 ? residents : describe([entry], this.#population.world).described
      for (const { description, representative, aliasOf } of all) {
        const isNamed = representative.workload !== undefined && this.#byName.has(representative.name)
        if (aliasOf !== undefined || isNamed) continue
        described.set(description, { principal: representative, name: description, known: false })
      }
    }
    return [...described.values()]
  }

  #traitsOf(principal: Principal, decision: Decision, { rules, grants, ceilings, patterns }: Distinctions): string[] {
    const attributes = callerAttributesOf(principal)
    const onHttp = rules.map(({ callers }) => callers.map((terms) => String(callerTruth(terms, attributes))).join(','))
    if (decision.effect === 'deny') return [...onHttp, decision.code]
    const speaks = ({ principals }: { readonly principals: Matcher }): string =>
      matchesPrincipal(principals, principal, this.#snapshot.trustDomains) ? '1' : '0'
    const granted = grants.map(speaks).join('')
    if (!granted.includes('1')) return [...onHttp, decision.account]
    const { pub, sub } = decision.permissions.filtering
    const lists = [pub.allow, pub.deny, sub.allow, sub.deny].map((list) =>
      entriesIn(list)
        .filter(({ pattern }) => overlapsAny(patterns, pattern))
        .map(({ text }) => text)
        .join(','),
    )
    return [...onHttp, decision.account, granted, ceilings.map(speaks).join(''), ...lists]
  }
}

/** Callers by what tells them apart. */
class Groups {
  readonly #groups = new Map<string, { principal: Principal; decision: Decision; callers: Caller[] }>()

  put(caller: Caller, decision: Decision, traits: readonly string[]): void {
    const key = traits.join('\n')
    const group = this.#groups.get(key)
    if (group === undefined) this.#groups.set(key, { principal: caller.principal, decision, callers: [caller] })
    else group.callers.push(caller)
  }

  all(): CallerGroup[] {
    return [...this.#groups.values()]
  }
}

const NOWHERE = { kind: 'AuthorizationPolicy', name: '' } as const

const httpEntries = new WeakMap<RuledRoutes, readonly MatcherEntry[]>()

/** Whoever a rule of the workload's policies may speak of. */
function httpEntriesOf(ruled: RuledRoutes): readonly MatcherEntry[] {
  return remember(httpEntries, ruled, ({ enforced, dryRun }) =>
    [enforced, dryRun]
      .flatMap(({ custom, deny, allow }) => [...custom, ...deny, ...allow])
      .flatMap(({ callers }) => callers.map((terms) => ({ istio: { terms, whenUnknown: true } }))),
  )
}
