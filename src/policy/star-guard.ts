/**
 * The hole behind a trailing `*`. nats-server looks a SUB up as if it were a literal, so `sub.allow "a.*"` admits
 * `SUB a.>` and whatever is deeper is delivered. `sub.deny "a.*.>"` stops that, at delivery. Pure.
 * Refuses an entry whose guard would cut through what another entry grants: no deny can tell the two apart, so the entry
 * goes and the other stays. Refuses on `legacy` servers an entry whose guard they would ignore.
 */
import { spend } from '../lib/effort.ts'
import { covers, coversTogether, parsePattern, type Pattern } from '../subject/index.ts'
import type { DeliveryFilter } from './decision.ts'
import { isDenied } from './covered-entries.ts'
import { byText, coversQueue, entryOf, intersectEntries, patternOf, type Entry } from './entry.ts'
import { EntryIndex } from './entry-index.ts'
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
  const index = new EntryIndex(allows)
  for (const entry of stars.toSorted((a, b) => lengthOf(b) - lengthOf(a))) {
    // A guard meets only what is longer than its entry: the longest are settled first, and each that goes frees shorter ones.
    if (unsayable[0] !== undefined && lengthOf(unsayable[0].entry) > lengthOf(entry)) break
    const answer = filter === 'filtering' ? guardByDepth(entry, index, denies) : guardWhole(entry, index, denies)
    if ('reason' in answer) unsayable.push(answer)
    else guards.push(...answer)
  }
  return { guards, unsayable }
}

function guardByDepth(entry: Entry, allows: EntryIndex, denies: EntryIndex): readonly Entry[] | Unsayable {
  const deeper = belowOf(entry.pattern)
  if (deeper === undefined) return tooLong(entry)
  const near = allows.overlapping(deeper)
  if (near.length === 0) return [entryOf(deeper, entry.queue)]
  const guards = guardsOf(entry, near)
  return guards === undefined ? tooLong(entry) : (cutBy(entry, guards, near, denies) ?? guards)
}

/**
 * Where another entry grants all subjects of a depth, that depth needs no deny; one `>` closes all depths from some on.
 * For one queue where the entry is, so that they cut as little as can be. `undefined`: too long to be written.
 * @param near what is granted below the entry
 */
function guardsOf(entry: Entry, near: readonly Entry[]): readonly Entry[] | undefined {
  const granting = near.filter((other) => coversQueue(other, entry))
  // Below the longest entry every depth is like the first one there.
  const deepest = near.reduce((longest, other) => Math.max(longest, lengthOf(other)), lengthOf(entry)) + 1
  const guards: Entry[] = []
  let open: Pattern[] = []
  let above = entry.pattern
  let aboveOpen = above
  for (let depth = lengthOf(entry) + 1; depth <= deepest; depth++) {
    spend(granting.length)
    const level = parsePattern(`${above.text}.*`)
    if (!level.ok) return undefined
    if (granting.some(({ pattern }) => covers(pattern, level.value))) {
      guards.push(...open.map((pattern) => entryOf(pattern, entry.queue)))
      open = []
    } else {
      if (open.length === 0) aboveOpen = above
      open.push(level.value)
    }
    above = level.value
  }
  if (open.length === 0) return guards
  const tail = belowOf(aboveOpen)
  return tail === undefined ? undefined : [...guards, entryOf(tail, entry.queue)]
}

/** One deny for all depths and all queues, behind literal tokens only: legacy servers ignore the others. */
function guardWhole(entry: Entry, allows: EntryIndex, denies: EntryIndex): readonly Entry[] | Unsayable {
  const deeper = belowOf(entry.pattern)
  if (deeper === undefined) return tooLong(entry)
  const guard = entryOf(deeper)
  const near = allows.overlapping(guard.pattern)
  const granted = near.filter((other) => coversQueue(other, entry)).map(patternOf)
  if (coversTogether(granted, guard.pattern)) return []
  if (entry.pattern.tokens.slice(0, -1).includes('*')) {
    return {
      entry,
      reason: `it also admits subscriptions below it, and this server version ignores the deny "${guard.text}"`,
    }
  }
  return cutBy(entry, [guard], near, denies) ?? [guard]
}

function cutBy(
  entry: Entry,
  guards: readonly Entry[],
  near: readonly Entry[],
  denies: EntryIndex,
): Unsayable | undefined {
  for (const guard of guards) {
    spend(near.length)
    const [cut] = near.filter((other) => cuts(guard, other, denies)).toSorted(byText)
    if (cut === undefined) continue
    const reason = `it also admits subscriptions below it, and the deny against them, "${guard.text}", would cut "${cut.text}"`
    return { entry, reason }
  }
  return undefined
}

function cuts(guard: Entry, other: Entry, denies: EntryIndex): boolean {
  const shared = intersectEntries(guard, other)
  return shared !== undefined && !isDenied(shared, denies)
}

const below = new WeakMap<Pattern, Pattern>()

/** Everything deeper; `undefined` when that cannot be written. Patterns live as long as their snapshot and are asked often. */
function belowOf(pattern: Pattern): Pattern | undefined {
  const known = below.get(pattern)
  if (known !== undefined) return known
  const parsed = parsePattern(`${pattern.text}.>`)
  if (!parsed.ok) return undefined
  below.set(pattern, parsed.value)
  return parsed.value
}

function tooLong(entry: Entry): Unsayable {
  return { entry, reason: 'it is too long to be guarded against subscriptions below it' }
}

function lengthOf({ pattern }: Entry): number {
  return pattern.tokens.length
}
