/**
 * What several patterns cover only as a union: `a.*` and `a.*.>` together are `a.>`. Pure, exact.
 *
 * Tokens are without number, so one exists that no entry spells out. Take a literal of some length that `narrow` matches,
 * with that token wherever `narrow` leaves the choice: an entry that matches it matches every literal of `narrow` with
 * that length. So one literal for each length decides, and beyond the longest entry every length is alike.
 */
import { spend } from '../lib/effort.ts'
import { covers } from './algebra.ts'
import { isWildcard, patternOf, TAIL, type Pattern } from './pattern.ts'

/** Whether every literal subject that `narrow` matches is matched by one entry or another. */
export function coversTogether(patterns: readonly Pattern[], narrow: Pattern): boolean {
  return missedBy(patterns, narrow) === undefined
}

/** A shortest literal subject that `narrow` matches and no entry does; `undefined` when they cover it together. */
export function missedBy(patterns: readonly Pattern[], narrow: Pattern): Pattern | undefined {
  const fresh = unspelled(patterns)
  const literal = narrow.tokens.map((token) => (isWildcard(token) ? fresh : token))
  const longest = narrow.tokens.at(-1) === TAIL ? longestOf(patterns) + 1 : 0
  for (;;) {
    spend(patterns.length)
    const candidate = patternOf([...literal])
    if (!patterns.some((pattern) => covers(pattern, candidate))) return candidate
    if (literal.length >= longest) return undefined
    literal.push(fresh)
  }
}

/** A token that no entry has. */
function unspelled(patterns: readonly Pattern[]): string {
  const spelled = new Set(patterns.flatMap((pattern) => pattern.tokens))
  let token = 'x'
  for (let i = 1; spelled.has(token); i++) token = `x${i}`
  return token
}

function longestOf(patterns: readonly Pattern[]): number {
  return patterns.reduce((longest, pattern) => Math.max(longest, pattern.tokens.length), 0)
}
