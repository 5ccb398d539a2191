/**
 * A NATS subject or subject pattern, parsed once at the edge. Pure.
 * Refuses what nats-server or its JWT library would refuse, what could not be told apart on a screen, and wildcards
 * that are only part of a token: the server takes those for literal text, whoever writes them means something wider.
 */
import { err, ok, type Result } from '../lib/result.ts'

/** The wildcard for exactly one token. */
export const ONE_TOKEN = '*'
/** The wildcard for one or more tokens, always last. */
export const TAIL = '>'

/** Limits for text from outside. An intersection can be longer, as it may take its tokens from both sides. */
const MAX_BYTES = 1024
const MAX_TOKENS = 64

const parsed: unique symbol = Symbol('parsed')

/**
 * Frozen, and made only by {@link parsePattern}, {@link parseSubject} and the algebra. One set of subjects has one
 * spelling: equal `text` means the same set, different `text` a different one.
 */
export interface Pattern {
  readonly [parsed]: true
  readonly text: string
  /** The text between the dots, wildcards `*` and `>` included; at least one. */
  readonly tokens: readonly string[]
}

const PLAIN = /^[!-~]+$/

const REFUSED_CHARACTERS: readonly (readonly [RegExp, string])[] = [
  [/\p{White_Space}/u, 'a subject has no white space'],
  [/\p{Cc}/u, 'a subject has no control characters'],
  // Go puts U+FFFD wherever bytes are not UTF-8, so nats-server takes it for damage.
  [/[\p{Cs}\uFFFD]/u, 'a subject is well-formed Unicode'],
  [/[\p{Cf}\p{Default_Ignorable_Code_Point}]/u, 'a subject has no invisible characters'],
]

/**
 * Reads a pattern: at most 1024 bytes of UTF-8 and 64 tokens, `*` and `>` only as whole tokens, `>` only last.
 * @returns the pattern, or the reason it is none (fit for an error message: it repeats nothing of the input).
 */
export function parsePattern(text: string): Result<Pattern, string> {
  if (text === '') return err('a subject has at least one token')
  if (isTooLong(text)) return err(`a subject has at most ${MAX_BYTES} bytes`)
  const character = refusedCharacter(text)
  if (character !== undefined) return err(character)
  const tokens = text.split('.')
  if (tokens.includes('')) return err('a subject has no empty tokens: no "." first or last, no ".."')
  if (tokens.length > MAX_TOKENS) return err(`a subject has at most ${MAX_TOKENS} tokens`)
  const wildcard = misplacedWildcard(tokens)
  if (wildcard !== undefined) return err(wildcard)
  return ok(freeze(text, tokens))
}

/** Reads a literal subject, one that a message can have: as {@link parsePattern}, without wildcards. */
export function parseSubject(text: string): Result<Pattern, string> {
  const result = parsePattern(text)
  if (result.ok && !isLiteral(result.value)) return err('a literal subject has no wildcards')
  return result
}

/** True when the pattern is one subject and no more. */
export function isLiteral(pattern: Pattern): boolean {
  return !pattern.tokens.some(isWildcard)
}

export function isWildcard(token: string): boolean {
  return token === ONE_TOKEN || token === TAIL
}

/** For the algebra alone: the tokens come from patterns, so nothing is left to refuse. */
export function patternOf(tokens: readonly string[]): Pattern {
  return freeze(tokens.join('.'), tokens)
}

function freeze(text: string, tokens: readonly string[]): Pattern {
  return Object.freeze({ [parsed]: true as const, text, tokens: Object.freeze(tokens) })
}

function isTooLong(text: string): boolean {
  // A code unit is one to three bytes: only between these bounds does the length have to be counted.
  if (text.length > MAX_BYTES) return true
  return text.length * 3 > MAX_BYTES && new TextEncoder().encode(text).length > MAX_BYTES
}

function refusedCharacter(text: string): string | undefined {
  if (PLAIN.test(text)) return undefined
  return REFUSED_CHARACTERS.find(([characters]) => characters.test(text))?.[1]
}

function misplacedWildcard(tokens: readonly string[]): string | undefined {
  const last = tokens.length - 1
  for (const [position, token] of tokens.entries()) {
    if (token === TAIL && position !== last) return 'the wildcard ">" stands last'
    if (token.length > 1 && (token.includes(ONE_TOKEN) || token.includes(TAIL))) {
      return 'the wildcards "*" and ">" stand for whole tokens: inside a token nats-server would read them as plain text'
    }
  }
  return undefined
}
