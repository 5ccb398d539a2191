/** Waiting with an end: what does not happen in time becomes an error that says what was waited for. */
import { setTimeout as sleep } from 'node:timers/promises'

export class DeadlineError extends Error {
  constructor(awaited: string, milliseconds: number) {
    super(`${awaited} did not happen within ${milliseconds / 1000} s`)
    this.name = 'DeadlineError'
  }
}

/** @param awaited what should happen, as the beginning of a sentence. @throws DeadlineError, or what the promise rejects with. */
export function within<T>(promise: Promise<T>, milliseconds: number, awaited: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const limit = setTimeout(() => reject(new DeadlineError(awaited, milliseconds)), milliseconds)
    promise.then(resolve, reject).finally(() => clearTimeout(limit))
  })
}

const POLL_MS = 2

/** @returns the first value that is not `undefined`. @throws DeadlineError. */
export async function eventually<T>(look: () => T | undefined, milliseconds: number, awaited: string): Promise<T> {
  const end = performance.now() + milliseconds
  for (;;) {
    const value = look()
    if (value !== undefined) return value
    if (performance.now() >= end) throw new DeadlineError(awaited, milliseconds)
    await sleep(POLL_MS)
  }
}

/** Fulfilled when the signal is aborted, at once if it is already. */
export function until(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
