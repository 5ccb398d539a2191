/** One line of the demo: what somebody tried, what the policy had said, what the server did,
 * what the same operation would be told over HTTP, and whether all agree. Pure. */
import type { RefusalCode } from '../policy/refusal.ts'
import type { HttpAnswer } from './http-twin.ts'

export interface Attempt {
  /** Under which heading it is shown. */
  readonly who: string
  /** `request shop.orders.create` */
  readonly tried: string
  readonly forecast: Forecast
  readonly outcome: Outcome
  /** The operation that the subject stands for, over HTTP. */
  readonly http?: HttpAnswer
  readonly agrees: boolean
}

/** What the policy said beforehand. */
export interface Forecast {
  readonly allowed: boolean
  /** The rule that decides, by file and line, or what is missing. */
  readonly because: string
  /** Of a login: where to, or why not. */
  readonly account?: string
  readonly code?: RefusalCode
}

/** What happened on the real server. */
export interface Outcome {
  /** `undefined` when it was neither: something failed or took too long. */
  readonly allowed: boolean | undefined
  /** A few words. */
  readonly said: string
  /** Of a login: the server's word, where it says it. */
  readonly account?: string
  /** Of a refused login: the bridge's decision record; the client hears neither. */
  readonly code?: string
  readonly decisionId?: string
}

export function judge(who: string, tried: string, forecast: Forecast, outcome: Outcome, http?: HttpAnswer): Attempt {
  const agrees =
    outcome.allowed === forecast.allowed && outcome.account === forecast.account && outcome.code === forecast.code
  if (http === undefined) return { who, tried, forecast, outcome, agrees }
  return { who, tried, forecast, outcome, http, agrees: agrees && http.allowed === outcome.allowed }
}
