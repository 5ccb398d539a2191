/**
 * What one permission list gives that another does not: entries, each with what is left out of it, and one subject as an example. Pure.
 * Exact for literal subjects, with a queue or none; nothing that both give is in it, nothing that only the first gives is missing.
 * A set difference of patterns is not always a pattern: `a.>` without `a.b` can only be said with an exception.
 */
import type { PermissionList } from '../policy/decision.ts'
import { minimiseEntries } from '../policy/covered-entries.ts'
import { byText, coversQueue, intersectEntries, overlapsQueue, patternOf, type Entry } from '../policy/entry.ts'
import { EntryIndex } from '../policy/entry-index.ts'
import { coversEntry, pieceOf } from '../policy/piece.ts'
import { coversTogether } from '../subject/index.ts'
import { entriesIn } from './list-entries.ts'
import { literalBeside, type Literal } from './literal-beside.ts'

export interface Beyond {
  readonly entry: Entry
  /** Within the entry. */
  readonly except: readonly Entry[]
  readonly example: Literal
}

/** Given nothing at all. */
export const NOTHING: PermissionList = Object.freeze({ allow: Object.freeze([]), deny: Object.freeze(['>']) })

/** @returns minimal, sorted by entry. */
export function beyond(own: PermissionList, other: PermissionList): readonly Beyond[] {
  if (isSameList(own, other)) return []
  const granted = minimiseEntries(entriesIn(own.allow))
  const withheld = new EntryIndex(entriesIn(own.deny))
  const theirs = new EntryIndex(entriesIn(other.allow))
  const theirDenies = new EntryIndex(entriesIn(other.deny))
  const found = granted.flatMap((entry): Beyond[] => {
    const denied = meeting(withheld, entry)
    const shared = meeting(theirs, entry)
    return [
      ...partsOf(entry, [...shared, ...denied]),
      // What they are granted and then denied, as far as it touches a grant of theirs: the rest is in the parts above.
      ...(shared.length === 0 ? [] : meeting(theirDenies, entry)).flatMap((deny) => {
        const both = intersectEntries(deny, entry)
        if (both === undefined || !shared.some((one) => intersectEntries(one, both) !== undefined)) return []
        return partsOf(both, denied)
      }),
    ]
  })
  return minimal(found)
}

function meeting(index: EntryIndex, entry: Entry): Entry[] {
  return index.overlapping(entry.pattern).filter((other) => overlapsQueue(other, entry))
}

/** The entry without the others. A depth that goes as a whole needs no exception: `a.>` without `a.*` is `a.*.>`. */
function partsOf(entry: Entry, others: readonly Entry[]): Beyond[] {
  if (others.some((other) => coversEntry(other, entry))) return []
  return pieceOf(entry, others, undefined).flatMap((piece): Beyond[] => {
    const except = minimiseEntries(piece.holes)
    const example = literalBeside(piece.entry, except)
    return example === undefined ? [] : [{ entry: piece.entry, except, example }]
  })
}

/** Each once, without those that lie in another. */
function minimal(parts: readonly Beyond[]): Beyond[] {
  const distinct = [...new Map(parts.map((part) => [keyOf(part), part])).values()].toSorted((a, b) =>
    byText({ text: keyOf(a) }, { text: keyOf(b) }),
  )
  const byEntry = new Map(distinct.map((part) => [part.entry, part]))
  const index = new EntryIndex([...byEntry.keys()])
  const gone = new Set<Beyond>()
  for (const part of distinct) {
    const wider = index.covering(part.entry.pattern).flatMap((entry) => byEntry.get(entry) ?? [])
    // Of two that say the same in other words, one stays.
    if (wider.some((other) => other !== part && !gone.has(other) && liesIn(part, other))) gone.add(part)
  }
  return distinct.filter((part) => !gone.has(part))
}

function liesIn(part: Beyond, other: Beyond): boolean {
  if (!coversEntry(other.entry, part.entry)) return false
  return other.except.every((hole) => {
    const cut = intersectEntries(hole, part.entry)
    if (cut === undefined) return true
    const own = part.except.filter((one) => coversQueue(one, cut))
    return coversTogether(own.map(patternOf), cut.pattern)
  })
}

function keyOf({ entry, except }: Beyond): string {
  return [entry, ...except].map(({ text }) => text).join('\n')
}

/** Entry by entry. */
export function isSameList(one: PermissionList, other: PermissionList): boolean {
  return sameTexts(one.allow, other.allow) && sameTexts(one.deny, other.deny)
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((text, position) => text === b[position]))
}
