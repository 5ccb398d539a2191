/**
 * Where on a route a path condition of a policy holds. Pure.
 * Exact for literals, presence, templates and prefixes that end at a slash. Half a segment and endings of unknown depth cannot be
 * said in subjects: there `under` holds less and `over` more than the truth.
 */
import type { PathMatch, PathSegment } from '../istio/index.ts'
import { intersectBoxes, type Box, type Cell } from './box.ts'
import { mayBegin, mayEnd, tokenOfSegment } from './segment.ts'

/** All boxes lie within the route. */
export interface PathBoxes {
  /** Paths for which the condition holds, perhaps not all of them. */
  readonly under: readonly Box[]
  /** Paths for which it may hold, perhaps more than that. */
  readonly over: readonly Box[]
  readonly isExact: boolean
}

const NOTHING: PathBoxes = { under: [], over: [], isExact: true }

/** No path of the route has a segment there. */
const BEYOND = null

/** An ending is looked for this many segments below the route; deeper ones are left to `over`. */
const DEPTH = 3

/** What a template's operators match (Envoy's uri_template); every encoded token is made of it. */
const TEMPLATE_ALPHABET = /^[A-Za-z0-9\-._~%!$&'()*+,;:@=]*$/

/** @param route its variables are cells without text, `{x...}` is the tail. */
export function pathBoxes(match: PathMatch, route: Box): PathBoxes {
  switch (match.is) {
    case 'presence':
      return exactly([route])
    case 'exact':
      return match.value.startsWith('/')
        ? exactly(within(route, boxOf(match.value.slice(1).split('/'), false)))
        : NOTHING
    case 'prefix':
      return match.value.startsWith('/') ? prefixBoxes(match.value.slice(1).split('/'), route) : NOTHING
    case 'suffix':
      return suffixBoxes(match.value.split('/'), route)
    default:
      return templateBoxes(match.segments, route)
  }
}

function prefixBoxes(segments: readonly string[], route: Box): PathBoxes {
  const literals = segments.slice(0, -1)
  const beginning = segments.at(-1) ?? ''
  if (beginning === '') return exactly(within(route, boxOf(literals, true)))
  const cell = cellAt(route, literals.length)
  const upTo = (last: Cell): Box[] => [false, true].flatMap((tail) => within(route, boxOf([...literals, last], tail)))
  if (cell === BEYOND) return NOTHING
  if (cell !== undefined) return cell.startsWith(beginning) ? exactly(upTo(cell)) : NOTHING
  if (!mayBegin(beginning)) return NOTHING
  return roughly(isToken(beginning) ? upTo(beginning) : [], upTo(undefined))
}

function suffixBoxes([ending = '', ...after]: readonly string[], route: Box): PathBoxes {
  const ask = (shape: Box): PathBoxes => {
    const before = shape.cells.length - after.length - 1
    const cells = endsWith(shape.cells, after)
    if (cells === undefined) return NOTHING
    // The whole path is `/` and what stands behind it, so an ending that begins with `/` may be all of it.
    if (ending === '') return exactly([{ cells, tail: false }])
    if (before < 0) return NOTHING
    const cell = cells[before]
    if (cell !== undefined) return cell.endsWith(ending) ? exactly([{ cells, tail: false }]) : NOTHING
    if (!mayEnd(ending)) return NOTHING
    const literal = { cells: cells.with(before, ending), tail: false }
    return roughly(isToken(ending) ? [literal] : [], [{ cells, tail: false }])
  }
  return byLength(route, { after, least: after.length, ask, deeper: (shape) => [shape] })
}

function templateBoxes(segments: readonly PathSegment[], route: Box): PathBoxes {
  const rest = segments.findIndex((segment) => typeof segment !== 'string' && segment.any === 'rest')
  if (rest < 0) return exactly(matching(route, segments, false))
  const before = segments.slice(0, rest)
  const after = segments.slice(rest + 1)
  if (after.length === 0) return exactly(matching(route, before, true))
  const ask = (shape: Box): PathBoxes => {
    const free = shape.cells.length - before.length - after.length
    if (free < 1) return NOTHING
    return exactly(matching(shape, [...before, ...rests(free), ...after], false))
  }
  const deeper = (shape: Box): Box[] =>
    matching(shape, [...before, ...rests(shape.cells.length - before.length)], shape.tail)
  return byLength(route, { after: after.map(literalOf), least: segments.length, ask, deeper })
}

function rests(count: number): PathSegment[] {
  return Array.from({ length: count }, () => ({ any: 'rest' }) as const)
}

/** @param goesOn with one segment or more, whatever they are. */
function matching(route: Box, segments: readonly PathSegment[], goesOn: boolean): Box[] {
  return within(route, boxOf(segments.map(literalOf), goesOn)).filter(({ cells }) => fits(cells, segments))
}

/** Whether operators stand only where they match; behind the segments `{**}` goes on. */
function fits(cells: readonly Cell[], segments: readonly PathSegment[]): boolean {
  return cells.every((cell, i) => {
    const segment = segments[i]
    if (cell === undefined || typeof segment === 'string') return true
    if (segment?.any === 'segment' && cell === '') return false
    return TEMPLATE_ALPHABET.test(cell)
  })
}

interface Lengths {
  /** What the paths end with, where it is spelled out. */
  readonly after: readonly Cell[]
  /** Paths with fewer segments never match. */
  readonly least: number
  readonly ask: (shape: Box) => PathBoxes
  /** Where paths longer than those asked about may match, whatever they end with. */
  readonly deeper: (shape: Box) => readonly Box[]
}

/** Asks about each length that the route's paths can have; of those beyond the depth, only whether they may end so. */
function byLength(route: Box, { after, least, ask, deeper }: Lengths): PathBoxes {
  if (!route.tail) return ask(route)
  const depth = Math.max(least - route.cells.length, after.length + 1) + DEPTH
  const answers = Array.from({ length: depth }, (_, i) => ask({ cells: lengthened(route, i + 1), tail: false }))
  // Deeper paths end in variables alone: they match if the deepest asked about does, unless no token is encoded like that.
  const isEndless =
    answers.at(-1)?.over.length !== 0 && after.every((cell) => cell === undefined || tokenOfSegment(cell).is !== 'none')
  return {
    under: answers.flatMap(({ under }) => under),
    over: [
      ...answers.flatMap(({ over }) => over),
      ...(isEndless ? deeper({ cells: lengthened(route, depth), tail: true }) : []),
    ],
    isExact: !isEndless && answers.every(({ isExact }) => isExact),
  }
}

function lengthened(route: Box, by: number): Cell[] {
  return [...route.cells, ...Array.from<Cell>({ length: by }).fill(undefined)]
}

function endsWith(cells: readonly Cell[], after: readonly string[]): Cell[] | undefined {
  const start = cells.length - after.length
  if (start < 0) return undefined
  const isOther = (cell: Cell, i: number): boolean => i >= start && cell !== undefined && cell !== after[i - start]
  return cells.some(isOther) ? undefined : [...cells.slice(0, start), ...after]
}

function cellAt(route: Box, position: number): Cell | typeof BEYOND {
  if (position < route.cells.length) return route.cells[position]
  return route.tail ? undefined : BEYOND
}

function within(route: Box, box: Box): Box[] {
  const shared = intersectBoxes(route, box)
  return shared === undefined ? [] : [shared]
}

function boxOf(cells: readonly Cell[], tail: boolean): Box {
  return { cells, tail }
}

function literalOf(segment: PathSegment): Cell {
  return typeof segment === 'string' ? segment : undefined
}

function isToken(segment: string): boolean {
  return tokenOfSegment(segment).is === 'token'
}

function exactly(boxes: readonly Box[]): PathBoxes {
  return { under: boxes, over: boxes, isExact: true }
}

function roughly(under: readonly Box[], over: readonly Box[]): PathBoxes {
  return { under, over, isExact: false }
}
