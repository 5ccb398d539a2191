/** How a question that came from outside ends, and the text that says so, the same over HTTP and NATS. Pure. */
import type { Ask } from './question.ts'
import type { Problem } from './problem.ts'

/** Each with its HTTP status, which is its `Nats-Service-Error-Code` too; the word is the label in log lines and metrics. */
export const OUTCOMES = {
  answered: 200,
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  'too-large': 413,
  'not-json': 415,
  busy: 429,
  failed: 500,
  unavailable: 503,
} as const

export type Outcome = keyof typeof OUTCOMES

export interface Reply {
  readonly outcome: Outcome
  /** JSON in UTF-8: the answer, or `{"error": {code, message, hint?, diagnostics?}}`. */
  readonly text: Uint8Array<ArrayBuffer>
  /** What stands in the error, for those who write it elsewhere too. */
  readonly code?: string
  readonly message?: string
}

/** What is written of every question, answered or not. */
export interface QuestionRecord {
  readonly ask: Ask
  readonly via: 'http' | 'nats'
  /** Name of the principal that was proven; absent when none was, and over NATS. */
  readonly caller?: string | undefined
  readonly outcome: Outcome
  /** Of the problem, when there was one. */
  readonly code?: string | undefined
  readonly durationMs: number
}

export function refusal(outcome: Exclude<Outcome, 'answered'>, problem: Problem): Reply {
  const { code, message } = problem
  return { outcome, text: new TextEncoder().encode(problemText(problem)), code, message }
}

export function problemText({ code, message, hint, diagnostics }: Problem): string {
  return `${JSON.stringify({ error: { code, message, hint, diagnostics } }, undefined, 2)}\n`
}
