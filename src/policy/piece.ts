/** What one grant gives, entry by entry, each with the holes that the grant leaves in it. Pure. */
import { spend } from '../lib/effort.ts'
import { covers, intersect, parsePattern, type Pattern } from '../subject/index.ts'
import { coversQueue, entryOf, intersectEntries, overlapsQueue, type Entry } from './entry.ts'
import { publishEntries, subscribeEntries } from './grant-entries.ts'
import type { Grant } from './model.ts'

export interface Piece {
  readonly entry: Entry
  /** Within the entry; the grant says nothing of them. */
  readonly holes: readonly Entry[]
  /** Absent for the own inbox. */
  readonly grant?: Grant
}

export function publishPieces(grant: Grant): Piece[] {
  return piecesOf(grant, publishEntries(grant))
}

export function subscribePieces(grant: Grant): Piece[] {
  return piecesOf(grant, subscribeEntries(grant))
}

function piecesOf(grant: Grant, entries: readonly Entry[]): Piece[] {
  const { except } = grant
  if (except === undefined) return entries.map((entry) => ({ entry, holes: [], grant }))
  const holes = except.map((pattern) => entryOf(pattern))
  return entries.flatMap((entry) => pieceOf(entry, holes, grant))
}

/** The entry without the holes: a depth that is a hole as a whole needs none, the others are spelled out. */
export function pieceOf(entry: Entry, holes: readonly Entry[], grant: Grant | undefined): Piece[] {
  spend(1 + holes.length)
  const own = grant === undefined ? {} : { grant }
  const within = holes.flatMap((hole) => intersectEntries(hole, entry) ?? [])
  for (const hole of within) {
    const parts = coversQueue(hole, entry) ? subtractDepths(entry.pattern, hole.pattern) : undefined
    if (parts === undefined) continue
    const others = within.filter((other) => other !== hole)
    return parts.flatMap((pattern) => pieceOf(entryOf(pattern, entry.queue), others, grant))
  }
  return [{ entry, holes: within, ...own }]
}

export function cutPieces(pieces: readonly Piece[], cut: (entries: readonly Entry[]) => readonly Entry[]): Piece[] {
  return pieces.flatMap(({ entry, holes, grant }) => cut([entry]).flatMap((left) => pieceOf(left, holes, grant)))
}

export function coversEntry(wide: Entry, narrow: Entry): boolean {
  return covers(wide.pattern, narrow.pattern) && coversQueue(wide, narrow)
}

export function overlapsEntry(a: Entry, b: Entry): boolean {
  return overlapsQueue(a, b) && intersect(a.pattern, b.pattern) !== undefined
}

/**
 * The first pattern without what the second takes of it, where patterns can say that: when only the number of tokens tells them
 * apart (`a.>` without `a.*` is `a.*.>`). `undefined` where a deny would be needed.
 */
export function subtractDepths(whole: Pattern, part: Pattern): readonly Pattern[] | undefined {
  const shared = intersect(whole, part)
  if (shared === undefined) return [whole]
  if (shared.text === whole.text) return []
  if (whole.tokens.at(-1) !== '>') return undefined
  const before = whole.tokens.slice(0, -1)
  const behind = shared.tokens.slice(before.length)
  if (!before.every((token, i) => token === shared.tokens[i])) return undefined
  const goesOn = behind.at(-1) === '>'
  const stars = goesOn ? behind.slice(0, -1) : behind
  if (!stars.every((token) => token === '*')) return undefined
  const depths = Array.from({ length: goesOn ? stars.length : stars.length - 1 }, (_, i) => '*'.padEnd(2 * i + 1, '.*'))
  const open = goesOn ? [] : [[...before, ...stars, '>'].join('.')]
  return patternsOf([...depths.map((tail) => [...before, tail].join('.')), ...open])
}

/** Only their length can be too much. */
function patternsOf(texts: readonly string[]): readonly Pattern[] | undefined {
  const patterns = texts.flatMap((text) => {
    const parsed = parsePattern(text)
    return parsed.ok ? [parsed.value] : []
  })
  return patterns.length === texts.length ? patterns : undefined
}
