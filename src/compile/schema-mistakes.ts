/** What zod found wrong with an object, in the words of its author. Pure. */
import { z } from 'zod'
import type { Json } from '../lib/json.ts'
import { withHint, type Mistake } from './mistake.ts'
import { describeValue, listChoices, quote, spellPath, type Path } from '../lib/spell.ts'
import { MERGE_HINT, MERGE_KEY } from './merge-key.ts'
import { didYouMean } from '../lib/nearest.ts'
import { valueAt } from './source-object.ts'

type Issue = z.core.$ZodIssue

/** Enough to see the pattern behind them; a document with more is not worth the time it takes to place each. */
const MAX_ISSUES = 50
const MAX_LISTED = 10

const WORDS: Readonly<Record<string, string>> = {
  array: 'a list',
  object: 'an object',
  record: 'an object',
  string: 'text',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
}

export function schemaMistakes(schema: z.ZodType, value: Json, issues: readonly Issue[]): Mistake[] {
  const mistakes = issues.slice(0, MAX_ISSUES).flatMap((issue) => mistakesOf(schema, value, issue))
  const left = issues.length - MAX_ISSUES
  return left > 0 ? [...mistakes, moreMistakes(left)] : mistakes
}

function moreMistakes(count: number): Mistake {
  return { code: 'more-mistakes', message: `the document has ${count} more mistakes`, path: [] }
}

function mistakesOf(schema: z.ZodType, value: Json, issue: Issue): Mistake[] {
  const path = stepsOf(issue.path)
  if (issue.code === 'unrecognized_keys') return unknownFields(schema, path, issue.keys)
  if (issue.code === 'invalid_key') {
    const message = `a key in ${spellPath(path.slice(0, -1))} is empty, expected text`
    return [{ code: 'key-invalid', message, path, atKey: true }]
  }
  const found = valueAt(value, path)
  if (issue.code === 'custom') return [refused(path, found, issue.params)]
  return [
    withHint(
      { code: codeOf(issue, found), message: `${spellPath(path)} is ${describe(issue, found)}`, path },
      hintFor(issue, found),
    ),
  ]
}

function codeOf(issue: Issue, found: Json | undefined): string {
  if (found === undefined) return 'missing-field'
  if (issue.code === 'invalid_type') return 'wrong-type'
  if (issue.code === 'too_small' && issue.origin === 'array') return 'empty-list'
  if (issue.code === 'too_small' && issue.origin === 'string') return 'empty-text'
  return issue.code === 'too_small' || issue.code === 'too_big' ? 'out-of-range' : 'invalid-value'
}

function describe(issue: Issue, found: Json | undefined): string {
  const read = describeValue(found)
  switch (issue.code) {
    case 'invalid_type':
      return `${read}, expected ${WORDS[issue.expected] ?? issue.expected}`
    case 'invalid_value':
      return `${read}, expected ${listChoices(issue.values.map(String))}`
    case 'too_small':
      if (issue.origin === 'array') return 'an empty list, expected at least one item'
      return issue.origin === 'string' ? 'empty, expected text' : `${read}, expected at least ${issue.minimum}`
    case 'too_big':
      return `${read}, expected at most ${issue.maximum}`
    default:
      return `${read}, which is not valid here`
  }
}

function hintFor(issue: Issue, found: Json | undefined): string | undefined {
  if (issue.code === 'invalid_value' && typeof found === 'string') return didYouMean(found, issue.values.map(String), 2)
  if (issue.code !== 'invalid_type') return undefined
  if (issue.expected === 'array' && typeof found === 'string') return `write it as a list: [${quote(found)}]`
  const isText = issue.expected === 'string'
  return isText && (typeof found === 'number' || typeof found === 'boolean') ? 'put it in quotes' : undefined
}

function unknownFields(schema: z.ZodType, path: Path, keys: readonly string[]): Mistake[] {
  const known = fieldsAt(schema, path)
  const mistakes = keys.slice(0, MAX_ISSUES).map((key): Mistake => {
    const hint = key === MERGE_KEY ? MERGE_HINT : didYouMean(key, known)
    const message = `unknown field ${quote(key)} in ${spellPath(path)}, expected ${listFields(known)}`
    return withHint({ code: 'unknown-field', message, path: [...path, key], atKey: true }, hint)
  })
  return keys.length > MAX_ISSUES ? [...mistakes, moreMistakes(keys.length - MAX_ISSUES)] : mistakes
}

/** Nobody reads a list of everything that Kubernetes allows in metadata. */
function listFields(fields: readonly string[]): string {
  return listChoices(fields.length > MAX_LISTED ? [...fields.slice(0, MAX_LISTED / 2), 'others'] : fields)
}

/** A refusal of `values/refuse.ts`. */
function refused(path: Path, found: Json | undefined, params: Record<string, unknown> | undefined): Mistake {
  const { code, reason, hint } = params ?? {}
  const read = typeof found === 'object' ? '' : ` ${describeValue(found)}`
  const message = `${spellPath(path)}${read} ${typeof reason === 'string' ? reason : 'is not valid'}`
  const mistake = { code: typeof code === 'string' ? code : 'invalid-value', message, path }
  return withHint(mistake, typeof hint === 'string' ? hint : undefined)
}

/** The names of the fields that the schema has at a path. */
function fieldsAt(schema: z.ZodType, path: Path): string[] {
  let at: unknown = schema
  for (const step of path) {
    at = unwrap(at)
    if (at instanceof z.ZodObject) at = at.shape[step]
    else if (at instanceof z.ZodArray) at = at.element
    else return []
  }
  at = unwrap(at)
  return at instanceof z.ZodObject ? Object.keys(at.shape) : []
}

function unwrap(schema: unknown): unknown {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodNullable)
    return unwrap(schema.unwrap())
  return schema instanceof z.ZodPipe ? unwrap(schema.in) : schema
}

function stepsOf(path: readonly PropertyKey[]): Path {
  return path.map((step) => (typeof step === 'number' ? step : String(step)))
}
