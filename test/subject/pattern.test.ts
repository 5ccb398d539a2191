import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isLiteral, parsePattern, parseSubject } from '../../src/subject/index.ts'
import { pattern, subject } from './oracle.ts'

function refusal(text: string): string | undefined {
  const result = parsePattern(text)
  return result.ok ? undefined : result.error
}

const NO_TOKEN = 'a subject has at least one token'
const TOO_LONG = 'a subject has at most 1024 bytes'
const TOO_DEEP = 'a subject has at most 64 tokens'
const NO_WHITE_SPACE = 'a subject has no white space'
const NO_CONTROL = 'a subject has no control characters'
const WELL_FORMED = 'a subject is well-formed Unicode'
const NO_INVISIBLE = 'a subject has no invisible characters'
const NO_EMPTY_TOKENS = 'a subject has no empty tokens: no "." first or last, no ".."'
const TAIL_LAST = 'the wildcard ">" stands last'
const WHOLE_TOKENS =
  'the wildcards "*" and ">" stand for whole tokens: inside a token nats-server would read them as plain text'
const REASONS = [
  NO_TOKEN,
  TOO_LONG,
  TOO_DEEP,
  NO_WHITE_SPACE,
  NO_CONTROL,
  WELL_FORMED,
  NO_INVISIBLE,
  NO_EMPTY_TOKENS,
  TAIL_LAST,
  WHOLE_TOKENS,
]

describe('parsePattern', () => {
  test.for([
    'a',
    'a.b',
    '*',
    '>',
    'a.*',
    '*.a',
    'a.>',
    '*.*.>',
    '$JS.API.>',
    '_INBOX.x',
    '0',
    'a-b_c/d:e@f',
    'é.𝒜',
    '{x}',
  ])('takes %j and gives back its text and tokens', (text) => {
    const parsed = pattern(text)
    expect(parsed.text).toBe(text)
    expect(parsed.tokens.join('.')).toBe(text)
  })

  test.for<[text: string, reason: string]>([
    ['', NO_TOKEN],
    ['.', NO_EMPTY_TOKENS],
    ['.a', NO_EMPTY_TOKENS],
    ['a.', NO_EMPTY_TOKENS],
    ['a..b', NO_EMPTY_TOKENS],
    ['>.', NO_EMPTY_TOKENS],
    ['>.a', TAIL_LAST],
    ['>.>', TAIL_LAST],
    ['a.>.*', TAIL_LAST],
    ['foo-*', WHOLE_TOKENS],
    ['a*', WHOLE_TOKENS],
    ['*a', WHOLE_TOKENS],
    ['**', WHOLE_TOKENS],
    ['a.b*c.d', WHOLE_TOKENS],
    ['foo>', WHOLE_TOKENS],
    ['a.>>', WHOLE_TOKENS],
    ['*>', WHOLE_TOKENS],
    ['a b', NO_WHITE_SPACE],
    [' ', NO_WHITE_SPACE],
    ['orders workers', NO_WHITE_SPACE],
    ['a\u2028b', NO_WHITE_SPACE],
    ['a\u3000b', NO_WHITE_SPACE],
    ['a\0b', NO_CONTROL],
    ['a\uD800b', WELL_FORMED],
    ['a\uDC00', WELL_FORMED],
    ['a\uFFFD', WELL_FORMED],
    ['a\u200Bb', NO_INVISIBLE],
    ['a\u202Eb', NO_INVISIBLE],
    ['\uFEFFa', NO_INVISIBLE],
    ['a\uFE0F', NO_INVISIBLE],
    ['a\u{E0041}', NO_INVISIBLE],
  ])('refuses %j and says why', ([text, reason]) => {
    expect(refusal(text)).toBe(reason)
  })

  test('decides each character from U+0000 to U+00FF, wherever it stands in a token', () => {
    for (let code = 0; code <= 0xff; code++) {
      const character = String.fromCharCode(code)
      const expected = characterRefusal(code)
      for (const text of [`${character}b`, `a${character}`, `a${character}b`]) {
        if (character === '.' && text !== 'a.b') expect(refusal(text)).toBe(NO_EMPTY_TOKENS)
        else expect(refusal(text), `U+${code.toString(16)}`).toBe(expected)
      }
    }
  })

  test('refuses every byte from 80 to FF alone: it is not UTF-8', () => {
    for (let byte = 0x80; byte <= 0xff; byte++) {
      expect(refusal(Buffer.from([0x61, byte]).toString('utf8'))).toBe(WELL_FORMED)
    }
  })

  test('takes 1024 bytes of UTF-8 and not one more', () => {
    expect(refusal('a'.repeat(1024))).toBeUndefined()
    expect(refusal('a'.repeat(1025))).toBe(TOO_LONG)
    expect(refusal('é'.repeat(512))).toBeUndefined()
    expect(refusal(`${'é'.repeat(512)}a`)).toBe(TOO_LONG)
    expect(refusal('€'.repeat(341))).toBeUndefined()
    expect(refusal('€'.repeat(342))).toBe(TOO_LONG)
    expect(refusal('𝒜'.repeat(256))).toBeUndefined()
    expect(refusal('𝒜'.repeat(257))).toBe(TOO_LONG)
  })

  test('takes 64 tokens and not one more', () => {
    expect(refusal(Array(64).fill('a').join('.'))).toBeUndefined()
    expect(refusal(Array(65).fill('a').join('.'))).toBe(TOO_DEEP)
  })

  test('gives a value that nobody can change', () => {
    const parsed = pattern('a.*')
    expect(Object.isFrozen(parsed)).toBe(true)
    expect(Object.isFrozen(parsed.tokens)).toBe(true)
  })

  test('never throws: it gives the text as it came, or one of its own reasons', () => {
    const piece = fc.oneof(fc.constantFrom('.', '*', '>', 'a', ' ', '\0', '\uD800'), fc.string({ unit: 'binary' }))
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const text = pieces.join('')
        const result = parsePattern(text)
        if (result.ok) expect([result.value.text, result.value.tokens.join('.')]).toEqual([text, text])
        else expect(REASONS).toContain(result.error)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('parseSubject', () => {
  test.for(['a', 'a.b', '_INBOX.x.1', '$SYS.REQ.USER.AUTH'])('takes the literal %j', (text) => {
    expect(subject(text).text).toBe(text)
  })

  test.for(['*', '>', 'a.*', '*.a', 'a.>'])('refuses the wildcards of %j', (text) => {
    expect(parseSubject(text)).toEqual({ ok: false, error: 'a literal subject has no wildcards' })
  })

  test.for(['', 'a..b', 'a b', 'foo-*', 'a>'])('refuses %j for the reason that parsePattern gives', (text) => {
    expect(parseSubject(text)).toEqual(parsePattern(text))
    expect(parseSubject(text).ok).toBe(false)
  })
})

describe('isLiteral', () => {
  test.for<[text: string, literal: boolean]>([
    ['a', true],
    ['a.b', true],
    ['*', false],
    ['>', false],
    ['a.*.b', false],
    ['a.>', false],
  ])('of %j is %j', ([text, literal]) => {
    expect(isLiteral(pattern(text))).toBe(literal)
  })
})

function characterRefusal(code: number): string | undefined {
  const character = String.fromCharCode(code)
  if (['\t', '\n', '\v', '\f', '\r', ' ', '\u0085', '\u00A0'].includes(character)) return NO_WHITE_SPACE
  if (code < 0x20 || (code >= 0x7f && code <= 0x9f)) return NO_CONTROL
  if (code === 0xad) return NO_INVISIBLE
  if (character === '*' || character === '>') return WHOLE_TOKENS
  return undefined
}
