/**
 * One entry of a permission list: a pattern, for everybody or for members of a queue group. Pure.
 * Read as a set of (literal subject, queue or none): a plain entry holds every queue and none, an entry with a queue pattern
 * holds the queue names that it covers. `>` as a queue is every queue, but not none. Names are compared as nats-server does:
 * a name with wildcards in it is in a queue pattern that covers it whole (`v.>` is not in `v.*`).
 */
import { covers, intersect, overlaps, type Pattern } from '../subject/index.ts'

export interface Entry {
  readonly pattern: Pattern
  readonly queue: Pattern | undefined
  /** As nats-server reads it: `subject` or `subject queue`. */
  readonly text: string
}

export function entryOf(pattern: Pattern, queue?: Pattern): Entry {
  return { pattern, queue, text: queue === undefined ? pattern.text : `${pattern.text} ${queue.text}` }
}

export function coversQueue(wide: Entry, narrow: Entry): boolean {
  if (wide.queue === undefined) return true
  return narrow.queue !== undefined && covers(wide.queue, narrow.queue)
}

export function overlapsQueue(a: Entry, b: Entry): boolean {
  return a.queue === undefined || b.queue === undefined || overlaps(a.queue, b.queue)
}

/** What both hold; `undefined` when that is nothing. */
export function intersectEntries(a: Entry, b: Entry): Entry | undefined {
  const pattern = intersect(a.pattern, b.pattern)
  if (pattern === undefined) return undefined
  if (a.queue === undefined || b.queue === undefined) return entryOf(pattern, a.queue ?? b.queue)
  const queue = intersect(a.queue, b.queue)
  return queue === undefined ? undefined : entryOf(pattern, queue)
}

export function byText(a: { readonly text: string }, b: { readonly text: string }): number {
  if (a.text === b.text) return 0
  return a.text < b.text ? -1 : 1
}

export function textOf(entry: Entry): string {
  return entry.text
}

export function patternOf(entry: Entry): Pattern {
  return entry.pattern
}
