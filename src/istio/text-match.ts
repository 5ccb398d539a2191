/** Istio's string patterns: `*`, `x*`, `*x`, and everything else as it stands. Pure. */
import type { TextMatch } from './term.ts'

const STAR = '*'

/** One star is cut off, and the leading one wins: `*a*` is the suffix `a*`. */
export function parseTextMatch(value: string): TextMatch {
  if (value === STAR) return { is: 'presence' }
  if (value.startsWith(STAR)) return { is: 'suffix', value: value.slice(STAR.length) }
  if (value.endsWith(STAR)) return { is: 'prefix', value: value.slice(0, -STAR.length) }
  return { is: 'exact', value }
}

/** Presence is one character at least, and none of them a line break: Envoy's regular expression `.+`. */
export function matchesText(match: TextMatch, text: string): boolean {
  if (match.is === 'presence') return text !== '' && !text.includes('\n')
  return matchesLiteral(match, text)
}

/** Of a header, where presence is that it is there at all, empty or not. */
export function matchesHeaderText(match: TextMatch, text: string): boolean {
  return match.is === 'presence' || matchesLiteral(match, text)
}

function matchesLiteral(match: Exclude<TextMatch, { is: 'presence' }>, text: string): boolean {
  switch (match.is) {
    case 'exact':
      return text === match.value
    case 'prefix':
      return text.startsWith(match.value)
    case 'suffix':
      return text.endsWith(match.value)
    default:
      return match.is satisfies never
  }
}

/** ASCII only, as Envoy compares hosts. */
export function toLowerAscii(text: string): string {
  return /[A-Z]/.test(text) ? text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase()) : text
}
