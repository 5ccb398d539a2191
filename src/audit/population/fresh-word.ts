/**
 * A word that no matcher of a policy means, for names that a made-up principal is free to choose. Pure.
 * It begins with nothing that a matcher asks to begin with, and ends with nothing that one asks to end with.
 */
import type { Matcher } from '../../policy/matcher.ts'

const LETTERS = 'zyxwvutsrqponmlkjihgfedcba0123456789'.split('')
const FIRST_CHOICE = 'somebody'

/** Lower-case letters and digits: fit for a trust domain, a segment of a SPIFFE ID, an issuer, a claim. */
export function freshWord(matchers: Iterable<Matcher>): string {
  const fragments = new Set<string>()
  for (const matcher of matchers) collectFragments(matcher, fragments)
  const isFresh = (word: string): boolean => {
    for (const fragment of fragments) {
      if (word.startsWith(fragment) || word.endsWith(fragment) || fragment.includes(word)) return false
    }
    return true
  }
  for (const word of words()) if (isFresh(word)) return word
  return FIRST_CHOICE
}

function* words(): Generator<string> {
  yield FIRST_CHOICE
  for (const first of LETTERS) for (const last of LETTERS) yield `${first}${FIRST_CHOICE}${last}`
}

/** Every text in it, whole and cut at slashes, without stars: half of a name is matched by its pieces. */
function collectFragments(value: unknown, fragments: Set<string>): void {
  if (typeof value === 'string') {
    for (const piece of [value, ...value.split('/')]) {
      const fragment = piece.replaceAll('*', '')
      if (fragment !== '') fragments.add(fragment)
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const member of Object.values(value)) collectFragments(member, fragments)
  }
}
