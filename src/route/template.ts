/**
 * The two sides of a route: a subject and a path that share their variables. Pure.
 * `{x}` is one token and one segment, `{x...}` one or more and last; `{method}` is a token alone. Refuses whatever a request, or
 * nats-server, would spell in another way, and variables that are only on one side.
 */
import { normalisePath } from '../istio/index.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { parseSubject } from '../subject/index.ts'

export type TemplatePart =
  | { readonly is: 'literal'; readonly text: string }
  /** One token, one segment. */
  | { readonly is: 'one'; readonly name: string }
  /** One or more; always last. */
  | { readonly is: 'rest'; readonly name: string }
  /** In subjects alone. */
  | { readonly is: 'method' }

export interface Template {
  /** As written. */
  readonly text: string
  readonly parts: readonly TemplatePart[]
}

const METHOD_VARIABLE = 'method'
const VARIABLE = /^\{([A-Za-z_][A-Za-z0-9_]*)(\.\.\.)?\}$/
/** What stands for a variable while the literal text around it is checked. */
const SAMPLE = 'x'

/** @returns the template, or the reason it is none (fit for an error message). */
export function parseSubjectTemplate(text: string): Result<Template, string> {
  // A dot inside braces belongs to `...`.
  const parts = text
    .replaceAll('...}', '\u2026}')
    .split('.')
    .map((token) => partOf(token.replace('\u2026}', '...}')))
  const wrong = structureMistake(parts, 'token')
  if (wrong !== undefined) return err(wrong)
  if (parts.filter(({ is }) => is === 'method').length > 1) return err('{method} stands in it twice')
  const sample = parseSubject(parts.map((part) => (part.is === 'literal' ? part.text : SAMPLE)).join('.'))
  return sample.ok ? ok({ text, parts }) : err(sample.error)
}

/** @returns the template, or the reason it is none (fit for an error message). */
export function parsePathTemplate(text: string): Result<Template, string> {
  if (!text.startsWith('/')) return err('a path begins with "/"')
  if (/[?#]/.test(text)) return err('a path has neither query nor fragment: policies do not look at them')
  const parts = text.slice(1).split('/').map(partOf)
  const wrong = structureMistake(parts, 'segment')
  if (wrong !== undefined) return err(wrong)
  if (parts.some(({ is }) => is === 'method')) return err('{method} is a token of the subject, not part of a path')
  const sample = `/${parts.map((part) => (part.is === 'literal' ? part.text : SAMPLE)).join('/')}`
  const normal = normalisePath(sample)
  if (normal === undefined)
    return err('no request can have this path: use printable ASCII, and %XX for everything else')
  if (normal !== sample) return err(`requests with this path arrive as ${JSON.stringify(normal)}: write it like that`)
  return ok({ text, parts })
}

/** Why a subject and a path do not belong together; `undefined` when they do. */
export function variablesMistake(subject: Template, path: Template): string | undefined {
  const inSubject = variablesOf(subject)
  const inPath = variablesOf(path)
  for (const [name, kind] of inSubject) {
    const other = inPath.get(name)
    if (other === undefined) return `{${name}} is in the subject and not in the path`
    if (other !== kind) return `{${name}} is ${WORDS[kind]} in the subject and ${WORDS[other]} in the path`
  }
  const missing = [...inPath.keys()].find((name) => !inSubject.has(name))
  return missing === undefined ? undefined : `{${missing}} is in the path and not in the subject`
}

export function hasMethodVariable({ parts }: Template): boolean {
  return parts.some(({ is }) => is === 'method')
}

const WORDS = { one: 'one token', rest: 'one or more tokens' } as const

function variablesOf({ parts }: Template): Map<string, 'one' | 'rest'> {
  return new Map(
    parts.flatMap((part) => (part.is === 'one' || part.is === 'rest' ? [[part.name, part.is] as const] : [])),
  )
}

function partOf(text: string): TemplatePart {
  const [, name, rest] = VARIABLE.exec(text) ?? []
  if (name === undefined) return { is: 'literal', text }
  if (rest !== undefined) return { is: 'rest', name }
  return name === METHOD_VARIABLE ? { is: 'method' } : { is: 'one', name }
}

function structureMistake(parts: readonly TemplatePart[], unit: 'token' | 'segment'): string | undefined {
  const names = parts.flatMap((part) => (part.is === 'one' || part.is === 'rest' ? [part.name] : []))
  const twice = names.find((name, position) => names.indexOf(name) !== position)
  if (twice !== undefined) return `{${twice}} stands in it twice`
  if (names.includes(METHOD_VARIABLE)) return '{method...} is none: a method is one token'
  if (parts.slice(0, -1).some(({ is }) => is === 'rest')) return 'a variable with ... stands last'
  const broken = parts.some((part) => part.is === 'literal' && /[{}]/.test(part.text))
  return broken ? `a variable is a whole ${unit}, {name} or {name...}: letters, digits and "_"` : undefined
}
