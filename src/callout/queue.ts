/**
 * First in, first out, within a deadline: what waited past it is handed to `late` and never worked on.
 * Work runs in short slices between turns of the event loop, so that new arrivals are read (and timed) while a queue stands.
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
  /** Runs the callback after pending I/O (setImmediate). */
  defer(callback: () => void): void
  work(item: T, now: number): void
  late(item: T, now: number): void
}

const SLICE_MS = 8

export function createDeadlineQueue<T>(limit: number, deps: QueueDeps<T>): DeadlineQueue<T> {
  let items: { item: T; deadline: number }[] = []
  let next = 0
  let scheduled = false

  function runSlice(): void {
    scheduled = false
    const end = deps.now() + SLICE_MS
    for (let now = deps.now(); next < items.length && now < end; now = deps.now()) {
      const entry = items[next]
      next += 1
      if (entry === undefined) continue
      if (now >= entry.deadline) deps.late(entry.item, now)
      else deps.work(entry.item, now)
    }
    if (next === items.length) {
      items = []
      next = 0
      return
    }
    if (next > 1024) {
      items = items.slice(next)
      next = 0
    }
    schedule()
  }

  function schedule(): void {
    if (scheduled) return
    scheduled = true
    deps.defer(runSlice)
  }

  return {
    push(item, deadline) {
      if (items.length - next >= limit) return false
      items.push({ item, deadline })
      schedule()
      return true
    },
    get length() {
      return items.length - next
    },
  }
}
