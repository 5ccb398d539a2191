/**
 * The algebra of NATS subjects: what a pattern matches, covers, shares with another. Pure, and knows no policy.
 * This door lists everything other rooms may use.
 */
export { isLiteral, parsePattern, parseSubject, type Pattern } from './pattern.ts'
export { covers, intersect, matches, overlaps, witness } from './algebra.ts'
export { coveredByAny, minimise, overlapsAny, subtractCovered } from './list.ts'
export { coversTogether, missedBy } from './covers-together.ts'
export { PatternIndex } from './pattern-index.ts'
