/**
 * First in, first out, within a deadline: what waited past it is handed to `late` and never worked on. Once work turns out to come too
 * late, more is asked than can be answered in time: for the next two seconds the newest goes first, as it has the most time left.
 * Work runs in short slices between turns of the event loop, so that new arrivals are read (and timed) while a queue stands.
 * A lone request is worked on at once. While several come together, those of the next four milliseconds are gathered: each turn
 * (wake, read, write) costs as much as a fifth of a login, and so many at a time share one.
 * Dropping what cannot make its deadline, before any cryptography, is what brings a reconnect storm to its end: docs/adr/0003.
 */

export interface DeadlineQueue<T> {
  /** @returns false when the queue is full; the item is not taken. */
  push(item: T, deadline: number): boolean
  readonly length: number
}

export interface QueueDeps<T> {
  /** Milliseconds. */
  now(): number
  /** Runs the callback after pending I/O, and not before so many milliseconds (0: setImmediate). */
  defer(callback: () => void, milliseconds: number): void
  /** @returns false when nobody waits for its answer any more. */
  work(item: T, now: number): boolean
  late(item: T, now: number): void
}

const SLICE_MS = 8
const GATHER_MS = 4
/** The shortest wait between two attempts of a stock client. */
const OVERLOAD_MS = 2_000

export function createDeadlineQueue<T>(limit: number, deps: QueueDeps<T>): DeadlineQueue<T> {
  let items: { item: T; deadline: number }[] = []
  let next = 0
  let scheduled = false
  let emptiedAt = -Infinity
  let gathered = 0
  let overloadedUntil = -Infinity

  function runSlice(): void {
    scheduled = false
    const end = deps.now() + SLICE_MS
    for (let now = deps.now(); next < items.length && now < end; now = deps.now()) {
      const oldest = items[next]
      if (oldest !== undefined && now >= oldest.deadline) {
        // Also while newer ones go first: else the dead would lie here, and out of the records, until the overload is over.
        next += 1
        deps.late(oldest.item, now)
        continue
      }
      const entry = now < overloadedUntil ? items.pop() : items[next++]
      if (entry === undefined) continue
      if (now >= entry.deadline) deps.late(entry.item, now)
      else if (!deps.work(entry.item, now) && now >= overloadedUntil) overloadedUntil = now + OVERLOAD_MS
    }
    if (next >= items.length) {
      gathered = items.length
      items = []
      next = 0
      emptiedAt = deps.now()
      return
    }
    if (next > 1024) {
      items = items.slice(next)
      next = 0
    }
    schedule(0)
  }

  function schedule(milliseconds: number): void {
    if (scheduled) return
    scheduled = true
    deps.defer(runSlice, milliseconds)
  }

  return {
    push(item, deadline) {
      if (items.length - next >= limit) return false
      items.push({ item, deadline })
      if (!scheduled) schedule(gathered > 1 && deps.now() - emptiedAt <= GATHER_MS ? GATHER_MS : 0)
      return true
    },
    get length() {
      return items.length - next
    },
  }
}
