/** Work in steps: the same as at once, and never much of it in one step. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { eachInSteps, finish, flatMapInSteps, mergeInSteps, sortInSteps, type Steps } from '../../src/lib/steps.ts'

interface Card {
  readonly rank: number
  readonly position: number
}

const cards = fc
  .array(fc.nat(20), { maxLength: 30 })
  .chain((ranks) => fc.nat(200).map((times) => Array.from({ length: times }, () => ranks).flat()))
  .map((ranks) => ranks.map((rank, position): Card => ({ rank, position })))

function byRank(a: Card, b: Card): number {
  return a.rank - b.rank
}

function countSteps(steps: Steps<unknown>): number {
  for (let count = 1; ; count += 1) if (steps.next().done === true) return count
}

test('sorting in steps sorts as at once, equal items in their order', () => {
  fc.assert(
    fc.property(cards, (all) => {
      expect(finish(sortInSteps(all, byRank))).toEqual(all.toSorted(byRank))
    }),
  )
})

test('two sorted lists become one, of equal items those of the left first', () => {
  fc.assert(
    fc.property(cards, cards, (left, right) => {
      const merged = finish(mergeInSteps(left.toSorted(byRank), right.toSorted(byRank), byRank))
      expect(merged).toEqual([...left, ...right].toSorted(byRank))
    }),
  )
})

test('a list is walked in its order, what it gets while it is walked as well', () => {
  const items = [1, 2, 3]
  const seen: number[] = []
  finish(
    eachInSteps(items, (item) => {
      seen.push(item)
      if (item < 10) items.push(item * 10)
    }),
  )
  expect(seen).toEqual([1, 2, 3, 10, 20, 30])
  expect(finish(flatMapInSteps([1, 2], (item) => [item, -item]))).toEqual([1, -1, 2, -2])
})

test('the steps grow with the items', () => {
  const items = Array.from({ length: 100_000 }, (_, position): Card => ({ rank: position % 7, position }))
  expect(countSteps(eachInSteps(items, () => undefined, 10))).toBe(10_001)
  expect(countSteps(eachInSteps(items, () => undefined))).toBeGreaterThan(300)
  expect(countSteps(sortInSteps(items, byRank))).toBeGreaterThan(300)
})
