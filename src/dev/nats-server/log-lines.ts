/** The newest lines of a log, bounded, and a way to wait for one that has not been written yet. */

export interface LogLines {
  /** Oldest first; only the newest are kept. */
  readonly lines: readonly string[]
  add(chunk: string): void
  /** @returns the first line, past or to come, that matches; `undefined` when none did within the time. */
  find(pattern: RegExp, withinMs: number): Promise<string | undefined>
  /** As {@link find}, but what is there already does not count. */
  next(pattern: RegExp, withinMs: number): Promise<string | undefined>
  /** Nothing more will come: whoever waits is told. */
  end(): void
}

interface Waiter {
  readonly pattern: RegExp
  readonly done: (line: string | undefined) => void
}

const MAX_LINES = 2_000
const MAX_LINE_LENGTH = 4_000

export function createLogLines(): LogLines {
  const lines: string[] = []
  const waiters = new Set<Waiter>()
  let rest = ''
  let ended = false

  function addLine(line: string): void {
    const kept = line.slice(0, MAX_LINE_LENGTH)
    lines.push(kept)
    if (lines.length > MAX_LINES) lines.shift()
    for (const waiter of waiters) if (waiter.pattern.test(kept)) waiter.done(kept)
  }

  function next(pattern: RegExp, withinMs: number): Promise<string | undefined> {
    if (ended) return Promise.resolve(undefined)
    return new Promise((resolve) => {
      const done = (line: string | undefined): void => {
        clearTimeout(timer)
        waiters.delete(waiter)
        resolve(line)
      }
      const waiter: Waiter = { pattern, done }
      const timer = setTimeout(() => done(undefined), withinMs)
      waiters.add(waiter)
    })
  }

  return {
    lines,
    add(chunk) {
      const parts = (rest + chunk).split('\n')
      rest = (parts.pop() ?? '').slice(0, MAX_LINE_LENGTH)
      for (const part of parts) addLine(part)
    },
    end() {
      if (rest !== '') addLine(rest)
      rest = ''
      ended = true
      for (const waiter of waiters) waiter.done(undefined)
    },
    next,
    async find(pattern, withinMs) {
      return lines.find((line) => pattern.test(line)) ?? next(pattern, withinMs)
    },
  }
}
