import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createBoundedMap } from '../../src/lib/bounded-map.ts'

test('never holds more than its limit, and never forgets what was used last', () => {
  const steps = fc.array(fc.record({ key: fc.nat(30), write: fc.boolean() }), { maxLength: 200 })
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 12 }), steps, (limit, moves) => {
      const map = createBoundedMap<number, number>(limit)
      const truth = new Map<number, number>()
      const used: number[] = []
      moves.forEach(({ key, write }, index) => {
        if (write) {
          map.set(key, index)
          truth.set(key, index)
        }
        const held = map.get(key)
        expect(held === undefined || held === truth.get(key)).toBe(true)
        if (held !== undefined) used.push(key)
        expect(map.size).toBeLessThanOrEqual(limit)
      })
      const recent = [...new Set(used.toReversed())].slice(0, Math.floor(limit / 2))
      for (const key of recent) expect(map.get(key)).toBe(truth.get(key))
    }),
  )
})

test('a deleted key is gone from both generations', () => {
  const map = createBoundedMap<string, number>(2)
  map.set('a', 1)
  map.set('b', 2)
  map.delete('a')
  expect([map.get('a'), map.get('b'), map.size]).toEqual([undefined, 2, 1])
})
