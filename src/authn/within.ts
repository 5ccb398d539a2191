/** Waits for a promise, but not for ever. */
import type { Scheduler } from '../files/index.ts'

/** @returns what the promise settles with, or `late`; what comes later is dropped. */
export function within<T>(promise: Promise<T>, milliseconds: number, scheduler: Scheduler): Promise<T | 'late'> {
  return new Promise((resolve, reject) => {
    const cancel = scheduler.after(milliseconds, () => resolve('late'))
    promise.then(resolve, reject).finally(cancel)
  })
}
