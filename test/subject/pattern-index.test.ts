import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { covers, overlaps, PatternIndex, type Pattern } from '../../src/subject/index.ts'
import { anyPattern } from './arbitraries.ts'
import { createUniverse, pattern } from './oracle.ts'

const { patterns } = createUniverse(4)

function indexOf(entries: readonly Pattern[]): PatternIndex<string> {
  const index = new PatternIndex<string>()
  for (const entry of entries) index.add(entry, entry.text)
  return index
}

function textsWhere(entries: readonly Pattern[], holds: (entry: Pattern) => boolean): string[] {
  return entries
    .filter(holds)
    .map(({ text }) => text)
    .toSorted()
}

function expectAsNaive(index: PatternIndex<string>, entries: readonly Pattern[], asked: Pattern): void {
  expect(index.covering(asked).toSorted(), asked.text).toEqual(textsWhere(entries, (entry) => covers(entry, asked)))
  expect(index.coveredBy(asked).toSorted(), asked.text).toEqual(textsWhere(entries, (entry) => covers(asked, entry)))
  expect(index.overlapping(asked).toSorted(), asked.text).toEqual(
    textsWhere(entries, (entry) => overlaps(entry, asked)),
  )
}

describe('PatternIndex', () => {
  test('answers nothing when nothing was added', () => {
    expectAsNaive(new PatternIndex(), [], pattern('>'))
  })

  test('gives every value of a pattern that was added more than once', () => {
    const index = new PatternIndex<string>()
    for (const value of ['one', 'two', 'two']) index.add(pattern('a.>'), value)
    expect(index.covering(pattern('a.b')).toSorted()).toEqual(['one', 'two', 'two'])
  })

  test('answers like the algebra, with every pattern of up to four tokens inside and asked', () => {
    const index = indexOf(patterns)
    for (const asked of patterns) expectAsNaive(index, patterns, asked)
  })

  test('answers like the algebra for any entries, in any order', () => {
    const some = fc.array(fc.oneof(anyPattern, fc.constantFrom(...patterns)), { maxLength: 30 })
    fc.assert(fc.property(some, anyPattern, (entries, asked) => expectAsNaive(indexOf(entries), entries, asked)))
  })

  test('takes names of object members for plain tokens', () => {
    const entries = ['__proto__', 'constructor.*', 'toString.>', 'a'].map(pattern)
    const index = indexOf(entries)
    for (const asked of ['__proto__', 'constructor.name', 'hasOwnProperty', 'toString.x'].map(pattern)) {
      expectAsNaive(index, entries, asked)
    }
  })
})
