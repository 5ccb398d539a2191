/**
 * Turns many notices into little work: once a burst has settled, or when patience ends, and never for more than a part of the time.
 * Related changes arrive one by one; what is made of half of them would be a policy that nobody wrote.
 */
import { systemScheduler, type Scheduler } from '../files/index.ts'

export interface Gathering {
  /** Something changed. */
  note(): void
  close(): void
}

export interface GatheringOptions {
  readonly work: () => void
  /** Milliseconds that the last work took, where it goes on after `work` returned. */
  readonly worked?: () => number
  /** Milliseconds. */
  readonly now: () => number
  /** Milliseconds without a notice after which a burst has settled, default 50. */
  readonly settleMs?: number
  /** Milliseconds after which the work is done although notices keep coming, default 500. */
  readonly patienceMs?: number
  readonly scheduler?: Scheduler
}

/** In a burst without end, so many times the length of the last work is left for everything else. */
const REST = 4

export function createGathering(options: GatheringOptions): Gathering {
  const { work, now, settleMs = 50, patienceMs = 500, scheduler = systemScheduler } = options
  let first = 0
  let latest = 0
  let worked = 0
  let cancel: (() => void) | undefined

  function look(): void {
    const time = now()
    const rest = REST * Math.max(worked, options.worked?.() ?? 0)
    const due = Math.min(latest + settleMs, first + Math.max(patienceMs, rest))
    if (time < due) {
      cancel = scheduler.after(due - time, look)
      return
    }
    cancel = undefined
    work()
    worked = now() - time
  }

  return {
    note() {
      latest = now()
      if (cancel !== undefined) return
      first = latest
      cancel = scheduler.after(settleMs, look)
    },
    close: () => cancel?.(),
  }
}
