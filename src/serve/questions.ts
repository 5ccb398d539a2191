/**
 * Questions to a running bridge, from whichever door: taken while there is room, answered in turn beside the logins, and each written
 * down with who asked, how it ended and how long it took, never with what was asked.
 */
import { maxBodyBytes, readBody } from '../answers/read-body.ts'
import { NO_POLICY, type PolicySources } from '../answers/answering.ts'
import { refusal, type QuestionRecord, type Reply } from '../answers/outcome.ts'
import { tokenIn } from '../answers/parse-question.ts'
import { invalid } from '../answers/problem.ts'
import type { IncomingQuestion } from '../answers/incoming.ts'
import type { AuthenticateToken } from '../callout/ports.ts'
import type { Principal } from '../identity/principal.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { REFUSALS } from '../policy/refusal.ts'
import type { AnswerWorker } from './answer-worker.ts'

export interface Questions {
  /** Never rejects. */
  take(question: IncomingQuestion): Promise<Reply>
  close(): Promise<void>
}

export interface QuestionParts {
  readonly worker: AnswerWorker
  /** Of the policy in force. */
  readonly sources: () => PolicySources | undefined
  readonly authenticate: AuthenticateToken
  readonly record: (record: QuestionRecord) => void
  /** Milliseconds. */
  readonly now: () => number
}

/** Asked and not answered yet; the last of them waits for all others. */
const MAX_WAITING = 16
/** Each holds a whole candidate policy. */
const MAX_PLANS = 1

export function createQuestions({ worker, sources, authenticate, record, now }: QuestionParts): Questions {
  let waiting = 0
  let plans = 0
  let turn: Promise<unknown> = Promise.resolve()

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = turn.then(work)
    turn = done.catch(() => undefined)
    return done
  }

  async function answer(question: IncomingQuestion): Promise<Reply> {
    const { ask } = question
    const body = await question.body(maxBodyBytes(ask))
    if (!body.ok) return body.error
    const holder = ask === 'what-can' || ask === 'why' ? await holderIn(body.value) : ok(undefined)
    if (!holder.ok) return holder.error
    return await inTurn(async () => {
      if (question.isGone()) return GONE
      const current = sources()
      if (current === undefined) return refusal('unavailable', NO_POLICY)
      const asked = { ask, body: body.value, ...(holder.value === undefined ? {} : { holder: holder.value }) }
      return await worker.answer(asked, current)
    })
  }

  async function holderIn(body: Uint8Array): Promise<Result<Principal | undefined, Reply>> {
    const read = readBody(body)
    // Whoever answers says what is wrong with it.
    const token = read.ok ? tokenIn(read.value) : undefined
    if (token === undefined) return ok(undefined)
    const verdict = await authenticate(token, now())
    if (verdict.ok) return ok(verdict.value.principal)
    const { code } = verdict.error
    const hint = 'ask by the name of its holder: ns/name, a SPIFFE ID, or https://issuer/subject'
    return err(
      refusal(
        'invalid',
        invalid(`the token that is asked about is refused (${code}): ${REFUSALS[code].meaning}`, hint),
      ),
    )
  }

  async function admit(question: IncomingQuestion): Promise<Reply> {
    const isPlan = question.ask === 'plan'
    if (waiting >= MAX_WAITING || (isPlan && plans >= MAX_PLANS)) return BUSY
    waiting += 1
    if (isPlan) plans += 1
    try {
      return await answer(question)
    } finally {
      waiting -= 1
      if (isPlan) plans -= 1
    }
  }

  return {
    async take(question) {
      const { ask, via, caller } = question
      const since = now()
      const reply = await admit(question).catch(() => FAILED)
      record({ ask, via, caller, outcome: reply.outcome, code: reply.code, durationMs: now() - since })
      return reply
    },
    close: () => worker.close(),
  }
}

const BUSY = refusal('busy', {
  code: 'busy',
  message: 'as many questions wait as the bridge holds at a time (one of them may be a plan)',
  hint: 'ask again in a moment',
})
const GONE = refusal('unavailable', { code: 'asker-gone', message: 'whoever asked did not wait for the answer' })
const FAILED = refusal('failed', {
  code: 'answering-failed',
  message: 'answering failed',
  hint: 'this is a fault of the bridge: please report it',
})
