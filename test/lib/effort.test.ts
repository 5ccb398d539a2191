/** The bound on work: counted exactly, its own for what runs inside another, and never a cover for other faults. */
import { expect, test } from 'vitest'
import { spend, withinEffort } from '../../src/lib/effort.ts'

test('work that stays within its steps is done, one step more and it is not', () => {
  expect(withinEffort(10, () => (spend(10), 'done'))).toBe('done')
  expect(withinEffort(10, () => (spend(6), spend(5), 'done'))).toBeUndefined()
})

test('without a bound nothing is counted, also after one was broken', () => {
  expect(withinEffort(1, () => spend(2))).toBeUndefined()
  expect(() => spend(1e12)).not.toThrow()
})

test('a bound inside another is its own', () => {
  const inner = (): string | undefined => withinEffort(5, () => (spend(6), 'inner'))
  expect(withinEffort(10, () => (spend(9), [inner(), (spend(1), 'outer')]))).toEqual([undefined, 'outer'])
})

test('a fault of the work is no lack of steps', () => {
  const fault = new TypeError('broken')
  expect(() =>
    withinEffort(10, () => {
      throw fault
    }),
  ).toThrow(fault)
})
