/**
 * Keeps secrets out of the file and out of messages about it. Pure.
 * The file holds names of files only; what looks like a secret itself is a mistake, and is never quoted.
 */
import { isJsonObject, type Json } from '../lib/json.ts'
import { isList, spellPath, type Mistake, type Path } from './document.ts'

const HIDDEN = '(hidden)'

const SECRETS: readonly { readonly pattern: RegExp; readonly what: string; readonly hint?: string }[] = [
  { pattern: /\bS[AUONCX][A-Z2-7]{20,}/, what: 'the seed of a key' },
  { pattern: /\beyJ[\w-]{10,}\.[\w-]+\.[\w-]+/, what: 'a token' },
  { pattern: /-----BEGIN [A-Z ]*(?:PRIVATE KEY|SEED)-----/, what: 'a private key' },
  {
    pattern: /^[a-z+]+:\/\/[^/?#]*@/i,
    what: 'a login',
    hint: 'leave host and port; the login to NATS goes under nats.credentials, its secret into a file',
  },
]

export function secretMistakes(value: Json): Mistake[] {
  return walk(value, []).flatMap(({ path, text }) => {
    const found = SECRETS.find(({ pattern }) => pattern.test(text))
    if (found === undefined) return []
    const message = `${spellPath(path)} holds ${found.what}, expected none in this file`
    const { hint = 'put the secret into a file of its own and give its path' } = found
    return [{ code: 'secret-in-config', message, hint, path }]
  })
}

/** The document with everything blotted out that messages must not repeat. */
export function withoutSecrets(value: Json): Json {
  if (typeof value === 'string') return SECRETS.some(({ pattern }) => pattern.test(value)) ? HIDDEN : value
  if (isList(value)) return value.map(withoutSecrets)
  if (!isJsonObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withoutSecrets(member)]))
}

/**
 * `${NAME}` and `$NAME`, as shells, Compose and envsubst write it, `$(NAME)`, as Kubernetes does: here it would stay as it is.
 * Without brackets two letters at least: `$G` is an account of nats-server, as is `$SYS`.
 */
const SUBSTITUTION = /\$\{[^}]*\}|\$\([A-Za-z_]\w*\)|\$(?!SYS\b)[A-Z_][A-Z0-9_]+/

export function substitutionMistakes(value: Json): Mistake[] {
  return walk(value, [])
    .filter(({ text }) => SUBSTITUTION.test(text))
    .map(({ path }) => ({
      code: 'no-substitution',
      message: `${spellPath(path)} holds $…, and environment variables are not put in here`,
      hint: 'write the value, or fill the file in before the bridge reads it',
      path,
    }))
}

function walk(value: Json, path: Path): { path: Path; text: string }[] {
  if (typeof value === 'string') return [{ path, text: value }]
  if (isList(value)) return value.flatMap((item, index) => walk(item, [...path, index]))
  if (!isJsonObject(value)) return []
  return Object.entries(value).flatMap(([key, member]) => walk(member, [...path, key]))
}
