/**
 * Subjects of a route that stand for all of its subjects, as far as given path conditions and subject patterns can tell them apart. Pure.
 * Each stands for a box of values for the variables. The boxes are closed under intersection, so that every subject is like the
 * sample of the smallest box that holds it. Half a segment (`/o/a*`) makes no box: its samples stand for some of a wider one.
 */
import type { PathMatch } from '../istio/index.ts'
import { isLiteral, parsePattern, type Pattern } from '../subject/index.ts'
import { intersectBoxes, type Box } from './box.ts'
import { createFragments, type Fragments } from './fragments.ts'
import type { RouteOperation } from './operation.ts'
import { pathBoxes } from './path-boxes.ts'
import { tellingSamples, type BareSample, type Sample } from './telling-samples.ts'
import { createVariables, type VariableBox } from './variables.ts'

export interface Samples {
  readonly samples: readonly Sample[]
  /** False: there would have been more than the limit. */
  readonly isComplete: boolean
}

/** @param patterns that hold something of the route's subjects, or nothing of them */
export function samplesOf(
  operation: RouteOperation,
  conditions: readonly PathMatch[],
  { patterns, limit }: { readonly patterns: readonly Pattern[]; readonly limit: number },
): Samples {
  const variables = createVariables(operation)
  const fragments = createFragments(conditions, [operation.pattern, ...patterns])
  const told = [
    ...conditions.flatMap((match) => pathsOf(match, operation, fragments)).flatMap(variables.ofPath),
    ...patterns.flatMap(variables.ofPattern),
  ]
  const deepest = told.reduce((most, { box }) => Math.max(most, box.cells.length), 0)
  const { boxes, isComplete } = closed([...variables.lengths(deepest), ...told], limit)
  const samples = boxes.flatMap((one): BareSample[] => {
    const spelled = variables.spell(one, fragments.fresh)
    const [literal, within] = [parsePattern(spelled.subject), parsePattern(spelled.within)]
    // What is too long for a subject is none.
    if (!literal.ok || !isLiteral(literal.value) || !within.ok) return []
    const { subject, path } = spelled
    return [{ subject, literal: literal.value, path, within: within.value, isWhole: one.rough.size === 0 }]
  })
  return { samples: tellingSamples(samples, conditions, patterns), isComplete }
}

interface RoughPath {
  readonly box: Box
  /** The segments that only stand for others that begin or end alike. */
  readonly rough?: readonly number[]
  /** Stands for everything that is longer too, from this segment on. */
  readonly endless?: number
}

/** Where on the route the condition holds, and where not: boxes, and texts for the segments that it knows half of. */
function pathsOf(match: PathMatch, { box: route }: RouteOperation, fragments: Fragments): RoughPath[] {
  const { under, over, isExact } = pathBoxes(match, route)
  const whole = [...under, ...over].map((box) => ({ box }))
  if (isExact) return whole
  const halves = over.flatMap((box) => {
    if (box.tail && (match.is === 'suffix' || match.is === 'template')) return deepEnds(match, box, fragments)
    const at = halfKnown(match, box)
    if (at === undefined || box.cells[at] !== undefined || at >= box.cells.length) return []
    return fragments.textsFor(match).map((text) => ({ box: { ...box, cells: box.cells.with(at, text) }, rough: [at] }))
  })
  return [...whole, ...halves]
}

/** Paths of whatever depth that end as the condition says. */
function deepEnds(match: PathMatch, { cells }: Box, fragments: Fragments): RoughPath[] {
  const start = cells.length
  return fragments.endingsFor(match).map((ending) => ({
    box: { cells: [...cells, ...ending], tail: false },
    rough: ending.map((_, i) => start + i),
    endless: start,
  }))
}

/** The position of the segment that the condition names the beginning or the end of. */
function halfKnown(match: PathMatch, { cells, tail }: Box): number | undefined {
  if (match.is === 'prefix') return match.value.split('/').length - 2
  if (match.is !== 'suffix' || tail) return undefined
  const at = cells.length - match.value.split('/').length
  return at < 0 ? undefined : at
}

/** The boxes and everything that some of them share, each once. */
function closed(
  boxes: readonly VariableBox[],
  limit: number,
): { readonly boxes: readonly VariableBox[]; readonly isComplete: boolean } {
  const found = new Map<string, VariableBox>()
  const put = (one: VariableBox): void => {
    const key = keyOf(one)
    const before = found.get(key)
    if (before === undefined || one.rough.size < before.rough.size) found.set(key, one)
  }
  for (const one of boxes) {
    // Grows while it is walked: what is shared already shares nothing more.
    for (const other of found.values()) {
      const shared = intersect(one, other)
      if (shared !== undefined) put(shared)
    }
    put(one)
    if (found.size > limit) return { boxes: [...found.values()].slice(0, limit), isComplete: false }
  }
  return { boxes: [...found.values()], isComplete: true }
}

function intersect(a: VariableBox, b: VariableBox): VariableBox | undefined {
  const box = intersectBoxes(a.box, b.box)
  if (box === undefined) return undefined
  // A text that the other spells out is that text and no other.
  const left = [...a.rough].filter((at) => b.box.cells[at] === undefined || b.rough.has(at))
  const right = [...b.rough].filter((at) => a.box.cells[at] === undefined || a.rough.has(at))
  const endless = a.endless ?? b.endless
  return { box, rough: new Set([...left, ...right]), ...(endless === undefined ? {} : { endless }) }
}

function keyOf({ box: { cells, tail } }: VariableBox): string {
  return `${cells.map((cell) => `${cell ?? ''}.`).join('')}${tail ? '>' : ''}`
}
