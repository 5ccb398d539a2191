/** What zod found wrong with an object, in the words of its author. Pure. */
import type { z } from 'zod'
import type { Json } from '../lib/json.ts'
import { withHint, type Mistake } from './mistake.ts'
import { describeValue, listChoices, quote, spellPath, type Path } from '../lib/spell.ts'
import { didYouMean } from '../lib/nearest.ts'
import { fieldsAt, nameFieldAt, schemaAt, wrapped } from './schema-fields.ts'
import { isList, valueAt } from './source-object.ts'
import { hintForField } from './unknown-field.ts'
import { adviceOnType, type TypeAdvice } from './values/type-advice.ts'

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

export function schemaMistakes(schema: z.ZodType, value: Json, all: readonly Issue[]): Mistake[] {
  const issues = withoutShadows(all)
  const mistakes = issues.slice(0, MAX_ISSUES).flatMap((issue) => mistakesOf(schema, value, issue))
  const left = issues.length - MAX_ISSUES
  return left > 0 ? [...mistakes, moreMistakes(left)] : mistakes
}

/** An empty text where a list is wanted is no list that is too short as well. */
function withoutShadows(issues: readonly Issue[]): Issue[] {
  const placeOf = ({ path }: Issue): string => spellPath(stepsOf(path))
  const untyped = new Set(issues.filter(({ code }) => code === 'invalid_type').map(placeOf))
  return issues.filter((issue) => issue.code !== 'too_small' || !untyped.has(placeOf(issue)))
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
  const advice = adviceAt(schema, path)
  return [
    withHint(
      { code: codeOf(issue, found), message: `${spellPath(path)} is ${describe(issue, found, advice)}`, path },
      hintFor(issue, found, advice) ?? hintForObject(schema, path, issue, found),
    ),
  ]
}

function adviceAt(root: z.ZodType, path: Path): TypeAdvice | undefined {
  for (let at = schemaAt(root, path); at !== undefined; at = wrapped(at)) {
    const advice = adviceOnType(at)
    if (advice !== undefined) return advice
  }
  return undefined
}

function codeOf(issue: Issue, found: Json | undefined): string {
  if (found === undefined) return 'missing-field'
  if (issue.code === 'invalid_type') return 'wrong-type'
  if (issue.code === 'too_small' && issue.origin === 'array') return 'empty-list'
  if (issue.code === 'too_small' && issue.origin === 'string') return 'empty-text'
  return issue.code === 'too_small' || issue.code === 'too_big' ? 'out-of-range' : 'invalid-value'
}

function describe(issue: Issue, found: Json | undefined, advice: TypeAdvice | undefined): string {
  const read = describeValue(found)
  switch (issue.code) {
    case 'invalid_type':
      return `${read}, expected ${advice?.expected ?? WORDS[issue.expected] ?? issue.expected}`
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

function hintFor(issue: Issue, found: Json | undefined, advice: TypeAdvice | undefined): string | undefined {
  if (found === undefined) return advice?.whenMissing
  if (found === null) return undefined
  if (issue.code === 'invalid_value') return hintForChoice(issue.values, found)
  if (issue.code !== 'invalid_type') return undefined
  if (advice?.hint !== undefined) return advice.hint(found)
  switch (issue.expected) {
    case 'array':
      return hintForList(found)
    case 'string':
      return typeof found === 'number' || typeof found === 'boolean' ? 'put it in quotes' : undefined
    case 'number':
    case 'int':
      return typeof found === 'string' && /^-?\d+$/.test(found) ? 'write it without quotes' : undefined
    case 'boolean':
      return typeof found === 'string' ? 'write true or false, without quotes' : undefined
    default:
      return typeof found === 'string' ? hintForMissingBlank(found) : undefined
  }
}

function hintForChoice(choices: readonly unknown[], found: Json): string | undefined {
  if (typeof found !== 'string') return undefined
  const [only] = choices
  if (choices.length === 1 && typeof only === 'boolean') return `write ${only}, without quotes`
  return didYouMean(found, choices.map(String), 2)
}

function hintForList(found: Json): string | undefined {
  if (found === '') return 'a bare > or | begins a YAML block; write a list, with ">" in quotes'
  if (typeof found === 'string') return `write it as a list: [${itemsIn(found).map(quote).join(', ')}]`
  if (typeof found === 'object' && !isList(found)) return 'begin each item of the list with "- "'
  return undefined
}

/** `a, b`, as the annotations of a ServiceAccount have it. */
function itemsIn(text: string): string[] {
  const items = text.split(',').map((item) => item.trim())
  return items.length > MAX_LISTED || items.includes('') ? [text] : items
}

/** A name alone, where the object asks for it first. */
function hintForObject(schema: z.ZodType, path: Path, issue: Issue, found: Json | undefined): string | undefined {
  if (issue.code !== 'invalid_type' || issue.expected !== 'object' || typeof found !== 'string') return undefined
  const name = nameFieldAt(schema, path)
  return name === undefined ? undefined : `write it as {${name}: ${quote(found)}}, with what is done beside it`
}

/** `name:value` is one text to YAML. */
function hintForMissingBlank(found: string): string | undefined {
  const field = /^([A-Za-z]+):\S/.exec(found)?.[1]
  return field === undefined ? undefined : `put a blank behind the colon: ${field}: …`
}

function unknownFields(schema: z.ZodType, path: Path, keys: readonly string[]): Mistake[] {
  const known = fieldsAt(schema, path)
  const mistakes = keys.slice(0, MAX_ISSUES).map((key): Mistake => {
    const message = `unknown field ${quote(key)} in ${spellPath(path)}, expected ${listFields(known)}`
    const mistake: Mistake = { code: 'unknown-field', message, path: [...path, key], atKey: true }
    return withHint(mistake, hintForField(schema, path, key))
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

function stepsOf(path: readonly PropertyKey[]): Path {
  return path.map((step) => (typeof step === 'number' ? step : String(step)))
}
