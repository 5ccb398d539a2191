/**
 * Work in steps, so that it can be put aside after each: whoever runs it says when the next comes. Pure: it knows no time.
 * Put aside for ever, it has changed nothing but what it keeps for itself.
 */

/** Each `yield` ends a step. */
export type Steps<T> = Generator<void, T, void>

/** Items that are taken together where one alone is hardly any work. */
const TOGETHER = 256

/** All steps at once. */
export function finish<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

/** A list that grows while it is walked is walked to its end. @param together how many items are one step */
export function* eachInSteps<T>(
  items: Iterable<T>,
  visit: (item: T) => void,
  together: number = TOGETHER,
): Steps<void> {
  let left = together
  for (const item of items) {
    visit(item)
    left -= 1
    if (left > 0) continue
    yield
    left = together
  }
}

export function* flatMapInSteps<T, R>(items: Iterable<T>, make: (item: T) => readonly R[]): Steps<R[]> {
  const made: R[] = []
  yield* eachInSteps(items, (item) => {
    for (const one of make(item)) made.push(one)
  })
  return made
}

/** Sorted at once, in a millisecond or two. */
const RUN = 2048

/** Like `toSorted`, equal items in their order. */
export function* sortInSteps<T extends object>(items: readonly T[], compare: (a: T, b: T) => number): Steps<T[]> {
  let runs: T[][] = []
  for (let start = 0; start < items.length; start += RUN) {
    runs.push(items.slice(start, start + RUN).sort(compare))
    yield
  }
  while (runs.length > 1) {
    const merged: T[][] = []
    for (let i = 0; i < runs.length; i += 2) merged.push(yield* mergeInSteps(runs[i] ?? [], runs[i + 1] ?? [], compare))
    runs = merged
  }
  return runs[0] ?? []
}

/** Two sorted lists as one, of equal items those of the left first. */
export function* mergeInSteps<T extends object>(
  left: readonly T[],
  right: readonly T[],
  compare: (a: T, b: T) => number,
): Steps<T[]> {
  const merged: T[] = []
  let [i, j] = [0, 0]
  for (let [a, b] = [left[0], right[0]]; a !== undefined || b !== undefined;) {
    if (a !== undefined && (b === undefined || compare(a, b) <= 0)) {
      merged.push(a)
      a = left[++i]
    } else if (b !== undefined) {
      merged.push(b)
      b = right[++j]
    }
    if (merged.length % RUN === 0) yield
  }
  return merged
}
