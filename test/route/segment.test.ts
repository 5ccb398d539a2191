/** Tokens and the path segments that stand for them. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { normalisePath } from '../../src/istio/index.ts'
import { mayBegin, mayEnd, tokenOfSegment } from '../../src/route/segment.ts'
import { isLiteral, parsePattern } from '../../src/subject/index.ts'
import { encode } from './oracle.ts'

const token = fc
  .oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 }),
    fc.string({ unit: fc.constantFrom('a', '%', '2', 'E', ':', '~', 'é', '\\', '+', '/'), minLength: 1, maxLength: 6 }),
  )
  .filter((text) => {
    const parsed = parsePattern(text)
    return parsed.ok && isLiteral(parsed.value) && parsed.value.tokens.length === 1
  })

test('a token is found again by its segment, which Envoy leaves as it is', () => {
  fc.assert(
    fc.property(token, (text) => {
      expect(tokenOfSegment(encode(text))).toEqual({ is: 'token', token: text })
      expect(normalisePath(`/${encode(text)}`)).toBe(`/${encode(text)}`)
    }),
    { numRuns: 500 },
  )
})

test('every beginning and every end of a segment may be one', () => {
  fc.assert(
    fc.property(token, fc.nat(), (text, cut) => {
      const segment = encode(text)
      const at = cut % (segment.length + 1)
      expect(mayBegin(segment.slice(0, at))).toBe(true)
      if (/^(?:[^%]|%..)*$/.test(segment.slice(at)) && at < segment.length) expect(mayEnd(segment.slice(at))).toBe(true)
    }),
    { numRuns: 500 },
  )
})

test.each([
  ['a:b', 'none'],
  ['a%3ab', 'none'],
  ['a%3Ab', 'token'],
  ['a%20b', 'none'],
  ['a.b', 'none'],
  ['a%2Eb', 'none'],
  ['%61', 'none'],
  ['', 'none'],
  ['%2A', 'unspellable'],
  ['%3E', 'unspellable'],
  ['a%2A', 'unspellable'],
  ['%FF', 'unspellable'],
  ['%E2%80%8B', 'unspellable'],
  ['a%2Fb', 'token'],
] as const)('the segment %j stands for: %s', (segment, is) => {
  expect(tokenOfSegment(segment).is).toBe(is)
})
