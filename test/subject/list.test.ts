import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { coveredByAny, covers, minimise, overlaps, overlapsAny, subtractCovered } from '../../src/subject/index.ts'
import { anyPattern, anyPatterns } from './arbitraries.ts'
import { createUniverse, pattern } from './oracle.ts'

const universe = createUniverse(3)
const somePatterns = fc.array(fc.constantFrom(...universe.patterns), { maxLength: 8 })

function texts(patterns: readonly { text: string }[]): string[] {
  return patterns.map(({ text }) => text)
}

describe('minimise', () => {
  test.for<[given: string[], minimal: string[]]>([
    [[], []],
    [
      ['b', 'a', 'b'],
      ['a', 'b'],
    ],
    [['a.b', 'a.*', 'a.c'], ['a.*']],
    [['a.*', 'a.>'], ['a.>']],
    [
      ['a', 'a.>'],
      ['a', 'a.>'],
    ],
    [['*', '>', 'a.b.c'], ['>']],
    [
      ['a.*', '*.a'],
      ['*.a', 'a.*'],
    ],
    [
      ['a.*', 'a.*.>'],
      ['a.*', 'a.*.>'],
    ],
    [
      ['a', 'Z', '_', '$', '𝒜', 'ﬀ'],
      ['$', 'Z', '_', 'a', '𝒜', 'ﬀ'],
    ],
  ])('of %j is %j', ([given, minimal]) => {
    expect(texts(minimise(given.map(pattern)))).toEqual(minimal)
  })

  test('keeps what is matched, for all patterns of up to three tokens', () => {
    fc.assert(
      fc.property(somePatterns, (patterns) => {
        expect(universe.unionOf(minimise(patterns))).toBe(universe.unionOf(patterns))
      }),
      { numRuns: 1000 },
    )
  })

  test('keeps exactly the entries that no other entry covers, as asking every pair would', () => {
    fc.assert(
      fc.property(fc.oneof(anyPatterns, somePatterns), (patterns) => {
        const naive = patterns.filter(
          (each) => !patterns.some((other) => other.text !== each.text && covers(other, each)),
        )
        expect(texts(minimise(patterns))).toEqual([...new Set(texts(naive))].toSorted(byCodeUnit))
      }),
      { numRuns: 1000 },
    )
  })

  test('is idempotent', () => {
    fc.assert(
      fc.property(anyPatterns, (patterns) => {
        expect(minimise(minimise(patterns))).toEqual(minimise(patterns))
      }),
    )
  })

  test('gives the same list whatever the order, and however often an entry comes', () => {
    const listed = anyPatterns.chain((patterns) =>
      fc.tuple(
        fc.constant(patterns),
        fc.shuffledSubarray([...patterns, ...patterns], { minLength: patterns.length * 2 }),
      ),
    )
    fc.assert(
      fc.property(listed, ([patterns, again]) => {
        expect(minimise(again)).toEqual(minimise(patterns))
      }),
    )
  })

  test('leaves the list it was given alone', () => {
    const given = Object.freeze(['b', 'a', '>'].map(pattern))
    expect(texts(minimise(given))).toEqual(['>'])
    expect(texts(given)).toEqual(['b', 'a', '>'])
  })
})

describe('subtractCovered', () => {
  test.for<[patterns: string[], denies: string[], left: string[]]>([
    [['a', 'b'], [], ['a', 'b']],
    [['b', 'a.b', 'a'], ['a.>'], ['b', 'a']],
    [['a.>'], ['a.b', 'a.*'], ['a.>']],
    [['a.>'], ['a.*', 'a.*.>'], ['a.>']],
    [['a', 'a.b', '*.>'], ['>'], []],
  ])('%j without %j is %j', ([patterns, denies, left]) => {
    expect(texts(subtractCovered(patterns.map(pattern), denies.map(pattern)))).toEqual(left)
  })

  test('keeps, in order, what no single deny covers, as asking every pair would', () => {
    fc.assert(
      fc.property(anyPatterns, anyPatterns, (patterns, denies) => {
        const naive = patterns.filter((each) => !denies.some((deny) => covers(deny, each)))
        expect(texts(subtractCovered(patterns, denies))).toEqual(texts(naive))
      }),
      { numRuns: 1000 },
    )
  })

  test('drops no literal that the denies leave', () => {
    fc.assert(
      fc.property(somePatterns, somePatterns, (patterns, denies) => {
        const denied = universe.unionOf(denies)
        const left = universe.unionOf(subtractCovered(patterns, denies))
        expect(left & ~denied).toBe(universe.unionOf(patterns) & ~denied)
      }),
      { numRuns: 1000 },
    )
  })

  test('never keeps more after another deny', () => {
    fc.assert(
      fc.property(anyPatterns, anyPatterns, anyPattern, (patterns, denies, deny) => {
        const before = new Set(texts(subtractCovered(patterns, denies)))
        expect(texts(subtractCovered(patterns, [...denies, deny])).every((text) => before.has(text))).toBe(true)
      }),
    )
  })
})

describe('coveredByAny and overlapsAny', () => {
  test('are false of the empty list', () => {
    expect(coveredByAny([], pattern('a'))).toBe(false)
    expect(overlapsAny([], pattern('>'))).toBe(false)
  })

  test('ask each entry by itself', () => {
    expect(coveredByAny(['a', 'b.*'].map(pattern), pattern('b.c'))).toBe(true)
    expect(coveredByAny(['a.*', 'a.*.>'].map(pattern), pattern('a.>'))).toBe(false)
    expect(overlapsAny(['a', 'b.*'].map(pattern), pattern('*.c'))).toBe(true)
    expect(overlapsAny(['a', 'b.*'].map(pattern), pattern('b'))).toBe(false)
    fc.assert(
      fc.property(anyPatterns, anyPattern, (patterns, each) => {
        expect(coveredByAny(patterns, each)).toBe(patterns.filter((one) => covers(one, each)).length > 0)
        expect(overlapsAny(patterns, each)).toBe(patterns.filter((one) => overlaps(one, each)).length > 0)
      }),
    )
  })
})

function byCodeUnit(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
