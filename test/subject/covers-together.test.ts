import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { coveredByAny, coversTogether, matches, missedBy, type Pattern } from '../../src/subject/index.ts'
import { anyPattern, anyPatterns } from './arbitraries.ts'
import { createUniverse, includes, matchesByText, pattern, subject } from './oracle.ts'

const universe = createUniverse(3)

/** Both answers at once: covered or not, and when not, a literal that shows it. */
function expectAsOracle(patterns: readonly Pattern[], narrow: Pattern): void {
  const covered = includes(universe.unionOf(patterns), universe.setOf(narrow))
  const missed = missedBy(patterns, narrow)
  const asked = `${patterns.map(({ text }) => text).join(' ')} | ${narrow.text}`
  expect(coversTogether(patterns, narrow), asked).toBe(covered)
  expect(missed === undefined, asked).toBe(covered)
  if (missed === undefined) return
  expect(matchesByText(narrow.text, missed.text), `${asked} | ${missed.text}`).toBe(true)
  expect(
    patterns.some(({ text }) => matchesByText(text, missed.text)),
    `${asked} | ${missed.text}`,
  ).toBe(false)
}

describe('coversTogether and missedBy', () => {
  test.for<[patterns: string[], narrow: string, missed: string | undefined]>([
    [['a.*', 'a.*.>'], 'a.>', undefined],
    [['*', '*.*', '*.*.>'], '>', undefined],
    [['*', '*.*.>'], '>', 'x.x'],
    [['a.>'], 'a.b', undefined],
    [[], 'a', 'a'],
    [[], '>', 'x'],
    [['a.*'], 'a.>', 'a.x.x'],
    [['a.*.>'], 'a.>', 'a.x'],
    [['*', '*.*'], '>', 'x.x.x'],
    [['a', 'b', 'x', 'x1'], '*', 'x2'],
    [['a.*', 'a.*.*.>'], 'a.>', 'a.x.x'],
    [['*.a', 'a.*'], '*.*', 'x.x'],
    [['x.>'], '*.>', 'x1.x1'],
  ])('%j, %j: missed is %j', ([patterns, narrow, missed]) => {
    expect(missedBy(patterns.map(pattern), pattern(narrow))?.text).toBe(missed)
    expect(coversTogether(patterns.map(pattern), pattern(narrow))).toBe(missed === undefined)
  })

  test('agree with the oracle on every pair of patterns and every third', () => {
    for (const first of universe.patterns) {
      for (const second of universe.patterns) {
        for (const narrow of universe.patterns) {
          const covered = includes(universe.setOf(first) | universe.setOf(second), universe.setOf(narrow))
          if (coversTogether([first, second], narrow) !== covered) expectAsOracle([first, second], narrow)
        }
      }
    }
  })

  test('agree with the oracle on longer lists', () => {
    const lists = fc.array(fc.constantFrom(...universe.patterns), { maxLength: 8 })
    const wildLists = fc.array(fc.constantFrom(...['*', '*.*', '*.*.*', '*.*.>', 'a.*', 'a.*.>'].map(pattern)), {
      maxLength: 5,
    })
    const narrow = fc.constantFrom(...universe.patterns)
    fc.assert(fc.property(fc.oneof(lists, wildLists), narrow, expectAsOracle), { numRuns: 3000 })
  })

  test('one entry that covers is enough, and one more entry takes nothing away', () => {
    fc.assert(
      fc.property(anyPatterns, anyPattern, anyPattern, (patterns, more, narrow) => {
        if (coveredByAny(patterns, narrow)) expect(coversTogether(patterns, narrow)).toBe(true)
        if (coversTogether(patterns, narrow)) expect(coversTogether([...patterns, more], narrow)).toBe(true)
      }),
    )
  })

  test('what is missed is a literal of the pattern that no entry matches', () => {
    fc.assert(
      fc.property(anyPatterns, anyPattern, (patterns, narrow) => {
        const missed = missedBy(patterns, narrow)
        if (missed === undefined) return
        expect(subject(missed.text)).toEqual(missed)
        expect(matches(narrow, missed)).toBe(true)
        expect(patterns.some((each) => matches(each, missed))).toBe(false)
      }),
    )
  })
})
