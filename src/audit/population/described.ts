/**
 * Principals that a policy describes and does not name: all who match some entries, with one made-up member to be decided about. Pure.
 * What holds for the made-up one holds for each member that no other rule speaks of; `gaps` say where others may differ.
 */
import type { Principal } from '../../identity/principal.ts'
import { canonicalJson } from '../../lib/json.ts'
import { remember } from '../../lib/remember.ts'
import { matchesEntry } from '../../policy/match-principal.ts'
import type { MatcherEntry } from '../../policy/matcher.ts'
import type { TrustDomains } from '../../policy/snapshot.ts'
import { choicesOf, MOST_CHOICES } from './choices.ts'
import { describePrincipals } from './describe.ts'
import { endUsersLike } from './end-users-like.ts'
import { workloadsLike, type Alike } from './workloads-like.ts'

export type Side = 'workload' | 'end-user'

export interface Described {
  /** `any ServiceAccount of namespace shop`. */
  readonly description: string
  readonly side: Side
  /** Members match all of them. */
  readonly entries: readonly MatcherEntry[]
  /** Nobody is this one; its name is never shown. */
  readonly representative: Principal
  /** Of members under another name of the local trust domain: how the members under the local one are described. */
  readonly aliasOf?: string
}

export interface Descriptions {
  readonly described: readonly Described[]
  /** There may be members of whom no picture could be made. */
  readonly isUnsure: boolean
}

export interface World {
  readonly trustDomains: TrustDomains
  /** A word that no rule means. */
  readonly fresh: string
}

const MOST_COMBINATIONS = 1_000
const SIDES = ['workload', 'end-user'] as const

/** Who matches all the entries, once for each kind of principal and each trust domain that is possible. */
export function describe(entries: readonly MatcherEntry[], world: World): Descriptions {
  const { combinations, isCut } = combinationsOf(entries)
  let isUnsure = isCut
  const described = combinations.flatMap((choice) =>
    SIDES.flatMap((side): Described[] => {
      const alike = likeOn(side, choice, world)
      isUnsure ||= alike.isUnsure
      return alike.principals.map((representative) =>
        describedAs(side, choice, representative, alike.principals.length, world),
      )
    }),
  )
  return { described, isUnsure }
}

/** Whether somebody may be a member and match the entry besides. @param isKnown who is not asked about, as it is known by name */
export function mayMeet(
  { side, entries }: Pick<Described, 'side' | 'entries'>,
  entry: MatcherEntry,
  world: World,
  isKnown: (principal: Principal) => boolean = () => false,
): boolean {
  const choices = choicesOf(entry)
  if (choices.length >= MOST_CHOICES) return true
  return choices.some((choice) => {
    const { principals, isUnsure } = likeOn(side, [...entries, choice], world)
    return isUnsure || !principals.every(isKnown)
  })
}

export function isMember(principal: Principal, { side, entries }: Described, trustDomains: TrustDomains): boolean {
  const isOnSide = side === 'workload' ? principal.workload !== undefined : principal.requestAuth !== undefined
  return isOnSide && entries.every((entry) => matchesEntry(entry, principal, trustDomains))
}

/** Whether every member of the inner ones is known to be one of the outer ones. */
export function isInside(inner: Described, outer: Described, trustDomains: TrustDomains): boolean {
  if (!isMember(inner.representative, outer, trustDomains)) return false
  const own = new Set(inner.entries.map((entry) => canonicalJson(entry)))
  return outer.entries.every((entry) => !saysNot(entry) || own.has(canonicalJson(entry)))
}

const keys = new WeakMap<Described, string>()

/** Equal for the same members, where entries are alike. */
export function keyOf(described: Described): string {
  return remember(keys, described, ({ side, entries }) =>
    [side, ...new Set(entries.map((entry) => canonicalJson(entry)).toSorted())].join('\n'),
  )
}

interface Combinations {
  /** One list of entries for each choice of values that Istio's conditions leave. */
  readonly combinations: readonly (readonly MatcherEntry[])[]
  /** There are more than are looked at. */
  readonly isCut: boolean
}

function combinationsOf(entries: readonly MatcherEntry[]): Combinations {
  let combinations: readonly (readonly MatcherEntry[])[] = [[]]
  let isCut = false
  for (const entry of entries) {
    const choices = choicesOf(entry)
    const all = combinations.flatMap((before) => choices.map((choice) => [...before, choice]))
    isCut ||= choices.length >= MOST_CHOICES || all.length > MOST_COMBINATIONS
    combinations = all.slice(0, MOST_COMBINATIONS)
  }
  return { combinations, isCut }
}

function likeOn(side: Side, entries: readonly MatcherEntry[], { trustDomains, fresh }: World): Alike {
  return side === 'workload' ? workloadsLike(entries, trustDomains, fresh) : endUsersLike(entries, trustDomains, fresh)
}

function describedAs(
  side: Side,
  entries: readonly MatcherEntry[],
  representative: Principal,
  domains: number,
  world: World,
): Described {
  const telling = withoutImplied(entries, side, world)
  const description = describePrincipals(telling, side)
  const domain = representative.workload?.spiffeId.trustDomain
  if (domains < 2 || domain === undefined) return { description, side, entries: telling, representative }
  const placed = [...telling, { trustDomain: domain }]
  if (domain === world.trustDomains.local) return { description, side, entries: placed, representative }
  return {
    description: describePrincipals(placed, side),
    side,
    entries: placed,
    representative,
    aliasOf: description,
  }
}

/** An entry that says nothing beside the others goes: who is in namespace shop is also authenticated. */
function withoutImplied(entries: readonly MatcherEntry[], side: Side, world: World): readonly MatcherEntry[] {
  let left = entries
  for (const entry of entries) {
    const others = left.filter((other) => other !== entry)
    if (others.length === 0) return left
    if (saysNot(entry)) continue
    const { principals } = likeOn(side, others, world)
    const isImplied =
      principals.length > 0 && principals.every((principal) => matchesEntry(entry, principal, world.trustDomains))
    if (isImplied) left = others
  }
  return left
}

/** Whether it also matches for want of something, which a made-up principal lacks and a member may have. */
export function saysNot({ istio }: MatcherEntry): boolean {
  return istio !== undefined && istio.terms.some(({ not }) => not)
}
