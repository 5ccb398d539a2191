/** Waiting that grows with each failure, is never the same for two, and can be ended. */
import type { Scheduler } from '../files/index.ts'

export interface Pause {
  wait(milliseconds: number): Promise<void>
  /** Ends the present wait and each that would come. */
  end(): void
}

export function createPause(scheduler: Scheduler): Pause {
  let stop: (() => void) | undefined
  let ended = false
  return {
    wait: (milliseconds) =>
      new Promise((resolve) => {
        if (ended) return resolve()
        const cancel = scheduler.after(milliseconds, resolve)
        stop = () => {
          cancel()
          resolve()
        }
        return undefined
      }),
    end() {
      ended = true
      stop?.()
    },
  }
}

export interface BackoffTiming {
  readonly firstMs: number
  readonly longestMs: number
}

export interface Backoff {
  /** Milliseconds to wait before the next try. */
  next(): number
  /** It worked. */
  reset(): void
}

/** Twice as long each time, less up to a half by chance. @param chance from 0 up to 1 */
export function createBackoff({ firstMs, longestMs }: BackoffTiming, chance: () => number): Backoff {
  let ceiling = firstMs
  return {
    next() {
      const delay = ceiling * (1 - chance() / 2)
      ceiling = Math.min(longestMs, ceiling * 2)
      return delay
    },
    reset() {
      ceiling = firstMs
    },
  }
}
