/**
 * Subjects by brute force: every pattern and every literal over a small alphabet, matched by regular expressions.
 * Complete for patterns over `a` and `b`: a third token stands for all others, one more token for all greater lengths.
 */
import { parsePattern, parseSubject, type Pattern } from '../../src/subject/index.ts'

/** A set of literals, one bit each. */
export type LiteralSet = bigint

export interface Universe {
  readonly patterns: readonly Pattern[]
  readonly literals: readonly string[]
  /** The literals that a pattern matches. */
  setOf(pattern: Pattern): LiteralSet
  unionOf(patterns: readonly Pattern[]): LiteralSet
}

export function pattern(text: string): Pattern {
  const result = parsePattern(text)
  if (!result.ok) throw new Error(`${JSON.stringify(text)}: ${result.error}`)
  return result.value
}

export function subject(text: string): Pattern {
  const result = parseSubject(text)
  if (!result.ok) throw new Error(`${JSON.stringify(text)}: ${result.error}`)
  return result.value
}

/** What NATS documents: `*` is one token, `>` one or more. */
export function matchesByText(patternText: string, literal: string): boolean {
  const body = patternText
    .split('.')
    .map((token) => {
      if (token === '*') return '[^.]+'
      if (token === '>') return '.+'
      return token.replaceAll(/[^a-z0-9]/giu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)
    })
    .join('[.]')
  return new RegExp(`^${body}$`, 'su').test(literal)
}

/** All patterns of `a`, `b`, `*`, `>` with at most `maxTokens` tokens. */
export function createUniverse(maxTokens: number): Universe {
  const prefixes = ['', ...sequences(['a', 'b', '*'], maxTokens - 1).map((prefix) => `${prefix}.`)]
  const texts = [...sequences(['a', 'b', '*'], maxTokens), ...prefixes.map((prefix) => `${prefix}>`)]
  const literals = sequences(['a', 'b', 'c'], maxTokens + 1)
  const sets = new Map<string, LiteralSet>()
  function setOf({ text }: Pattern): LiteralSet {
    let set = sets.get(text)
    if (set === undefined) {
      set = BigInt(`0b${literals.map((literal) => (matchesByText(text, literal) ? '1' : '0')).join('')}`)
      sets.set(text, set)
    }
    return set
  }
  return {
    patterns: texts.map(pattern),
    literals,
    setOf,
    unionOf: (patterns) => patterns.reduce((union, each) => union | setOf(each), 0n),
  }
}

export function includes(whole: LiteralSet, part: LiteralSet): boolean {
  return (part & ~whole) === 0n
}

/** Every sequence of one to `maxTokens` tokens, joined by dots. */
function sequences(tokens: readonly string[], maxTokens: number): string[] {
  if (maxTokens < 1) return []
  const shorter = sequences(tokens, maxTokens - 1)
  return [...tokens, ...shorter.flatMap((rest) => tokens.map((token) => `${token}.${rest}`))]
}
