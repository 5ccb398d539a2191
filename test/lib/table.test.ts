import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { displayWidth, table } from '../../src/lib/table.ts'

describe('table', () => {
  test('lines the columns up under their headers', () => {
    expect(
      table(
        ['who', 'account'],
        [
          ['shop/orders', 'SHOP'],
          ['anna', 'OFFICE'],
        ],
      ),
    ).toEqual(['who          account', 'shop/orders  SHOP', 'anna         OFFICE'])
  })

  test('has no header line when every header is empty', () => {
    expect(table(['', ''], [['a', 'b']])).toEqual(['a  b'])
  })

  test('takes rows that are shorter or longer than the header', () => {
    expect(table(['a'], [[], ['1', '2', '3'], ['long', '', 'x']])).toEqual(['a', '', '1     2  3', 'long     x'])
  })

  test('counts what a terminal shows: wide characters twice, marks not at all', () => {
    expect(displayWidth('abc')).toBe(3)
    expect(displayWidth('日本')).toBe(4)
    expect(displayWidth('e\u0301')).toBe(1)
    expect(displayWidth('✓')).toBe(1)
    expect(
      table(
        ['', ''],
        [
          ['日本', 'x'],
          ['abcd', 'x'],
          ['e\u0301', 'x'],
        ],
      ),
    ).toEqual(['日本  x', 'abcd  x', 'e\u0301     x'])
  })

  test('lets no control character through to the terminal', () => {
    const [line] = table([''], [['\u001b[31mred\nline\u0007']])
    expect(line).toBe('\u{fffd}[31mred\u{fffd}line\u{fffd}')
  })

  test('gives the paint whole cells with their place, and aligns by what is under the paint', () => {
    const seen: string[] = []
    const paint = (cell: string, row: number, column: number): string => {
      seen.push(`${row}:${column}:${cell}`)
      return `<${cell}>`
    }
    expect(table(['h', ''], [['long', 'x']], { indent: 1, gap: 1, paint })).toEqual([' <h>', ' <long> <x>'])
    expect(seen).toEqual(['-1:0:h', '0:0:long', '0:1:x'])
  })

  test('starts each column at the same place in every line, and ends no line with blanks', () => {
    const cell = fc.constantFrom('', 'a', 'abc', 'wide 日本', 'x'.repeat(9))
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell, fc.constant('|')), { minLength: 1 }), (rows) => {
        const lines = table(['', '', ''], rows)
        const starts = lines.map((line) => displayWidth(line.slice(0, line.lastIndexOf('|'))))
        expect(new Set(starts).size).toBe(1)
        for (const line of lines) expect(line).toBe(line.trimEnd())
      }),
    )
  })
})
