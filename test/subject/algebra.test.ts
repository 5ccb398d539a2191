import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { covers, intersect, matches, overlaps, witness } from '../../src/subject/index.ts'
import { anyPattern } from './arbitraries.ts'
import { createUniverse, includes, matchesByText, pattern, subject } from './oracle.ts'

// 160 patterns of up to four tokens, 363 literals of up to five: every pair is asked.
const universe = createUniverse(4)

function* pairs() {
  for (const a of universe.patterns) for (const b of universe.patterns) yield [a, b] as const
}

test('the universe is complete: as many patterns and literals as there are', () => {
  expect(universe.patterns).toHaveLength(3 + 9 + 27 + 81 + (1 + 3 + 9 + 27))
  expect(universe.literals).toHaveLength(3 + 9 + 27 + 81 + 243)
  expect(new Set(universe.patterns.map((each) => universe.setOf(each))).size).toBe(universe.patterns.length)
})

describe('matches', () => {
  test.for<[pattern: string, subject: string, answer: boolean]>([
    ['a', 'a', true],
    ['a', 'b', false],
    ['a', 'A', false],
    ['a', 'a.b', false],
    ['a.b', 'a', false],
    ['*', 'a', true],
    ['*', 'a.b', false],
    ['>', 'a', true],
    ['>', 'a.b', true],
    ['a.>', 'a', false],
    ['a.>', 'a.b', true],
    ['a.>', 'a.b.c', true],
    ['a.*', 'a', false],
    ['a.*', 'a.b.c', false],
    ['*.b', 'a.b', true],
    ['*.*.>', 'a.b', false],
    ['*.*.>', 'a.b.c', true],
    ['ab', 'a.b', false],
    ['é', 'e\u0301', false],
  ])('%j, %j: %j', ([wide, literal, answer]) => {
    expect(matches(pattern(wide), subject(literal))).toBe(answer)
  })

  test('agrees with the oracle on every pattern and literal', () => {
    for (const wide of universe.patterns) {
      for (const literal of universe.literals) {
        expect(matches(wide, subject(literal)), `${wide.text} ${literal}`).toBe(matchesByText(wide.text, literal))
      }
    }
  })

  test('asks about a subject with wildcards as a whole', () => {
    expect(matches(pattern('a.*'), pattern('a.>'))).toBe(false)
    expect(matches(pattern('a.>'), pattern('a.*'))).toBe(true)
  })
})

describe('covers', () => {
  test.for<[wide: string, narrow: string, answer: boolean]>([
    ['a.*', 'a.>', false],
    ['*', '>', false],
    ['a.>', 'a', false],
    ['>', '*', true],
    ['>', '>', true],
    ['a.>', 'a.*', true],
    ['a.>', 'a.*.>', true],
    ['a.*.>', 'a.>', false],
    ['*.>', '>', false],
    ['a.*', 'a.b', true],
    ['a.b', 'a.*', false],
    ['*.*', 'a.>', false],
  ])('%j, %j: %j', ([wide, narrow, answer]) => {
    expect(covers(pattern(wide), pattern(narrow))).toBe(answer)
  })

  test('is sound and complete: the oracle says the same of every pair', () => {
    for (const [a, b] of pairs()) {
      expect(covers(a, b), `${a.text} ${b.text}`).toBe(includes(universe.setOf(a), universe.setOf(b)))
    }
  })

  test('is reflexive, and antisymmetric up to equal text', () => {
    for (const [a, b] of pairs()) expect(covers(a, b) && covers(b, a), `${a.text} ${b.text}`).toBe(a.text === b.text)
    fc.assert(fc.property(anyPattern, anyPattern, (a, b) => (covers(a, b) && covers(b, a)) === (a.text === b.text)))
    fc.assert(fc.property(anyPattern, (a) => covers(a, pattern(a.text))))
  })

  test('is transitive', () => {
    const { patterns } = createUniverse(3)
    let chains = 0
    for (const a of patterns) {
      for (const b of patterns.filter((each) => covers(a, each))) {
        for (const c of patterns.filter((each) => covers(b, each))) {
          chains++
          expect(covers(a, c), `${a.text} ${b.text} ${c.text}`).toBe(true)
        }
      }
    }
    expect(chains).toBeGreaterThan(patterns.length)
  })
})

describe('overlaps and witness', () => {
  test.for<[a: string, b: string, literal: string | undefined]>([
    ['a.*', '*.b', 'a.b'],
    ['a.>', '*.b.>', 'a.b.x'],
    ['*', '>', 'x'],
    ['a.>', '>', 'a.x'],
    ['a.>', 'a', undefined],
    ['a.*', 'a.*.>', undefined],
    ['a.b', 'a.c', undefined],
    ['a.b.>', 'a.*', undefined],
  ])('%j, %j: %j', ([a, b, literal]) => {
    expect(overlaps(pattern(a), pattern(b))).toBe(literal !== undefined)
    expect(witness(pattern(a), pattern(b))).toBe(literal)
  })

  test('agree with the oracle on every pair, and the witness is a literal that both match', () => {
    for (const [a, b] of pairs()) {
      const shared = (universe.setOf(a) & universe.setOf(b)) !== 0n
      const literal = witness(a, b)
      expect(overlaps(a, b), `${a.text} ${b.text}`).toBe(shared)
      expect(literal !== undefined, `${a.text} ${b.text}`).toBe(shared)
      if (literal === undefined) continue
      expect(matchesByText(a.text, subject(literal).text), `${a.text} ${literal}`).toBe(true)
      expect(matchesByText(b.text, literal), `${b.text} ${literal}`).toBe(true)
    }
  })

  test('overlaps is symmetric and equal to a witness that both match', () => {
    fc.assert(
      fc.property(anyPattern, anyPattern, (a, b) => {
        const literal = witness(a, b)
        expect(overlaps(b, a)).toBe(overlaps(a, b))
        expect(literal !== undefined).toBe(overlaps(a, b))
        if (literal === undefined) return
        expect(matches(a, subject(literal)) && matches(b, subject(literal))).toBe(true)
        expect(matchesByText(a.text, literal) && matchesByText(b.text, literal)).toBe(true)
      }),
    )
  })
})

describe('intersect', () => {
  test.for<[a: string, b: string, both: string | undefined]>([
    ['a.*', '*.b', 'a.b'],
    ['a.>', '*.b.>', 'a.b.>'],
    ['>', 'a.*.>', 'a.*.>'],
    ['*.>', 'a.>', 'a.>'],
    ['*.*', 'a.>', 'a.*'],
    ['>', '>', '>'],
    ['a.>', 'a', undefined],
    ['a', 'b', undefined],
  ])('%j, %j: %j', ([a, b, both]) => {
    expect(intersect(pattern(a), pattern(b))?.text).toBe(both)
  })

  test('is exact and commutative on every pair', () => {
    for (const [a, b] of pairs()) {
      const both = intersect(a, b)
      const set = both === undefined ? 0n : universe.setOf(both)
      expect(set, `${a.text} ${b.text}`).toBe(universe.setOf(a) & universe.setOf(b))
      expect(intersect(b, a)?.text, `${a.text} ${b.text}`).toBe(both?.text)
    }
  })

  test('is associative and idempotent, and covers decides like it', () => {
    fc.assert(
      fc.property(anyPattern, anyPattern, anyPattern, (a, b, c) => {
        const ab = intersect(a, b)
        const bc = intersect(b, c)
        expect((ab && intersect(ab, c))?.text).toBe((bc && intersect(a, bc))?.text)
        expect(intersect(a, a)).toEqual(a)
        expect(covers(a, b)).toBe(ab?.text === b.text)
      }),
      { numRuns: 1000 },
    )
  })

  test('gives frozen patterns that parse again to themselves', () => {
    for (const [a, b] of pairs()) {
      const both = intersect(a, b)
      if (both === undefined) continue
      expect(both).toEqual(pattern(both.text))
      expect(Object.isFrozen(both) && Object.isFrozen(both.tokens)).toBe(true)
    }
  })

  test('stays exact where the result is longer than text from outside may be', () => {
    const left = 'l'.repeat(1000)
    const right = 'r'.repeat(1000)
    expect(intersect(pattern(`${left}.>`), pattern(`*.${right}`))?.text).toBe(`${left}.${right}`)
  })
})
