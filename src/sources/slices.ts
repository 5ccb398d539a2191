/** Work in steps, a few milliseconds at a time: between two slices the event loop reads and answers what came meanwhile. */
import { performance } from 'node:perf_hooks'
import type { Steps } from '../lib/steps.ts'

export interface Turns {
  /** Milliseconds, never backwards. */
  now(): number
  /** Runs the callback after pending I/O. */
  defer(callback: () => void): void
}

export interface SlicedWork {
  /** Begins with the next turn; while a run is under way, after that one, once for all that asked meanwhile. */
  run(): void
  /** Milliseconds that the slices of the latest run took so far. */
  worked(): number
  /** No further step is taken. */
  stop(): void
}

/** As long as a slice of logins: docs/adr/0003. */
const SLICE_MS = 8

const SYSTEM: Turns = { now: () => performance.now(), defer: (callback) => void setImmediate(callback) }

/** One run at a time. @param begin called at the first step of each run: it looks at what is there then. */
export function createSlicedWork(begin: () => Steps<void>, { now, defer }: Turns = SYSTEM): SlicedWork {
  let steps: Steps<void> | undefined
  let worked = 0
  let isAwaited = false
  let isStopped = false

  function start(): void {
    steps = begin()
    worked = 0
    defer(slice)
  }

  function slice(): void {
    if (steps === undefined || isStopped) return
    const since = now()
    let isDone = false
    let time = since
    while (!isDone && !isStopped && time - since < SLICE_MS) {
      isDone = steps.next().done === true
      time = now()
    }
    worked += time - since
    if (!isDone) {
      defer(slice)
      return
    }
    steps = undefined
    if (!isAwaited) return
    isAwaited = false
    start()
  }

  return {
    run() {
      if (isStopped) return
      if (steps === undefined) start()
      else isAwaited = true
    },
    worked: () => worked,
    stop() {
      isStopped = true
    },
  }
}
