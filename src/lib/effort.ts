/**
 * A bound on work whose cost grows with the product of what others wrote, so that no document holds up the process. Pure: counted in
 * steps, not in time, so the same input ends the same way everywhere.
 * Kept beside the call stack and not handed down: what spends lies many calls below what sets the bound, and all of it is synchronous.
 */

/** Steps that a new pattern costs, with what is left behind for the garbage collector; the other way round, looks that one step is worth. */
export const DEAR = 8

class Exhausted extends Error {}

let left = Infinity

/** @returns nothing when the work would take more steps. A bound inside another one is its own. */
export function withinEffort<T>(steps: number, work: () => T): T | undefined {
  const outer = left
  left = steps
  try {
    return work()
  } catch (error) {
    if (error instanceof Exhausted) return undefined
    throw error
  } finally {
    left = outer
  }
}

/** Outside of a bound this costs nothing and never ends anything. */
export function spend(steps: number): void {
  left -= steps
  if (left < 0) throw new Exhausted()
}
