import fc from 'fast-check'
import { expect, test } from 'vitest'
import { repeatsKey } from '../../src/lib/json-keys.ts'

const check = (text: string) => repeatsKey(text, JSON.parse(text))

test.for([
  '{"a":1,"a":2}',
  '{"a" :1,"a":2}',
  '{"a":1,"a"\n:2}',
  String.raw`{"a":1,"\u0061":2}`,
  '{"x":{"a":1,"b":[{"c":1,"c":2}]}}',
  '[{"a":1},{"b":1,"b":1}]',
  '{"a":"\\":","a":1}',
  '{"__proto__":1,"__proto__":2}',
])('finds the key that is written twice in %s', (text) => {
  expect(check(text)).toBe(true)
})

test.for([
  '{"a":"\\":","b":"{\\"b\\":1}"}',
  '{"a":{"a":{"a":1}}}',
  '[{"a":1},{"a":1}]',
  '"a"',
  '{}',
  '{"a":["a","a"]}',
  '{"a" : "a\\":"}',
])('finds none in %s', (text) => {
  expect(check(text)).toBe(false)
})

test('finds none in whatever JSON.stringify writes', () => {
  fc.assert(
    fc.property(fc.json(), fc.constantFrom(undefined, 2), (json, indent) => {
      expect(check(JSON.stringify(JSON.parse(json), undefined, indent))).toBe(false)
    }),
  )
})

test('finds a repetition wherever it is put', () => {
  const members = fc.dictionary(
    fc.string({ minLength: 1 }),
    fc.json().map((text): unknown => JSON.parse(text)),
    { minKeys: 1, maxKeys: 5 },
  )
  fc.assert(
    fc.property(members, fc.nat(), (object, pick) => {
      const entries = Object.entries(object).map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`)
      const again = entries[pick % entries.length] ?? ''
      expect(check(`{"outer":{${[...entries, again].join(',')}}}`)).toBe(true)
    }),
  )
})
