/** What a question may be made of, before anything of it is believed. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readBody } from '../../src/answers/read-body.ts'

const read = (text: string | Uint8Array) => readBody(typeof text === 'string' ? Buffer.from(text) : text)

describe('the body of a question', () => {
  test('is any JSON, whatever stands in its texts', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 8 }), (text) => {
        expect(read(text)).toEqual({ ok: true, value: JSON.parse(text) as unknown })
      }),
    )
  })

  test('without a byte is a question without fields', () => {
    expect(read('')).toEqual({ ok: true, value: {} })
  })

  test.for<[string, string | Uint8Array, string]>([
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 'is not UTF-8 text'],
    ['no JSON', '{', 'is not JSON'],
    ['JSON with something behind', '{}x', 'is not JSON'],
    ['a key twice', '{"a":1,"a":2}', 'names a key twice'],
    ['a key twice, spelled apart', '{"a":1,"\\u0061":2}', 'names a key twice'],
    ['nested lists', '['.repeat(25) + ']'.repeat(25), 'is nested deeper than 24 levels'],
    ['nested objects', '{"a":'.repeat(25) + '1' + '}'.repeat(25), 'is nested deeper than 24 levels'],
    ['depth without an end', '['.repeat(1_000_000), 'is nested deeper than 24 levels'],
  ])('with %s is refused', ([, text, expected]) => {
    const result = read(text)
    expect(result.ok ? '' : result.error.message).toContain(expected)
  })

  test('counts the depth of lists and objects, not of what texts hold', () => {
    expect(read(JSON.stringify(['['.repeat(100), '\\"[{', '"[[['])).ok).toBe(true)
    expect(read(JSON.stringify(`"${'['.repeat(100)}`)).ok).toBe(true)
    expect(read(JSON.stringify(`\\${'['.repeat(100)}`)).ok).toBe(true)
    expect(read('['.repeat(24) + ']'.repeat(24)).ok).toBe(true)
    expect(read(`[${'[],'.repeat(1000)}[]]`).ok).toBe(true)
  })
})
