/**
 * Path conditions by where they can hold: of thousands most routes meet a few. Pure.
 * By the segments that a condition begins with, or ends with where its beginning is open. What is not near a route holds nowhere on it.
 */
import type { PathMatch } from '../istio/index.ts'
import { PatternIndex } from '../subject/index.ts'
import type { Box, Cell } from './box.ts'

export class PathIndex<T> {
  readonly #byBeginning = new PatternIndex<T>()
  /** Last segments first. */
  readonly #byEnding = new PatternIndex<T>()

  add(match: PathMatch, value: T): void {
    if (match.is === 'suffix') {
      for (const ending of endingsOf(match.value)) this.#byEnding.add(spell(ending), value)
    } else {
      const beginning = beginningOf(match)
      if (beginning !== undefined) this.#byBeginning.add(spell(beginning), value)
    }
  }

  /** Of the conditions that may hold on the route, each once, in no promised order. */
  near({ cells, tail }: Box): T[] {
    const backwards = tail ? ANYTHING : { cells: cells.toReversed(), tail: false }
    const found = [
      ...this.#byBeginning.overlapping(spell({ cells, tail })),
      ...this.#byEnding.overlapping(spell(backwards)),
    ]
    return [...new Set(found)]
  }
}

const ANYTHING: Box = { cells: [], tail: true }

/** All paths for which the condition holds, and more; `undefined` when there is none. */
function beginningOf(match: Exclude<PathMatch, { readonly is: 'suffix' }>): Box | undefined {
  switch (match.is) {
    case 'presence':
      return ANYTHING
    case 'template': {
      const rest = match.segments.findIndex((segment) => typeof segment !== 'string' && segment.any === 'rest')
      const cells = match.segments.map((segment): Cell => (typeof segment === 'string' ? segment : undefined))
      return rest < 0 ? { cells, tail: false } : { cells: cells.slice(0, rest), tail: true }
    }
    default: {
      if (!match.value.startsWith('/')) return undefined
      const cells = match.value.slice(1).split('/')
      // The last segment of a prefix may be half of one.
      return match.is === 'exact' ? { cells, tail: false } : { cells: cells.slice(0, -1), tail: true }
    }
  }
}

/** Likewise, backwards. The slash that `/x/y` begins with may be the one of the path, so that nothing stands before `x`. */
function endingsOf(suffix: string): Box[] {
  const [half, ...after] = suffix.split('/')
  const cells = after.toReversed()
  return half === ''
    ? [
        { cells, tail: false },
        { cells, tail: true },
      ]
    : [{ cells, tail: true }]
}

/** In the words of subjects; a segment may hold a star, so each is marked as text. */
function spell({ cells, tail }: Box): { readonly tokens: readonly string[] } {
  const tokens = cells.map((cell) => (cell === undefined ? '*' : `/${cell}`))
  return { tokens: tail ? [...tokens, '>'] : tokens }
}
