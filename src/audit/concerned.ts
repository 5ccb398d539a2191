/**
 * Whom a change of rules can concern: the known principals that a changed rule speaks of, and one who is made up for each way in
 * which changed rules describe others. Pure. Nobody else's decision can differ, so nobody else is looked at.
 */
import type { Principal } from '../identity/principal.ts'
import type { ServiceAccountRef } from '../identity/spiffe-id.ts'
import { canonicalJson } from '../lib/json.ts'
import { MatcherIndex } from '../policy/matcher-index.ts'
import type { Model } from '../policy/model.ts'
import type { Snapshot } from '../policy/snapshot.ts'
import { describedByChanges } from './described-by-changes.ts'
import { knownPrincipals } from './known-principals.ts'
import { keysHeldBy, keysOf, matchersOf, namedBy, rulesOf } from './matcher-facts.ts'
import type { Gap } from './gap.ts'
import type { RuleChanges } from './rule-changes.ts'

export interface Concerned {
  readonly principal: Principal
  /** Its name; of somebody who is made up, the description of all who are like that. */
  readonly description: string
  readonly known: boolean
  /** Under another name of the trust domain: how those under the local name are described. */
  readonly aliasOf?: string
  /** The name, where the description adds to one end user what its token may hold. */
  readonly endUser?: string
}

export interface AllConcerned {
  /** Known ones first, each part sorted. */
  readonly concerned: readonly Concerned[]
  readonly gaps: readonly Gap[]
}

export function concernedBy(
  before: Snapshot,
  after: Snapshot,
  changes: RuleChanges,
  population: readonly ServiceAccountRef[],
): AllConcerned {
  const isHit = hitBy(before, after, changes)
  const known = knownTo(before, after, changes, population)
  const hit = known.flatMap((principals) => [...principals.values()].filter(isHit))
  const { described, gaps } = describedByChanges(before, after, changes)
  const namesake = (name: string): Principal | undefined =>
    known.map((principals) => principals.get(name)).find((one) => one !== undefined)
  return {
    concerned: [
      ...hit.toSorted(byName).map((principal): Concerned => ({ principal, description: principal.name, known: true })),
      ...described
        .filter(({ representative }) => !isSame(representative, namesake(representative.name)))
        .map(({ representative: principal, description, aliasOf }): Concerned => ({
          principal,
          description,
          known: false,
          ...(aliasOf === undefined ? {} : { aliasOf }),
          ...(namesake(principal.name) === undefined ? {} : { endUser: principal.name }),
        })),
    ],
    gaps,
  }
}

/** Of an end user's name a token can say more. */
function isSame(one: Principal, other: Principal | undefined): boolean {
  if (other === undefined) return false
  if (one.workload !== undefined) return true
  return canonicalJson([one.groups, one.requestAuth]) === canonicalJson([other.groups, other.requestAuth])
}

type ByName = ReadonlyMap<string, Principal>

/** Those of the first snapshot, and those of the second that come to it: rules that are the same in both name the same. */
function knownTo(
  before: Snapshot,
  after: Snapshot,
  { added }: RuleChanges,
  population: readonly ServiceAccountRef[],
): readonly ByName[] {
  const were = knownIn(before, population)
  const come = new Map<string, Principal>()
  // The same ServiceAccounts, unless the trust domain has another name.
  const others = before.trustDomains.local === after.trustDomains.local ? [] : accountsIn(after, population)
  collect(come, others)
  for (const matcher of matchersOf(added)) collect(come, namedBy(matcher, after.trustDomains))
  for (const name of come.keys()) if (were.has(name)) come.delete(name)
  return [were, come]
}

interface Known {
  readonly population: readonly ServiceAccountRef[]
  readonly principals: ByName
}

const knownBefore = new WeakMap<Snapshot, Known>()

/** One snapshot is compared with many candidates. */
function knownIn(snapshot: Snapshot, population: readonly ServiceAccountRef[]): ByName {
  const kept = knownBefore.get(snapshot)
  if (kept?.population === population) return kept.principals
  const principals = new Map<string, Principal>()
  collect(principals, accountsIn(snapshot, population))
  for (const matcher of matchersOf(snapshot.model)) collect(principals, namedBy(matcher, snapshot.trustDomains))
  knownBefore.set(snapshot, { population, principals })
  return principals
}

function collect(principals: Map<string, Principal>, more: readonly Principal[]): void {
  for (const principal of more) if (!principals.has(principal.name)) principals.set(principal.name, principal)
}

function accountsIn(snapshot: Snapshot, population: readonly ServiceAccountRef[]): readonly Principal[] {
  return population.length === 0 ? [] : knownPrincipals({ ...snapshot, model: NO_RULES }, population).principals
}

const NO_RULES: Model = { accounts: [], grants: [], limits: [], ceilings: [] }

function byName(a: Principal, b: Principal): number {
  if (a.name === b.name) return 0
  return a.name < b.name ? -1 : 1
}

function hitBy(before: Snapshot, after: Snapshot, { removed, added }: RuleChanges): (principal: Principal) => boolean {
  const gone = new MatcherIndex(rulesOf(removed), before.trustDomains)
  const come = new MatcherIndex(rulesOf(added), after.trustDomains)
  const keys = [...matchersOf(removed), ...matchersOf(added)].map(keysOf)
  const anybody = keys.includes('anybody')
  const asked = new Set(keys.flat())
  return (principal) => {
    const held = keysHeldBy(principal)
    if (!anybody && !held.some((key) => asked.has(key))) return false
    return gone.matching(principal, held).length > 0 || come.matching(principal, held).length > 0
  }
}
