/** Chance that is the same in every run: a small generator of numbers (mulberry32) and what test cases are drawn with. Pure. */

export interface Random {
  /** A number from 0 up to, but not, 1. */
  next(): number
  /** An integer from 0 up to, but not, `end`. */
  below(end: number): number
  chance(probability: number): boolean
  pick<T>(values: readonly T[]): T
  /** Between `least` and `most` of the values, each once, in their order. */
  some<T>(values: readonly T[], least: number, most: number): T[]
  /** Another source, which does not depend on how much is drawn from this one afterwards. */
  fork(): Random
}

export function randomFrom(seed: number): Random {
  let state = seed >>> 0
  function next(): number {
    state = (state + 0x6d_2b_79_f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (end: number): number => Math.floor(next() * end)
  return {
    next,
    below,
    chance: (probability) => next() < probability,
    pick(values) {
      if (values.length === 0) throw new Error('nothing to pick from')
      return values[below(values.length)]!
    },
    some(values, least, most) {
      const wanted = Math.min(values.length, least + below(most - least + 1))
      const kept = new Set<number>()
      while (kept.size < wanted) kept.add(below(values.length))
      return values.filter((_, index) => kept.has(index))
    },
    fork: () => randomFrom(below(4_294_967_296)),
  }
}
