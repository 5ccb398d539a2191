import { describe, expect, test } from 'vitest'
import { csv } from '../../src/cli/csv.ts'

describe('comma separated values', () => {
  test('are lines that end with CR LF, the last one without', () => {
    expect(
      csv(
        ['a', 'b'],
        [
          ['1', '2'],
          ['3', ''],
        ],
      ),
    ).toBe('a,b\r\n1,2\r\n3,')
    expect(csv(['a'], [])).toBe('a')
  })

  test.for([
    ['a comma', 'a,b', '"a,b"'],
    ['quotes', 'say "x"', '"say ""x"""'],
    ['a line end', 'a\r\nb', '"a\r\nb"'],
    ['neither', 'shop.orders.* orders', 'shop.orders.* orders'],
  ])('quote a cell with %s', ([, cell = '', expected]) => {
    expect(csv([cell], [])).toBe(expected)
  })

  test.for(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '＝1', '-x.>'])(
    'defuse %j, which a spreadsheet would run',
    (cell) => {
      expect(csv([cell], [])).toBe(`'${cell}`)
    },
  )

  test('defuse a formula that needs quotes, and one behind a line end', () => {
    expect(csv(['=HYPERLINK("http://evil","x")'], [])).toBe(`"'=HYPERLINK(""http://evil"",""x"")"`)
    expect(csv(['\r=1'], [])).toBe(`"'\r=1"`)
  })

  test('let no control character through', () => {
    expect(csv(['a\u001b[2J\u0000\u009b'], [])).toBe('a\u{fffd}[2J\u{fffd}\u{fffd}')
  })
})
