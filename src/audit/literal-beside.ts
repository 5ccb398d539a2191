/**
 * One literal subject, with a queue or none, that an entry holds and none of its exceptions does. Pure, exact.
 * As in `covers-together.ts`: tokens are without number, so one that nobody spells out decides for all, and one of each length is
 * enough. Here that is asked of subjects and of queue names at once.
 */
import { coversQueue, entryOf, patternOf, type Entry } from '../policy/entry.ts'
import { missedBy, parsePattern, type Pattern } from '../subject/index.ts'

export interface Literal {
  readonly subject: string
  /** Absent: a publish, or a subscription outside every queue group. */
  readonly queue?: string
}

/** `undefined` when the exceptions leave nothing. */
export function literalBeside(entry: Entry, except: readonly Entry[]): Literal | undefined {
  const { pattern, queue } = entry
  if (queue === undefined) {
    // Whatever a queue group is kept from, who is in none is kept from by plain exceptions only.
    const missed = missedBy(except.filter((one) => one.queue === undefined).map(patternOf), pattern)
    return missed === undefined ? undefined : { subject: missed.text }
  }
  const groups = except.flatMap((one) => one.queue ?? [])
  for (const name of namesIn(queue, groups)) {
    const member = entryOf(pattern, name)
    const missed = missedBy(except.filter((one) => coversQueue(one, member)).map(patternOf), pattern)
    if (missed !== undefined) return { subject: missed.text, queue: name.text }
  }
  return undefined
}

const FRESH = 'x'

/** A name of each length that a queue pattern may have, with a token that nobody spells out wherever there is a choice. */
function namesIn(queue: Pattern, groups: readonly Pattern[]): Pattern[] {
  const spelled = new Set([queue, ...groups].flatMap(({ tokens }) => tokens))
  let fresh = FRESH
  for (let i = 1; spelled.has(fresh); i++) fresh = `${FRESH}${i}`
  const literal = queue.tokens.map((token) => (token === '*' || token === '>' ? fresh : token))
  const names = [literal]
  if (queue.tokens.at(-1) === '>') {
    const longest = groups.reduce((length, { tokens }) => Math.max(length, tokens.length), 0) + 1
    for (let length = literal.length + 1; length <= longest; length++) {
      names.push([...literal, ...Array.from({ length: length - literal.length }, () => fresh)])
    }
  }
  return names.flatMap((tokens) => {
    const name = parsePattern(tokens.join('.'))
    return name.ok ? [name.value] : []
  })
}
