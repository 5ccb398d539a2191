/** Three-valued logic (Kleene): what is not known stays unknown unless the rest decides. Pure. */

/** `undefined`: unknown. */
export type Truth = boolean | undefined

export function not(truth: Truth): Truth {
  return truth === undefined ? undefined : !truth
}

/** True when all are true (also of none), false when one is false. */
export function every<T>(items: readonly T[], truthOf: (item: T) => Truth): Truth {
  let all: Truth = true
  for (const item of items) {
    const truth = truthOf(item)
    if (truth === false) return false
    if (truth === undefined) all = undefined
  }
  return all
}

/** True when one is true, false when all are false (also of none). */
export function some<T>(items: readonly T[], truthOf: (item: T) => Truth): Truth {
  let any: Truth = false
  for (const item of items) {
    const truth = truthOf(item)
    if (truth === true) return true
    if (truth === undefined) any = undefined
  }
  return any
}
