/**
 * Requests that are met with silence because the bridge and nats-server are set up for different keys, accounts or clocks. nats-server
 * logs nothing of them and its clients wait in vain, so the bridge says it, once while it lasts, with what to compare.
 */
import type { DecisionRecord } from '../audit/record.ts'
import { REFUSALS, type RefusalCode } from '../policy/refusal.ts'
import type { Log } from '../telemetry/logger.ts'
import { createNews } from './news.ts'

interface Mismatch {
  readonly meaning: string
  readonly hint: string
}

/** Other silence is the work of somebody who is no server, or of too many logins. */
const MISMATCHES: ReadonlyMap<DecisionRecord['code'], Mismatch> = new Map([
  mismatch(
    'ENVELOPE_SUBJECT',
    'compare auth_callout.issuer and account of the server with callout.issuer and callout.account here (operator mode: the account); `nib keys show` prints the public key of a seed file',
  ),
  mismatch('ENVELOPE_SEALED', 'the server has an xkey: set callout.xkey to the seed of that key'),
  mismatch(
    'ENVELOPE_PLAINTEXT',
    'give the server the public key of callout.xkey as its xkey, or take callout.xkey out',
  ),
  mismatch(
    'ENVELOPE_UNOPENED',
    'compare the xkey of the server with callout.xkey here; `nib keys show` prints the public key of a seed file',
  ),
  mismatch(
    'ENVELOPE_EXPIRED',
    'compare the clocks of the server and of this machine; when many clients return at once, it is the server that is late',
  ),
])

function mismatch(code: RefusalCode, hint: string): [RefusalCode, Mismatch] {
  return [code, { meaning: REFUSALS[code].meaning, hint }]
}

export function createUnansweredRemarks({ logger }: Log, now: () => number): (record: DecisionRecord) => void {
  const news = createNews(now)
  return ({ code, decisionId }) => {
    const found = MISMATCHES.get(code)
    const requests = found && news.count(code)
    if (found === undefined || requests === undefined) return
    logger.warn({ code, decisionId, requests, hint: found.hint }, `a login is left unanswered: ${found.meaning}`)
  }
}
