/**
 * The token of a subject and the path segment that it stands for: RFC 3986 percent-encoding of everything but unreserved
 * characters, so that distinct tokens are distinct segments and none is `.`, `..` or holds a `/`. Pure.
 * A dot separates tokens, so no token has one, and no segment with a dot comes from a token.
 */
import { isLiteral, parsePattern } from '../subject/index.ts'

/**
 * `none`: no token has this segment as its encoding. `unspellable`: one has, which a client can publish to and which
 * permission lists cannot name without meaning something else (`*` alone, invisible characters).
 */
export type TokenOfSegment = { readonly is: 'token'; readonly token: string } | { readonly is: 'none' | 'unspellable' }

const CANONICAL = /^(?:[A-Za-z0-9_~-]|%[0-9A-F]{2})+$/
const UNRESERVED_BYTE = /^[A-Za-z0-9._~-]$/
/** Bytes that end a token or a protocol line; NUL is refused by Envoy. */
const NEVER_IN_TOKEN = /%(?:00|09|0A|0D|20|2E)/

const NONE = { is: 'none' } as const
const UNSPELLABLE = { is: 'unspellable' } as const

export function segmentOfToken(token: string): string {
  return encodeURIComponent(token).replaceAll(/[!'()*]/g, (character) => `%${hex(character.charCodeAt(0))}`)
}

export function tokenOfSegment(segment: string): TokenOfSegment {
  if (!CANONICAL.test(segment) || !isEncoding(segment)) return NONE
  const token = decode(segment)
  if (token === undefined) return UNSPELLABLE
  const parsed = parsePattern(token)
  return parsed.ok && isLiteral(parsed.value) && segmentOfToken(token) === segment
    ? { is: 'token', token }
    : UNSPELLABLE
}

/** Whether the segment of some token begins with the text. Doubtful ends (`%4`) count as yes. */
export function mayBegin(text: string): boolean {
  const whole = text.replace(/%[0-9A-F]?$/, '')
  return whole === '' || (CANONICAL.test(whole) && isEncoding(whole))
}

/** Whether the segment of some token ends with the text. Doubtful beginnings (`1B`, the end of `%1B`) count as yes. */
export function mayEnd(text: string): boolean {
  return CANONICAL.test(text) && isEncoding(text)
}

/** Nothing is escaped that the encoding would leave as it is, and nothing is there that no token holds. */
function isEncoding(segment: string): boolean {
  if (NEVER_IN_TOKEN.test(segment)) return false
  return [...segment.matchAll(/%([0-9A-F]{2})/g)].every(
    ([, code = '']) => !UNRESERVED_BYTE.test(String.fromCharCode(Number.parseInt(code, 16))),
  )
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}

function hex(code: number): string {
  return code.toString(16).toUpperCase().padStart(2, '0')
}
