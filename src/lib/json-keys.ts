/**
 * Finds an object that names one key twice. Pure.
 * JSON.parse keeps the last of two equal keys in silence (RFC 8259 section 4 leaves it open); where a document is signed,
 * two readers could then see two documents, so one that repeats a key is refused.
 */

/** @param text JSON that JSON.parse accepts. @param value what JSON.parse made of it. */
export function repeatsKey(text: string, value: unknown): boolean {
  // Without blanks before colons each key ends in `":`. As many of those as there are keys: none was written twice.
  // More, and a string may hold one as well; then the slower scan decides.
  return (countKeyEnds(text) !== countKeys(value) || BLANK_BEFORE_COLON.test(text)) && scanForRepeatedKey(text)
}

const BLANK_BEFORE_COLON = /"[ \t\n\r]+:/

function countKeyEnds(text: string): number {
  let count = 0
  for (let at = text.indexOf('":'); at >= 0; at = text.indexOf('":', at + 2)) count += 1
  return count
}

function countKeys(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  let count = 0
  if (Array.isArray(value)) {
    for (const item of value) count += countKeys(item)
    return count
  }
  for (const member of Object.values(value)) count += 1 + countKeys(member)
  return count
}

const STRING = /"(?:[^"\\]|\\.)*"/y

function scanForRepeatedKey(text: string): boolean {
  const open: (Set<string> | undefined)[] = []
  let at = 0
  while (at < text.length) {
    const character = text[at]
    if (character === '"') {
      STRING.lastIndex = at
      const literal = STRING.exec(text)?.[0]
      if (literal === undefined) return true
      at += literal.length
      const keys = open.at(-1)
      if (keys === undefined || !isFollowedByColon(text, at)) continue
      const key: unknown = JSON.parse(literal)
      if (typeof key !== 'string' || keys.has(key)) return true
      keys.add(key)
      continue
    }
    if (character === '{') open.push(new Set())
    else if (character === '[') open.push(undefined)
    else if (character === '}' || character === ']') open.pop()
    at += 1
  }
  return false
}

const COLON = /[ \t\n\r]*:/y

function isFollowedByColon(text: string, at: number): boolean {
  COLON.lastIndex = at
  return COLON.test(text)
}
