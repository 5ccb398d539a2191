/**
 * The hole behind a trailing `*`. nats-server looks a SUB up as if it were a literal, so `sub.allow "a.*"` admits
 * `SUB a.>` and whatever is deeper is delivered. `sub.deny "a.*.>"` stops that, at delivery. Pure.
 * Refuses an entry whose guard would cut through what another entry grants: no deny can tell the two apart, so the entry
 * goes and the other stays. Refuses on `legacy` servers an entry whose guard they would ignore.
 */
import { coversTogether, parsePattern } from '../subject/index.ts'
import type { DeliveryFilter } from './decision.ts'
import {
  byText,
  coversQueue,
  entryOf,
  indexEntries,
  intersectEntries,
  isDenied,
  patternOf,
  type Entry,
  type EntryIndex,
} from './entry.ts'
import type { Ruling, Unsayable } from './settle.ts'

/**
 * Names as unsayable only entries of one length; with these gone, the rest has to be asked about again.
 * @param allows minimised
 * @param denies what policy denies anyway: a guard may cut through that
 */
export function guardTrailingStars(allows: readonly Entry[], denies: EntryIndex, filter: DeliveryFilter): Ruling {
  const guards: Entry[] = []
  const unsayable: Unsayable[] = []
  const stars = allows.filter(({ pattern }) => pattern.tokens.at(-1) === '*')
  if (stars.length === 0) return { guards, unsayable }
  const index = indexEntries(allows)
  for (const entry of stars.toSorted((a, b) => lengthOf(b) - lengthOf(a))) {
    // A guard meets only what is longer than its entry: the longest are settled first, and each that goes frees shorter ones.
    if (unsayable[0] !== undefined && lengthOf(unsayable[0].entry) > lengthOf(entry)) break
    const answer = guardEntry(entry, index, denies, filter)
    if (answer === 'needless') continue
    if ('reason' in answer) unsayable.push(answer)
    else guards.push(answer)
  }
  return { guards, unsayable }
}

function guardEntry(
  entry: Entry,
  allows: EntryIndex,
  denies: EntryIndex,
  filter: DeliveryFilter,
): Entry | Unsayable | 'needless' {
  const deeper = parsePattern(`${entry.pattern.text}.>`)
  if (!deeper.ok) return { entry, reason: 'it is too long to be guarded against subscriptions below it' }
  // For one queue where the entry is, so that it cuts as little as can be; legacy servers ignore that form.
  const guard = entryOf(deeper.value, filter === 'filtering' ? entry.queue : undefined)
  const near = allows.overlapping(guard.pattern)
  const granted = near.filter((other) => coversQueue(other, entry)).map(patternOf)
  if (coversTogether(granted, guard.pattern)) return 'needless'
  if (filter === 'legacy' && entry.pattern.tokens.slice(0, -1).includes('*')) {
    return {
      entry,
      reason: `it also admits subscriptions below it, and this server version ignores the deny "${guard.text}"`,
    }
  }
  const [cut] = near.filter((other) => cuts(guard, other, denies)).toSorted(byText)
  if (cut === undefined) return guard
  return {
    entry,
    reason: `it also admits subscriptions below it, and the deny against them, "${guard.text}", would cut "${cut.text}"`,
  }
}

function cuts(guard: Entry, other: Entry, denies: EntryIndex): boolean {
  const shared = intersectEntries(guard, other)
  return shared !== undefined && !isDenied(shared, denies)
}

function lengthOf({ pattern }: Entry): number {
  return pattern.tokens.length
}
