/** The JSON that a running bridge gives back -> its answer, or its refusal with the next step for whoever typed the command. Pure. */
import type { Answer } from '../answers/answer.ts'
import type { Problem } from '../answers/problem.ts'
import type { Ask } from '../answers/question.ts'
import { isJsonObject } from '../lib/json.ts'
import { err, ok, type Result } from '../lib/result.ts'

/** @param isAnswer whether the bridge said that this is one. @returns nothing when a bridge would not say that. */
export function readReply(text: string, isAnswer: boolean, ask: Ask): Result<Answer, Problem> | undefined {
  const value = parse(text)
  if (isAnswer) return isAnswerTo(value, ask) ? ok(value) : undefined
  const problem = isJsonObject(value) ? value['error'] : undefined
  if (!isJsonObject(problem)) return undefined
  const { code, message, hint, diagnostics } = problem
  if (typeof code !== 'string' || typeof message !== 'string') return undefined
  const next = NEXT_STEPS.get(code) ?? (typeof hint === 'string' ? hint : undefined)
  return err({
    code,
    message: visible(message),
    ...(next === undefined ? {} : { hint: visible(next) }),
    ...(Array.isArray(diagnostics) ? { diagnostics } : {}),
  })
}

function isAnswerTo(value: unknown, ask: Ask): value is Answer {
  return isJsonObject(value) && value['ask'] === ask
}

function parse(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return value
  } catch {
    return undefined
  }
}

/** Whatever stands at the other end, the terminal is ours. */
function visible(text: string): string {
  return text.replaceAll(/\p{C}/gu, '?')
}

const FRESH = 'make a fresh one: kubectl create token <name> -n <namespace> --audience <audience>'

const NEXT_STEPS = new Map([
  ['credential-missing', 'say who asks: --auth-token-file <file>, or --cert <file> and --key <file>'],
  [
    'token-audience',
    'make a token for the audience that identity.issuers of the bridge lists: kubectl create token <name> -n <namespace> --audience <audience>',
  ],
  ['token-expired', FRESH],
  ['token-malformed', '--auth-token-file names a file that holds one JWT'],
  ['token-issuer-unknown', 'use a token of an issuer that identity.issuers of the bridge lists'],
  ['answer-too-large', 'ask the same with --bridge in place of --nats'],
  ['too-large', 'ask the policy files: --policies in place of a running bridge'],
])
