/** What is answered to each question: the value of its query, and which question it was. Pure. */
import type { Comparison } from '../audit/compare.ts'
import type { Review } from '../audit/review.ts'
import type { WhatCan } from '../audit/what-can.ts'
import type { WhoCan } from '../audit/who-can.ts'
import type { WholeWhy } from '../audit/whole-why.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'
import type { Drift } from './drift/line.ts'
import type { Ask } from './question.ts'

/** One answer is one JSON object, the same wherever it was asked. */
export type Answer = WhoCanAnswer | WhatCanAnswer | WhyAnswer | PlanAnswer | DriftAnswer | ReviewAnswer

export type WhoCanAnswer = { readonly ask: 'who-can' } & WhoCan
export type WhatCanAnswer = { readonly ask: 'what-can' } & WhatCan
export type WhyAnswer = { readonly ask: 'why' } & WholeWhy
export type PlanAnswer = { readonly ask: 'plan' } & Plan
export type DriftAnswer = { readonly ask: 'drift' } & Drift
export type ReviewAnswer = { readonly ask: 'review' } & Review

export interface Plan extends Comparison {
  /** Of the candidate. */
  readonly diagnostics: readonly Diagnostic[]
}

export type AnswerTo<A extends Ask> = Extract<Answer, { readonly ask: A }>

/** The bytes that `--json`, HTTP and NATS give: indented by two blanks, with a line end. */
export function answerText(answer: Answer): string {
  return `${JSON.stringify(answer, undefined, 2)}\n`
}
