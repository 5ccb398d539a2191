/** Patterns that stand in this code, or are put together from tokens of patterns. Pure. */
import { parsePattern, type Pattern } from '../../subject/index.ts'

/** @throws when it is none, which is a mistake in the code. */
export function writtenPattern(text: string): Pattern {
  const pattern = parsePattern(text)
  if (!pattern.ok) throw new Error(`${text}: ${pattern.error}`)
  return pattern.value
}

export const EVERYTHING = writtenPattern('>')
