/**
 * Grants with holes, said in the two lists that NATS has. Pure.
 * A deny of NATS takes from every allow, a hole only from its own grant. So a hole that another grant fills needs no deny, and one
 * that nobody needs becomes a deny. Where a deny would cut another grant, that part is given up and told; the own inbox never is:
 * then the grant with the hole goes.
 */
import { DEAR, spend } from '../lib/effort.ts'
import type { Shortfall } from './decision.ts'
import { isDenied, minimiseEntries } from './covered-entries.ts'
import { byText, coversQueue, entryOf, intersectEntries, type Entry } from './entry.ts'
import { EntryIndex } from './entry-index.ts'
import { coversEntry, overlapsEntry, pieceOf, subtractDepths, type Piece } from './piece.ts'

export interface Said {
  /** What is left of the grants. */
  readonly pieces: readonly Piece[]
  /** Those of the policy, and those that say holes. */
  readonly denies: readonly Entry[]
  readonly shortfalls: readonly Shortfall[]
}

/** Beyond this many parts of one hole it is denied as a whole. */
const MOST_PARTS = 64

/** @param denies a deny with holes denies only what is around them. */
export function sayHoles(allows: readonly Piece[], denies: readonly Piece[]): Said {
  if (!denies.some(hasHoles) && !allows.some(hasHoles)) {
    return { pieces: allows, denies: denies.map(({ entry }) => entry), shortfalls: [] }
  }
  const denied = applyDenies(allows, denies)
  const said = denyHoles(denied.pieces, denied.denies)
  return { ...said, shortfalls: [...denied.shortfalls, ...said.shortfalls] }
}

function hasHoles({ holes }: Piece): boolean {
  return holes.length > 0
}

/**
 * A deny with holes leaves of each allow what lies in the holes. Where an allow lies within the deny or can be split at it, that
 * is said by narrower allows; where it only crosses it, the deny takes its holes as well.
 */
function applyDenies(allows: readonly Piece[], denies: readonly Piece[]): Said {
  const whole = denies.filter((piece) => !hasHoles(piece)).map(({ entry }) => entry)
  const shortfalls: Shortfall[] = []
  let pieces = allows
  for (const deny of denies.filter(hasHoles).toSorted((a, b) => byText(a.entry, b.entry))) {
    spend(DEAR * pieces.length)
    const left = pieces.map((piece) => leftBy(deny, piece))
    if (left.every((one) => one !== undefined)) {
      pieces = left.flat()
      continue
    }
    whole.push(deny.entry)
    const reason = `of "${deny.entry.text}" only a part is denied, and NATS can only deny all of it beside what else is granted`
    const lost = pieces.flatMap(({ entry }) => deny.holes.flatMap((hole) => intersectEntries(hole, entry) ?? []))
    shortfalls.push(...minimiseEntries(lost).map(({ text }) => ({ pattern: text, reason })))
  }
  return { pieces, denies: whole, shortfalls }
}

function leftBy({ entry: deny, holes }: Piece, piece: Piece): readonly Piece[] | undefined {
  if (!overlapsEntry(deny, piece.entry)) return [piece]
  const spared = holes.flatMap((hole) => restrict(piece, hole))
  if (coversEntry(deny, piece.entry)) return spared
  const around = coversQueue(deny, piece.entry) ? subtractDepths(piece.entry.pattern, deny.pattern) : undefined
  if (around === undefined) return undefined
  return [...around.flatMap((pattern) => restrict(piece, entryOf(pattern))), ...spared]
}

function restrict({ entry, holes, grant }: Piece, to: Entry): Piece[] {
  const shared = intersectEntries(entry, to)
  return shared === undefined ? [] : pieceOf(shared, holes, grant)
}

function denyHoles(pieces: readonly Piece[], denies: readonly Entry[]): Said {
  const denied = new EntryIndex(denies)
  const shortfalls: Shortfall[] = []
  let rest = pieces
  for (;;) {
    spend(rest.length)
    const index = indexOf(rest)
    const needed: Entry[] = []
    const cut: Shortfall[] = []
    const unsayable = rest.find((piece) => {
      const open = piece.holes.flatMap((hole) => unfilled(hole, index.near(hole), denied))
      for (const hole of open) {
        const taken = index.near(hole).filter((other) => isCut(other, hole, denied))
        if (taken.some(({ grant }) => grant === undefined)) return true
        const reason = `the deny of "${hole.text}", which "${piece.entry.text}" leaves out, would cut it`
        cut.push(...taken.flatMap(({ entry }) => shortfallOf(intersectEntries(entry, hole), reason)))
      }
      needed.push(...open)
      return false
    })
    if (unsayable === undefined) {
      return { pieces: rest, denies: [...denies, ...minimiseEntries(needed)], shortfalls: [...shortfalls, ...cut] }
    }
    const reason = 'what it leaves out could only be denied together with the own inbox'
    shortfalls.push({ pattern: unsayable.entry.text, reason })
    rest = rest.filter((piece) => piece !== unsayable)
  }
}

/** What of the hole no other grant gives, as far as that can be said in entries; the rest stays in it. */
function unfilled(hole: Entry, near: readonly Piece[], denied: EntryIndex): readonly Entry[] {
  let open: readonly Entry[] = [hole]
  for (const piece of near) {
    spend(DEAR * open.length)
    const next = open.flatMap((part) => withoutPiece(part, piece))
    if (next.length <= MOST_PARTS) open = next
  }
  return open.filter((part) => !isDenied(part, denied))
}

function withoutPiece(part: Entry, { entry, holes }: Piece): readonly Entry[] {
  const shared = intersectEntries(part, entry)
  if (shared === undefined) return [part]
  if (holes.some((hole) => coversEntry(hole, shared))) return [part]
  const kept = holes.flatMap((hole) => intersectEntries(hole, part) ?? [])
  if (coversEntry(entry, part)) return kept
  const around = coversQueue(entry, part) ? subtractDepths(part.pattern, entry.pattern) : undefined
  return around === undefined ? [part] : [...around.map((pattern) => entryOf(pattern, part.queue)), ...kept]
}

/** Whether a deny of the hole takes something that the piece gives. */
function isCut({ entry, holes }: Piece, hole: Entry, denied: EntryIndex): boolean {
  const shared = intersectEntries(entry, hole)
  if (shared === undefined || isDenied(shared, denied)) return false
  spend(holes.length)
  return !isDenied(shared, new EntryIndex(holes))
}

function shortfallOf(entry: Entry | undefined, reason: string): Shortfall[] {
  return entry === undefined ? [] : [{ pattern: entry.text, reason }]
}

interface PieceIndex {
  near(entry: Entry): readonly Piece[]
}

function indexOf(pieces: readonly Piece[]): PieceIndex {
  const index = new EntryIndex(pieces.map(({ entry }) => entry))
  const byEntry = new Map<Entry, Piece>(pieces.map((piece) => [piece.entry, piece]))
  return {
    near: (entry) => {
      const found = index.overlapping(entry.pattern)
      spend(DEAR * found.length)
      return found
        .flatMap((other) => byEntry.get(other) ?? [])
        .filter((piece) => overlapsEntry(piece.entry, entry))
        .toSorted((a, b) => byText(a.entry, b.entry))
    },
  }
}
