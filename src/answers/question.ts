/** What can be asked of a policy. Pure data; `parse-question.ts` makes it of what came from outside. */
import type { SourceText } from '../compile/index.ts'
import type { Principal } from '../identity/principal.ts'
import type { JsonObject } from '../lib/json.ts'
import type { Action } from '../policy/effective.ts'
import type { Pattern } from '../subject/index.ts'

export const ASKS = ['who-can', 'what-can', 'why', 'plan', 'drift', 'review'] as const

export type Ask = (typeof ASKS)[number]

export type Question = WhoCanAsked | WhatCanAsked | WhyAsked | PlanAsked | DriftAsked | ReviewAsked

/** Who may use the subjects of a pattern. A queue pattern goes with `subscribe` alone. */
export interface WhoCanAsked {
  readonly ask: 'who-can'
  readonly action: Action
  readonly pattern: Pattern
  readonly queue?: Pattern
}

export interface WhatCanAsked {
  readonly ask: 'what-can'
  readonly principal: Principal
}

/** Literal to publish; to subscribe, wildcards may stand in the subject. */
export interface WhyAsked {
  readonly ask: 'why'
  readonly principal: Principal
  readonly action: Action
  readonly subject: Pattern
  readonly queue?: string
}

/** What other documents, in place of those that are in force, would change. */
export interface PlanAsked {
  readonly ask: 'plan'
  readonly candidate: readonly SourceText[]
}

export interface DriftAsked {
  readonly ask: 'drift'
}

export interface ReviewAsked {
  readonly ask: 'review'
  readonly account: string
}

/**
 * A question before it is parsed, as it goes over HTTP or NATS. The fields of each:
 * `who-can` {action, pattern, queue?} · `what-can` {principal, claims?, groups?} or {token} · `why` the same and {action, subject,
 * queue?} · `plan` {candidate: [{file, text}]} · `drift` {} · `review` {account}.
 */
export interface QuestionText<A extends Ask = Ask> {
  readonly ask: A
  readonly body: JsonObject
}

export function isAsk(text: string): text is Ask {
  return ASKS.some((ask) => ask === text)
}
