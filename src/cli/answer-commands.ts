/** What the commands that ask do: they put the question together, have it answered, print, and choose the exit code. */
import type { Answer } from '../answers/answer.ts'
import { ok, type Result } from '../lib/result.ts'
import type { Json, JsonObject } from '../lib/json.ts'
import type { Action } from '../policy/effective.ts'
import { askPolicy, type AskContext } from './ask.ts'
import type { AskOptions } from './asker.ts'
import { readClaimOptions, type ClaimOptions } from './claims-argument.ts'
import { readPolicyTexts, STDIN } from './load-snapshot.ts'
import type { Output } from './output.ts'
import { driftExitCode, printDrift } from './show-drift.ts'
import { planExitCode, printPlan, type FailOn } from './show-plan.ts'
import { reviewCsv, reviewMarkdown } from './show-review.ts'
import { printWhatCan } from './show-what-can.ts'
import { printWhy } from './show-why.ts'
import { printWhoCan, whoCanCsv } from './show-who-can.ts'
import { readTokenFile } from './token-argument.ts'

export interface PrincipalArguments extends AskOptions, ClaimOptions {
  /** Left out where a token names it. */
  readonly principal?: string
  readonly group: readonly string[]
  readonly tokenFile?: string
  readonly json?: true
}

export interface WhyArguments extends PrincipalArguments {
  readonly action: Action
  readonly subject: string
  readonly queue?: string
}

/** @returns 0 when allowed, 1 when denied, 2 when there is no answer. */
export async function whyCommand(asked: WhyArguments, context: AskContext): Promise<number> {
  const who = await principalFields(asked, context.output)
  if (who === undefined) return 2
  const { action, subject, queue } = asked
  const body = { ...who, action, subject, ...(queue === undefined ? {} : { queue }) }
  const answer = await askPolicy({ ask: 'why', body }, asked, context)
  if (answer === undefined) return 2
  if (!printedAsJson(answer, asked, context)) printWhy(answer, context.output)
  return answer.allowed ? 0 : 1
}

/** @returns 0 when the principal can log in, 1 when not, 2 when there is no answer. */
export async function whatCanCommand(asked: PrincipalArguments, context: AskContext): Promise<number> {
  const body = await principalFields(asked, context.output)
  if (body === undefined) return 2
  const answer = await askPolicy({ ask: 'what-can', body }, asked, context)
  if (answer === undefined) return 2
  if (!printedAsJson(answer, asked, context)) printWhatCan(answer, context.output)
  return answer.refusal === undefined ? 0 : 1
}

export interface WhoCanArguments extends AskOptions {
  readonly action: Action
  readonly pattern: string
  readonly queue?: string
  readonly csv?: true
  readonly json?: true
}

/** @returns 0 when there is an answer, whoever can; 2 when there is none. */
export async function whoCanCommand(asked: WhoCanArguments, context: AskContext): Promise<number> {
  const { action, pattern, queue } = asked
  const body = { action, pattern, ...(queue === undefined ? {} : { queue }) }
  const answer = await askPolicy({ ask: 'who-can', body }, asked, context)
  if (answer === undefined) return 2
  const { output } = context
  if (asked.csv) output.line(whoCanCsv(answer))
  else if (!printedAsJson(answer, asked, context)) printWhoCan(answer, output)
  return 0
}

export interface ReviewArguments extends AskOptions {
  readonly account: string
  /** As it shall stand in the report. */
  readonly date?: string
  readonly csv?: true
  readonly json?: true
}

/** @returns 0 when there is a review, 2 when there is none. */
export async function reviewCommand(asked: ReviewArguments, context: AskContext): Promise<number> {
  const { account, date = today() } = asked
  const answer = await askPolicy({ ask: 'review', body: { account } }, asked, context)
  if (answer === undefined) return 2
  const { output } = context
  if (asked.csv) output.line(reviewCsv(answer))
  else if (!printedAsJson(answer, asked, context)) output.line(reviewMarkdown(answer, date))
  return 0
}

/** In UTC, as ISO 8601 writes it. */
function today(): string {
  return new Date().toISOString().slice(0, 10)
}

export interface PlanArguments extends AskOptions {
  /** The folder, or file, of the candidate. */
  readonly candidate: string
  readonly failOn: FailOn
  readonly json?: true
}

/** @returns 0 when nothing changes, 2 when something does (with `--fail-on widen`: when somebody gains), 1 when there is no answer. */
export async function planCommand(asked: PlanArguments, context: AskContext): Promise<number> {
  const { candidate, policies = [], failOn } = asked
  const { output, input } = context
  if (candidate === STDIN && policies.includes(STDIN)) {
    output.error('standard input is either the candidate or the policies', 'name a folder for one of them')
    return 1
  }
  const texts = await readPolicyTexts([candidate], input)
  if (!texts.ok) {
    output.diagnostics(texts.error)
    return 1
  }
  const body = { candidate: texts.value.map(({ file, text }) => ({ file, text })) }
  const answer = await askPolicy({ ask: 'plan', body }, asked, { ...context, quiet: true })
  if (answer === undefined) return 1
  output.diagnostics(answer.diagnostics.filter(({ severity }) => severity === 'error'))
  if (!printedAsJson(answer, asked, context)) printPlan(answer, output)
  return planExitCode(answer, failOn)
}

export interface DriftArguments extends AskOptions {
  readonly json?: true
}

/** @returns 0 when rights are the same, 1 when they differ, 2 when there is no answer. */
export async function driftCommand(asked: DriftArguments, context: AskContext): Promise<number> {
  const answer = await askPolicy({ ask: 'drift', body: {} }, asked, { ...context, quiet: true })
  if (answer === undefined) return 2
  if (!printedAsJson(answer, asked, context)) printDrift(answer, context.output)
  return driftExitCode(answer)
}

/** Whoever asked for JSON gets the answer and nothing else. */
function printedAsJson(answer: Answer, { json }: { readonly json?: true }, { output }: AskContext): boolean {
  if (json === true) output.json(answer)
  return json === true
}

async function principalFields(asked: PrincipalArguments, output: Output): Promise<JsonObject | undefined> {
  const fields = await readPrincipal(asked)
  if (fields.ok) return fields.value
  output.error(fields.error.message, fields.error.hint, fields.error.code)
  return undefined
}

interface Mistake {
  readonly code?: string
  readonly message: string
  readonly hint?: string
}

async function readPrincipal(asked: PrincipalArguments): Promise<Result<JsonObject, Mistake>> {
  const { principal, tokenFile, group: groups } = asked
  const claims = readClaimOptions(asked)
  if (!claims.ok) return claims
  const typed: Record<string, Json> = {
    ...(principal === undefined ? {} : { principal }),
    ...(claims.value === undefined ? {} : { claims: claims.value }),
    ...(groups.length === 0 ? {} : { groups }),
  }
  if (tokenFile === undefined) return ok(typed)
  const token = await readTokenFile(tokenFile)
  return token.ok ? ok({ ...typed, token: token.value }) : token
}
