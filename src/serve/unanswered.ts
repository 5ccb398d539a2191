/**
 * Requests that are met with silence because the bridge and nats-server are set up for different keys, accounts or clocks. nats-server
 * logs nothing of them and its clients wait in vain, so the bridge says it, once while it lasts, with what to compare.
 */
import type { DecisionRecord } from '../audit/record.ts'
import { REFUSALS, type RefusalCode } from '../policy/refusal.ts'
import type { Log } from '../telemetry/logger.ts'
import { createNews } from './news.ts'

/** Other silence is the work of somebody who is no server, or of too many logins. */
const MISMATCHES: ReadonlySet<string> = new Set([
  'ENVELOPE_SUBJECT',
  'ENVELOPE_SEALED',
  'ENVELOPE_PLAINTEXT',
  'ENVELOPE_UNOPENED',
  'ENVELOPE_EXPIRED',
] satisfies RefusalCode[])

export function createUnansweredRemarks({ logger }: Log, now: () => number): (record: DecisionRecord) => void {
  const news = createNews(now)
  return ({ code, decisionId }) => {
    if (code === 'ALLOWED' || !MISMATCHES.has(code)) return
    const requests = news.count(code)
    if (requests === undefined) return
    const { meaning, next: hint } = REFUSALS[code]
    logger.warn({ code, decisionId, requests, hint }, `a login is left unanswered: ${meaning}`)
  }
}
