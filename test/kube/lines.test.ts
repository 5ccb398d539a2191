import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createLineCutter } from '../../src/kube/lines.ts'

describe('cutting a stream into lines', () => {
  test('gives the same lines wherever the pieces end, characters of several bytes included', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'ä', '€', '😀', ' '), maxLength: 12 })
    fc.assert(
      fc.property(
        fc.array(text, { minLength: 1, maxLength: 8 }),
        fc.array(fc.nat({ max: 120 }), { maxLength: 10 }),
        (lines, cuts) => {
          const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''))
          const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b)
          const cutter = createLineCutter(1_000)
          let start = 0
          const found = ends.flatMap((end) => {
            const pushed = cutter.push(bytes.subarray(start, end))
            start = end
            return pushed.ok ? pushed.value : ['too long']
          })
          expect(found).toEqual(lines)
          expect(cutter.pending).toBe(0)
        },
      ),
    )
  })

  test('refuses a line that is too long, be it in one piece or in many', () => {
    expect(createLineCutter(4).push(Buffer.from('12345'))).toEqual({ ok: false, error: 'too-long' })
    const cutter = createLineCutter(4)
    expect(cutter.push(Buffer.from('1234\n123'))).toEqual({ ok: true, value: ['1234'] })
    expect(cutter.pending).toBe(3)
    expect(cutter.push(Buffer.from('45'))).toEqual({ ok: false, error: 'too-long' })
  })
})
