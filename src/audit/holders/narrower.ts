/**
 * Smaller groups within a group, whose members may hold what the group's representative does not. Pure.
 * A further ceiling gives more to who is capped already, and puts grants in force that need one; an exclusion from a deny
 * ("not namespaces shop") spares those who are excluded.
 */
import { matchesEntry } from '../../policy/match-principal.ts'
import type { MatcherEntry } from '../../policy/matcher.ts'
import { overlapsAny } from '../../subject/index.ts'
import { describe, saysNot } from '../population/described.ts'
import { oppositesOf } from '../population/opposites.ts'
import type { WhoCanQuestion } from './holder.ts'
import type { Candidates } from './candidates.ts'
import type { Group, Rulebook } from './line.ts'

export interface Narrower {
  readonly groups: readonly Group[]
  /** There may be members that could not be made up. */
  readonly isUnsure: boolean
}

/** @param group of members that have an account */
export function narrower(
  group: Group,
  { allows, denies, requests, requestDenies }: Candidates,
  { action, pattern }: WhoCanQuestion,
  { population, ceilings }: Rulebook,
): Narrower {
  const { described } = group
  const { representative, side } = described
  const { world, snapshot } = population
  const groups: Group[] = []
  let isUnsure = false

  function add(entry: MatcherEntry, isCapped: boolean): void {
    const found = describe([...described.entries, entry], world)
    isUnsure ||= found.isUnsure
    for (const one of found.described) {
      if (one.side !== side || population.isKnownExactly(one.representative)) continue
      groups.push({ described: one, isNamed: false, ...(isCapped ? { isCapped: true } : {}) })
    }
  }

  const own = new Set(ceilings.matching(representative))
  const isWaiting = own.size === 0 && [...allows, ...requests].some(({ needsCeiling }) => needsCeiling === true)
  if (group.isCapped !== true && (own.size > 0 || isWaiting)) {
    for (const rule of snapshot.model.ceilings) {
      if (own.has(rule) || (requests.length === 0 && !overlapsAny(rule[action], pattern))) continue
      for (const entry of rule.principals) add(entry, true)
    }
  }
  for (const { principals } of new Set([...denies, ...requestDenies])) {
    const matching = principals.filter((entry) => matchesEntry(entry, representative, world.trustDomains))
    if (matching.length === 0 || !matching.every(saysNot)) continue
    for (const opposite of matching.flatMap(oppositesOf)) add(opposite, group.isCapped === true)
  }
  return { groups, isUnsure }
}
