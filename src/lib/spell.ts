/**
 * How what was read is spelled in a message. Pure.
 * Whatever is quoted is cut short and spelled as JSON, so that no control character reaches a terminal. Seeds, tokens and private
 * keys are blotted out: a file that was named by mistake must not end up in a log.
 */
import type { Json } from './json.ts'

/** From the root of the object: `['spec', 'grants', 0, 'publish']`. */
export type Path = readonly (string | number)[]

const MAX_QUOTED = 60
const MAX_PATH = 160
const MAX_SENTENCE = 240
const SECRET =
  /\bS[AUONCX][A-Z2-7]{40,}|\beyJ[\w-]{10,}\.[\w-]+(?:\.[\w-]*)?|-----BEGIN [A-Z ]*(?:PRIVATE KEY|SEED)-----[^]*/g
/** Of what is quoted, no more than this is looked at. */
const MAX_READ = 16_384

export function quote(text: string): string {
  const safe = withoutSecrets(text)
  return `${escaped(safe, MAX_QUOTED)}${safe.length > MAX_QUOTED ? '…' : ''}`
}

/** Words of others inside of a sentence, without quotes around them. */
export function unquoted(text: string, most = MAX_SENTENCE): string {
  const safe = withoutSecrets(text)
  const bare = escaped(safe, most)
    .slice(1, -1)
    .replaceAll(/\\(["\\])/g, '$1')
  return safe.length > most ? `${bare}…` : bare
}

function withoutSecrets(text: string): string {
  return text.slice(0, MAX_READ).replaceAll(SECRET, '(hidden)')
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
