/**
 * How what was read is spelled in a message. Pure.
 * Whatever is quoted is cut short and spelled as JSON, so that no control character reaches a terminal.
 */
import type { Json } from './json.ts'

/** From the root of the object: `['spec', 'grants', 0, 'publish']`. */
export type Path = readonly (string | number)[]

const MAX_QUOTED = 60
const MAX_PATH = 160
const MAX_SENTENCE = 240

export function quote(text: string): string {
  return `${escaped(text, MAX_QUOTED)}${text.length > MAX_QUOTED ? '…' : ''}`
}

/** Words of others inside of a sentence, without quotes around them. */
export function unquoted(text: string, most = MAX_SENTENCE): string {
  const bare = escaped(text, most)
    .slice(1, -1)
    .replaceAll(/\\(["\\])/g, '$1')
  return text.length > most ? `${bare}…` : bare
}

function escaped(text: string, most: number): string {
  // JSON leaves these as they are; terminals act on some of them.
  return JSON.stringify(text.slice(0, most)).replaceAll(
    /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g,
    escapeCharacter,
  )
}

/** `spec.grants[0].publish`; the object itself is `the document`. */
export function spellPath(path: Path): string {
  let spelled = ''
  for (const step of path) {
    if (typeof step === 'number') spelled += `[${step}]`
    else if (/^[\w-]+$/.test(step)) spelled += spelled === '' ? step : `.${step}`
    else spelled += `[${quote(step)}]`
  }
  if (spelled === '') return 'the document'
  return spelled.length > MAX_PATH ? `${spelled.slice(0, MAX_PATH)}…` : spelled
}

/** What was read, in the words of a person: `"x"`, `5`, `a list`. */
export function describeValue(value: Json | undefined): string {
  if (value === undefined) return 'missing'
  if (value === null) return 'empty'
  if (typeof value === 'string') return quote(value)
  if (typeof value !== 'object') return String(value)
  return Array.isArray(value) ? 'a list' : 'an object'
}

/** `a, b or c`. */
export function listChoices(choices: readonly string[]): string {
  if (choices.length < 2) return choices.join('')
  return `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
