/**
 * A question from outside -> a typed one, or what is wrong with it. Pure.
 * Refuses unknown fields, texts beyond any use, deep claims; nothing of the question is repeated but quoted and cut short.
 */
import { z } from 'zod'
import { schemaMistakes } from '../compile/schema-mistakes.ts'
import type { Principal } from '../identity/principal.ts'
import type { Json } from '../lib/json.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { quote } from '../lib/spell.ts'
import type { Action } from '../policy/effective.ts'
import { isLiteral, parsePattern, type Pattern } from '../subject/index.ts'
import { readClaims } from './claims-value.ts'
import { parsePrincipal, PRINCIPAL_EXPECTED } from './principal-text.ts'
import { invalid, QUESTION_INVALID, type Problem } from './problem.ts'
import type { Ask, Question } from './question.ts'

export interface ParseOptions {
  /** That `ns/name` stands in. */
  readonly trustDomain: string
  /** Who `token` names: whoever takes the question in reads and, where it can, verifies it first ({@link tokenIn}). */
  readonly holder?: Principal
}

const MAX_FILES = 10_000
const MAX_GROUPS = 500
/** Of an account, a queue group, a group, a file: longer names are no names. */
const MAX_NAME = 1024
const MAX_TOKEN = 64 * 1024

const action = z.enum(['publish', 'subscribe'])
/** Longer than any pattern may be, so that the reader of patterns says what is wrong. */
const text = z.string()
const principal = {
  principal: text.exactOptional(),
  claims: z.unknown().exactOptional(),
  groups: z.array(text).max(MAX_GROUPS).exactOptional(),
  token: z.string().max(MAX_TOKEN).exactOptional(),
}

const SCHEMAS = {
  'who-can': z.strictObject({ action, pattern: text, queue: text.exactOptional() }),
  'what-can': z.strictObject(principal),
  why: z.strictObject({ ...principal, action, subject: text, queue: text.exactOptional() }),
  plan: z.strictObject({ candidate: z.array(z.strictObject({ file: text, text })).max(MAX_FILES) }),
  drift: z.strictObject({}),
  review: z.strictObject({ account: text }),
} as const satisfies Record<Ask, z.ZodType>

/** @param body the fields, as {@link QuestionText} lists them. @throws never, whatever they hold. */
export function parseQuestion(ask: Ask, body: Json, options: ParseOptions): Result<Question, Problem> {
  switch (ask) {
    case 'who-can': {
      const read = readBody(SCHEMAS[ask], body)
      return read.ok ? whoCan(read.value) : read
    }
    case 'what-can': {
      const read = readBody(SCHEMAS[ask], body)
      if (!read.ok) return read
      const holder = principalOf(read.value, options)
      return holder.ok ? ok({ ask, principal: holder.value }) : holder
    }
    case 'why': {
      const read = readBody(SCHEMAS[ask], body)
      return read.ok ? why(read.value, options) : read
    }
    case 'plan': {
      const read = readBody(SCHEMAS[ask], body)
      return read.ok ? plan(read.value) : read
    }
    case 'drift': {
      const read = readBody(SCHEMAS[ask], body)
      return read.ok ? ok({ ask }) : read
    }
    default: {
      const read = readBody(SCHEMAS[ask], body)
      if (!read.ok) return read
      const wrong = nameMistake('account', read.value.account)
      return wrong === undefined ? ok({ ask, account: read.value.account }) : err(wrong)
    }
  }
}

/** The token that says who is asked about, when the question brings one. */
export function tokenIn(body: Json): string | undefined {
  const read = z.looseObject({ token: z.string().max(MAX_TOKEN) }).safeParse(body)
  return read.success ? read.data.token : undefined
}

function readBody<S extends z.ZodType>(schema: S, body: Json): Result<z.output<S>, Problem> {
  const read = schema.safeParse(body)
  if (read.success) return ok(read.data)
  const mistakes = schemaMistakes(schema, body, read.error.issues)
  // What is missing is often there under a misspelt name.
  const told = mistakes.find(({ code }) => code === 'unknown-field') ?? mistakes[0]
  const message = (told?.message ?? 'it is not a question').replaceAll('the document', 'the question')
  return err(invalid(mistakes.length < 2 ? message : `${message} (and ${mistakes.length - 1} more)`, told?.hint))
}

type Fields<A extends Ask> = z.output<(typeof SCHEMAS)[A]>

function whoCan(fields: Fields<'who-can'>): Result<Question, Problem> {
  const { action, queue } = fields
  const pattern = parsePattern(fields.pattern)
  if (!pattern.ok) return err(patternProblem('pattern', fields.pattern, pattern.error))
  const asked = { ask: 'who-can', action, pattern: pattern.value } as const
  if (queue === undefined) return ok(asked)
  if (action === 'publish') return err(queueOfPublisher())
  const group = parsePattern(queue)
  return group.ok ? ok({ ...asked, queue: group.value }) : err(patternProblem('queue group', queue, group.error))
}

function why(fields: Fields<'why'>, options: ParseOptions): Result<Question, Problem> {
  const { action, queue } = fields
  const subject = subjectOf(action, fields.subject)
  if (!subject.ok) return subject
  const wrong =
    queue === undefined ? undefined : (nameMistake('queue group', queue) ?? blankMistake('queue group', queue))
  if (wrong !== undefined) return err(wrong)
  if (queue !== undefined && action === 'publish') return err(queueOfPublisher())
  const holder = principalOf(fields, options)
  if (!holder.ok) return holder
  const asked = { ask: 'why', principal: holder.value, action, subject: subject.value } as const
  return ok(queue === undefined ? asked : { ...asked, queue })
}

function subjectOf(action: Action, written: string): Result<Pattern, Problem> {
  const pattern = parsePattern(written)
  if (!pattern.ok) return err(patternProblem('subject', written, pattern.error))
  if (action === 'subscribe' || isLiteral(pattern.value)) return pattern
  const hint = 'name one subject, or ask who-can, which takes patterns'
  return err(invalid(`subject ${quote(written)}: nobody publishes to a subject with wildcards`, hint))
}

function plan({ candidate }: Fields<'plan'>): Result<Question, Problem> {
  for (const { file } of candidate) {
    const wrong = nameMistake('file', file)
    if (wrong !== undefined) return err(wrong)
  }
  return ok({ ask: 'plan', candidate })
}

type PrincipalFields = Fields<'what-can'>

function principalOf(fields: PrincipalFields, { trustDomain, holder }: ParseOptions): Result<Principal, Problem> {
  const { principal: written, claims: tokenClaims, groups = [], token } = fields
  if (token !== undefined) {
    if (written !== undefined || tokenClaims !== undefined || groups.length > 0) {
      return err(invalid('a token says who its holder is: principal, claims and groups go without', 'leave one out'))
    }
    return holder === undefined ? err(invalid('the token cannot be read here', 'name the principal')) : ok(holder)
  }
  if (written === undefined) return err(invalid('no principal is named', PRINCIPAL_EXPECTED))
  const wrong = groups.flatMap((group) => nameMistake('group', group) ?? [])[0]
  if (wrong !== undefined) return err(wrong)
  const claims = readClaims(tokenClaims ?? {})
  if (!claims.ok) return err(invalid(`claims ${claims.error}`))
  const principal = parsePrincipal(written, { trustDomain, claims: claims.value, groups })
  if (!principal.ok) return err({ code: QUESTION_INVALID, message: `principal ${quote(written)}: ${principal.error}` })
  const isEndUser = principal.value.requestAuth !== undefined
  if (isEndUser || (groups.length === 0 && Object.keys(claims.value).length === 0)) return principal
  const hint = 'leave them out, or ask of an end user: https://issuer/subject'
  return err(invalid(`principal ${quote(written)} is a workload: claims and groups are for end users`, hint))
}

function patternProblem(what: string, written: string, reason: string): Problem {
  return invalid(`${what} ${quote(written)}: ${reason}`)
}

function queueOfPublisher(): Problem {
  return invalid('queue groups are for subscribers', 'leave the queue out, or ask about subscribe')
}

const NOT_IN_NAMES = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u

/** The protocol ends a queue group where a blank is. */
function blankMistake(what: string, name: string): Problem | undefined {
  return /\s/u.test(name) ? invalid(`${what} ${quote(name)} has blanks in it`) : undefined
}

function nameMistake(what: string, name: string): Problem | undefined {
  if (name === '') return invalid(`${what} is empty`)
  if (name.length > MAX_NAME) return invalid(`${what} ${quote(name)} is longer than ${MAX_NAME} characters`)
  return NOT_IN_NAMES.test(name) ? invalid(`${what} ${quote(name)} has control characters`) : undefined
}
