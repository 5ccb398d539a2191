/**
 * Finds an object that names one key twice. Pure.
 * JSON.parse keeps the last of two equal keys in silence (RFC 8259 section 4 leaves it open); where a document is signed,
 * two readers could then see two documents, so one that repeats a key is refused.
 */

/** @param text JSON that JSON.parse accepts. @param value what JSON.parse made of it. */
export function repeatsKey(text: string, value: unknown): boolean {
  // What nats-server writes comes back byte for byte, unless a string holds <, > or &, which it escapes.
  return JSON.stringify(value) !== text && scanForRepeatedKey(text)
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
