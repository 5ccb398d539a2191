/**
 * Takes requests from every service connection and sees each to its one end: one reply, or silence, and always one record.
 * Holds a request at most until its deadline (arrival + `deadlineMs`, or the server's own `exp` if that is sooner) and at most
 * `maxPending` of them; a fault in one login is answered with INTERNAL and touches no other.
 */
import { ruleNames, type DecisionRecord, type DecisionSink } from '../audit/record.ts'
import type { Result } from '../lib/result.ts'
import { isAnswered, type RefusalCode } from '../policy/refusal.ts'
import { writeAnswer } from './answer.ts'
import type { Authorize, Findings, Outcome } from './authorize.ts'
import type { SigningKeys } from './ports.ts'
import { createDeadlineQueue, type QueueDeps } from './queue.ts'
import type { LoginRequest } from './request.ts'

/** One request as a connection got it. `reply` is called at most once. */
export interface Arrival<Envelope> {
  readonly envelope: Envelope
  /** Milliseconds since the epoch. */
  readonly arrivedAt: number
  /** Bytes: the most that its server takes as one message. */
  readonly longestReply: number
  reply(payload: Uint8Array): void
}

/** What opening an envelope yields; `seal` wraps the answer as the request came. */
export interface Opened {
  readonly login: LoginRequest
  /** Milliseconds since the epoch: from then on nobody waits for the answer. */
  readonly answerBy: number
  seal(answer: string): Uint8Array
}

export interface ServiceDeps<Envelope> {
  readonly deadlineMs: number
  readonly maxPending: number
  now(): number
  readonly defer: QueueDeps<unknown>['defer']
  nextDecisionId(): string
  open(envelope: Envelope, now: number): Result<Opened, RefusalCode>
  readonly authorize: Authorize
  readonly keys: SigningKeys
  readonly record: DecisionSink
  /** A bug or broken port; the record carries the same id. */
  failed(decisionId: string, cause: unknown): void
}

export interface CalloutService<Envelope> {
  accept(arrival: Arrival<Envelope>): void
  /** Requests taken and not yet ended. */
  readonly pending: number
  /** Resolves when everything taken has ended. */
  idle(): Promise<void>
}

interface Task<Envelope> {
  readonly arrival: Arrival<Envelope>
  readonly decisionId: string
  opened: Opened | undefined
  /** INVARIANT: set before the reply goes out; three replies to one request wedge the server's side of the connection. */
  ended: boolean
}

export function createCalloutService<Envelope>(deps: ServiceDeps<Envelope>): CalloutService<Envelope> {
  let pending = 0
  let whenIdle: (() => void)[] = []
  const queue = createDeadlineQueue<Task<Envelope>>(deps.maxPending, {
    now: deps.now,
    defer: deps.defer,
    work,
    late: (task) => end(task, { effect: 'deny', code: 'DEADLINE_PASSED' }),
  })

  /** @returns false when it came too late to be of use. */
  function work(task: Task<Envelope>, now: number): boolean {
    try {
      const opened = deps.open(task.arrival.envelope, now)
      if (!opened.ok) {
        end(task, { effect: 'deny', code: opened.error })
        return opened.error !== 'DEADLINE_PASSED'
      }
      task.opened = opened.value
      const outcome = deps.authorize(opened.value.login, now)
      if (!(outcome instanceof Promise)) answer(task, opened.value, outcome)
      else outcome.then((late) => answer(task, opened.value, late)).catch((cause: unknown) => fail(task, cause))
    } catch (cause) {
      fail(task, cause)
    }
    return true
  }

  function answer(task: Task<Envelope>, opened: Opened, outcome: Outcome): void {
    const now = deps.now()
    const deadline = Math.min(task.arrival.arrivedAt + deps.deadlineMs, opened.answerBy)
    if (now >= deadline) return end(task, { ...findingsOf(outcome), effect: 'deny', code: 'DEADLINE_PASSED' })
    if (outcome.effect === 'deny' && !isAnswered(outcome.code)) return end(task, outcome)
    const written = writeAnswer(opened.login, outcome, task.decisionId, now, deps.keys)
    const payload = written.ok ? opened.seal(written.value) : undefined
    if (payload !== undefined && payload.length <= task.arrival.longestReply) return end(task, outcome, payload)
    const code = written.ok ? 'PERMISSIONS_TOO_LARGE' : written.error
    const refusal: Outcome = { ...findingsOf(outcome), effect: 'deny', code }
    const refused = writeAnswer(opened.login, refusal, task.decisionId, now, deps.keys)
    end(task, refusal, refused.ok ? opened.seal(refused.value) : undefined)
  }

  function fail(task: Task<Envelope>, cause: unknown): void {
    deps.failed(task.decisionId, cause)
    if (task.ended) return
    const refusal: Outcome = { effect: 'deny', code: 'INTERNAL' }
    const { opened } = task
    let payload: Uint8Array | undefined
    try {
      const written = opened && writeAnswer(opened.login, refusal, task.decisionId, deps.now(), deps.keys)
      payload = written?.ok === true ? opened?.seal(written.value) : undefined
    } catch {
      // What failed once may fail again while saying so; silence denies just as well.
    }
    end(task, refusal, payload)
  }

  function end(task: Task<Envelope>, outcome: Outcome, payload?: Uint8Array): void {
    if (task.ended) return
    task.ended = true
    pending -= 1
    const answered = payload !== undefined && guard(task, () => task.arrival.reply(payload))
    guard(task, () => deps.record(recordOf(task, outcome, answered, deps.now())))
    if (pending === 0) settleIdle()
  }

  /** @returns whether the step went through; what it threw is reported. */
  function guard(task: Task<Envelope>, step: () => void): boolean {
    try {
      step()
      return true
    } catch (cause) {
      deps.failed(task.decisionId, cause)
      return false
    }
  }

  function settleIdle(): void {
    const waiting = whenIdle
    whenIdle = []
    for (const resolve of waiting) resolve()
  }

  return {
    accept(arrival) {
      const task: Task<Envelope> = { arrival, decisionId: deps.nextDecisionId(), opened: undefined, ended: false }
      pending += 1
      if (pending > deps.maxPending || !queue.push(task, arrival.arrivedAt + deps.deadlineMs)) {
        end(task, { effect: 'deny', code: 'OVERLOADED' })
      }
    },
    get pending() {
      return pending
    },
    idle: () =>
      new Promise((resolve) => {
        if (pending === 0) resolve()
        else whenIdle.push(resolve)
      }),
  }
}

function findingsOf({ authenticated, issuer, detail, snapshotId, decision }: Outcome): Findings {
  return { authenticated, issuer, detail, snapshotId, decision }
}

function recordOf(task: Task<unknown>, outcome: Outcome, answered: boolean, now: number): DecisionRecord {
  const { arrival, decisionId, opened } = task
  const { authenticated, decision } = outcome
  return {
    decisionId,
    time: now,
    effect: outcome.effect,
    code: outcome.effect === 'allow' ? 'ALLOWED' : outcome.code,
    detail: outcome.detail,
    answered,
    durationMs: now - arrival.arrivedAt,
    snapshotId: outcome.snapshotId,
    principal: authenticated?.principal.name,
    credentialKind: authenticated?.kind,
    issuer: authenticated?.issuer ?? outcome.issuer,
    account: decision?.effect === 'allow' ? decision.account : undefined,
    rules: decision === undefined ? undefined : ruleNames(decision),
    ttlSeconds: outcome.effect === 'allow' ? outcome.expiresAt - outcome.issuedAt : undefined,
    facts: authenticated?.facts,
    server: opened?.login.server,
    client: opened?.login.client,
  }
}
