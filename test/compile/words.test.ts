/** Small parts that messages and values are made of. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { listChoices, quote, spellPath } from '../../src/lib/spell.ts'
import { nearest } from '../../src/lib/nearest.ts'
import { parseDuration } from '../../src/compile/values/duration.ts'

describe('nearest', () => {
  test.for([
    ['publsh', 'publish'],
    ['pubilsh', 'publish'],
    ['PUBLISH', 'publish'],
    ['publishes', 'publish'],
    ['subscibe', 'subscribe'],
    ['quue', 'queue'],
    ['', undefined],
    ['grant', undefined],
    ['p'.repeat(10_000), undefined],
  ] as const)('reads %s as %s', ([word, expected]) => {
    expect(nearest(word, ['publish', 'subscribe', 'queue'])).toBe(expected)
  })

  test('finds every word that is one edit away', () => {
    const word = 'subscribe'
    const edit = fc.record({ at: fc.nat(word.length - 1), drop: fc.nat(1), put: fc.constantFrom('', 'x') })
    fc.assert(
      fc.property(edit, ({ at, drop, put }) => {
        expect(nearest(word.slice(0, at) + put + word.slice(at + drop), ['publish', word])).toBe(word)
      }),
    )
  })
})

describe('a duration', () => {
  test.for([
    ['5s', 5000],
    ['2m', 120_000],
    ['1h30m', 5_400_000],
    ['500ms', 500],
    ['1m1ms', 60_001],
    ['0s', 0],
    ['', undefined],
    ['5', undefined],
    ['5 s', undefined],
    ['-5s', undefined],
    ['1.5h', undefined],
    ['1d', undefined],
    ['123456s', undefined],
    ['1h1h1h1h1h', undefined],
    ['5s\n', undefined],
  ] as const)('%s is %s milliseconds', ([text, milliseconds]) => {
    expect(parseDuration(text)).toBe(milliseconds)
  })
})

test('a quotation is short, on one line and without control characters', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (text) => {
      const quoted = quote(text)
      expect(quoted.length).toBeLessThan(400)
      // eslint-disable-next-line no-control-regex
      expect(quoted).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/)
    }),
  )
  expect(quote('a"b')).toBe(String.raw`"a\"b"`)
  expect(quote('x'.repeat(100))).toBe(`"${'x'.repeat(60)}"…`)
})

test('a path is spelled as in code', () => {
  expect(spellPath([])).toBe('the document')
  expect(spellPath(['spec', 'grants', 0, 'publish', 2])).toBe('spec.grants[0].publish[2]')
  expect(spellPath(['metadata', 'annotations', 'a.b/c'])).toBe('metadata.annotations["a.b/c"]')
})

test('choices read like a sentence', () => {
  expect([[], ['a'], ['a', 'b'], ['a', 'b', 'c']].map(listChoices)).toEqual(['', 'a', 'a or b', 'a, b or c'])
})
