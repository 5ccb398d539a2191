import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createDeadlineQueue } from '../../src/callout/queue.ts'

/** A queue on a clock that only work moves: each item costs `costMs`. */
function createRig(costMs: number, limit = 1_000, isUseful: (item: number) => boolean = () => true) {
  const done: number[] = []
  const late: number[] = []
  const deferred: (() => void)[] = []
  const waits: number[] = []
  const rig = { now: 0, done, late, waits }
  const queue = createDeadlineQueue<number>(limit, {
    now: () => rig.now,
    defer: (callback, milliseconds) => {
      waits.push(milliseconds)
      deferred.push(callback)
    },
    work: (item) => {
      done.push(item)
      rig.now += costMs
      return isUseful(item)
    },
    late: (item) => void late.push(item),
  })
  const turn = () => deferred.shift()?.()
  const drain = () => {
    while (deferred.length > 0) turn()
  }
  return { rig, queue, turn, drain, done, late }
}

describe('the queue', () => {
  test('works first in, first out', () => {
    const { queue, drain, done } = createRig(1)
    for (const item of [1, 2, 3]) queue.push(item, 1_500)
    drain()
    expect(done).toEqual([1, 2, 3])
  })

  test('works newest first once something came too late, and in order again two seconds later', () => {
    const { queue, turn, drain, done } = createRig(400, 1_000, (item) => item !== 2)
    for (let item = 1; item <= 10; item += 1) queue.push(item, 60_000)
    turn()
    turn()
    for (const item of [11, 12]) queue.push(item, 60_000)
    drain()
    expect(done).toEqual([1, 2, 12, 11, 10, 9, 3, 4, 5, 6, 7, 8])
  })

  test('sheds the oldest as they come to their end, also while the newest go first', () => {
    const { rig, queue, turn, drain, done, late } = createRig(100, 1_000, (item) => item !== 1)
    queue.push(1, 5_000)
    queue.push(2, 150)
    turn()
    queue.push(3, 5_000)
    queue.push(4, 5_000)
    turn()
    expect([rig.now, done, late]).toEqual([200, [1, 4], []])
    turn()
    expect([rig.now, done, late]).toEqual([300, [1, 4, 3], [2]])
    drain()
    expect(queue.length).toBe(0)
  })

  test('keeps the order as long as everything is in time, however many wait', () => {
    const { queue, drain, done } = createRig(10)
    for (let item = 1; item <= 400; item += 1) queue.push(item, 4_001)
    drain()
    expect(done).toEqual(Array.from({ length: 400 }, (_, index) => index + 1))
  })

  test('sheds what is past its deadline without working on it, and nothing else', () => {
    const { queue, drain, done, late } = createRig(100)
    for (let item = 1; item <= 30; item += 1) queue.push(item, 1_500)
    drain()
    expect(done).toEqual(Array.from({ length: 15 }, (_, index) => index + 1))
    expect(late).toEqual(Array.from({ length: 15 }, (_, index) => index + 16))
  })

  test('gives way to new arrivals between slices', () => {
    const { queue, turn, done } = createRig(5)
    for (let item = 1; item <= 10; item += 1) queue.push(item, 1_500)
    turn()
    expect(done.length).toBeLessThan(10)
    expect(queue.length).toBe(10 - done.length)
  })

  test('works on lone items at once, and gathers while several come together', () => {
    const { rig, queue, drain, done } = createRig(1)
    const push = (...items: number[]) => {
      for (const item of items) queue.push(item, 1_500)
      drain()
    }
    push(1)
    push(2)
    push(3, 4)
    push(5, 6)
    push(7)
    push(8)
    push(9, 10)
    rig.now += 5
    push(11)
    expect(rig.waits).toEqual([0, 0, 0, 4, 4, 0, 0, 0])
    expect(done).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
  })

  test('refuses what does not fit', () => {
    const { queue, drain, done } = createRig(1, 2)
    expect([1, 2, 3].map((item) => queue.push(item, 1_500))).toEqual([true, true, false])
    drain()
    expect(queue.push(4, 1_500)).toBe(true)
    drain()
    expect(done).toEqual([1, 2, 4])
  })

  test('ends every item exactly once, whatever comes when', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ deadline: fc.nat(50), turnAfter: fc.boolean(), isUseful: fc.boolean() })),
        fc.integer({ min: 1, max: 9 }),
        (items, cost) => {
          const { queue, turn, drain, done, late } = createRig(cost, 1_000, (item) => items[item]?.isUseful ?? true)
          items.forEach(({ deadline, turnAfter }, index) => {
            queue.push(index, deadline)
            if (turnAfter) turn()
          })
          drain()
          expect([...done, ...late].toSorted((a, b) => a - b)).toEqual(items.map((_, index) => index))
          expect(queue.length).toBe(0)
        },
      ),
    )
  })
})
