/**
 * How two patterns stand to each other, as the sets of literal subjects they match. Pure, exact, linear in tokens.
 * Every answer is about matching: what nats-server admits as a subscription under an allow is wider and decided elsewhere.
 */
import { isWildcard, ONE_TOKEN, patternOf, TAIL, type Pattern } from './pattern.ts'

/** Stands in a witness wherever any token would do. */
const ANY_TOKEN = 'x'

/**
 * Whether a message on the literal `subject` reaches a subscription to `pattern`.
 * A `subject` with wildcards is asked about as a whole, as by {@link covers}.
 */
export function matches(pattern: Pattern, subject: Pattern): boolean {
  return covers(pattern, subject)
}

/** Whether `wide` matches every literal subject that `narrow` matches. */
export function covers(wide: Pattern, narrow: Pattern): boolean {
  for (let i = 0; i < wide.tokens.length; i++) {
    const own = wide.tokens[i]
    const other = narrow.tokens[i]
    if (other === undefined) return false
    if (own === TAIL) return true
    // `>` is also longer than any one token: `*` does not cover it, and `a.*` does not cover `a.>`.
    if (other === TAIL) return false
    if (own !== ONE_TOKEN && own !== other) return false
  }
  return wide.tokens.length === narrow.tokens.length
}

/** Whether some literal subject is matched by both. */
export function overlaps(a: Pattern, b: Pattern): boolean {
  for (let i = 0; ; i++) {
    const left = a.tokens[i]
    const right = b.tokens[i]
    if (left === undefined || right === undefined) return left === right
    if (left === TAIL || right === TAIL) return true
    if (left !== right && left !== ONE_TOKEN && right !== ONE_TOKEN) return false
  }
}

/** The pattern that matches exactly what both match; `undefined` when nothing is. The intersection is never two patterns. */
export function intersect(a: Pattern, b: Pattern): Pattern | undefined {
  const shared: string[] = []
  for (let i = 0; ; i++) {
    const left = a.tokens[i]
    const right = b.tokens[i]
    if (left === undefined || right === undefined) return left === right ? patternOf(shared) : undefined
    if (left === TAIL) return patternOf([...shared, ...b.tokens.slice(i)])
    if (right === TAIL) return patternOf([...shared, ...a.tokens.slice(i)])
    if (left !== right && left !== ONE_TOKEN && right !== ONE_TOKEN) return undefined
    shared.push(left === ONE_TOKEN ? right : left)
  }
}

/** A literal subject that both match, to show to people; `undefined` when there is none. */
export function witness(a: Pattern, b: Pattern): string | undefined {
  return intersect(a, b)
    ?.tokens.map((token) => (isWildcard(token) ? ANY_TOKEN : token))
    .join('.')
}
