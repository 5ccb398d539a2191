/**
 * Lists of patterns, read as the union of what they match: put into canonical form, cut, asked. Pure.
 * Here one entry at a time has to cover; what several cover only together is `covers-together.ts`.
 */
import { covers, overlaps } from './algebra.ts'
import { PatternIndex } from './pattern-index.ts'
import type { Pattern } from './pattern.ts'

/** The same union without duplicates and without entries that another entry covers, sorted by code unit of `text`. */
export function minimise(patterns: Iterable<Pattern>): Pattern[] {
  const distinct = new Map<string, Pattern>()
  for (const pattern of patterns) distinct.set(pattern.text, pattern)
  const index = indexOf(distinct.values())
  return [...distinct.values()].filter((pattern) => index.covering(pattern).length === 1).toSorted(byText)
}

/** The patterns, in their order, that no single deny covers whole. One that a deny only overlaps stays as it is. */
export function subtractCovered(patterns: readonly Pattern[], denies: readonly Pattern[]): Pattern[] {
  const index = indexOf(denies)
  return patterns.filter((pattern) => index.covering(pattern).length === 0)
}

/** Whether one of the patterns covers `narrow` by itself. */
export function coveredByAny(patterns: readonly Pattern[], narrow: Pattern): boolean {
  return patterns.some((pattern) => covers(pattern, narrow))
}

/** Whether one of the patterns shares a literal subject with `other`. */
export function overlapsAny(patterns: readonly Pattern[], other: Pattern): boolean {
  return patterns.some((pattern) => overlaps(pattern, other))
}

function indexOf(patterns: Iterable<Pattern>): PatternIndex<Pattern> {
  const index = new PatternIndex<Pattern>()
  for (const pattern of patterns) index.add(pattern, pattern)
  return index
}

function byText(a: Pattern, b: Pattern): number {
  if (a.text === b.text) return 0
  return a.text < b.text ? -1 : 1
}
