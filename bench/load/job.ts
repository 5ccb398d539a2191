/** What the load process is asked to do, and what it answers: one JSON message each way over Node's IPC channel. */

export interface LoginsJob {
  readonly kind: 'logins'
  readonly port: number
  readonly inFlight: number
  /** New logins start for this long; those under way are finished. */
  readonly seconds: number
  /** Dial and handshake together, milliseconds. */
  readonly limitMs: number
  /** File of tokens, one per line, of which each is used for one login at this port; the job ends early when they are used up. */
  readonly freshTokens?: string | undefined
}

export interface LoginsResult {
  readonly logins: number
  readonly failures: number
  /** From the first dial to the end of the last login, milliseconds. */
  readonly elapsedMs: number
  readonly p50Ms: number
  readonly p99Ms: number
}

export interface StormJob {
  readonly kind: 'storm'
  readonly port: number
  readonly clients: number
  readonly limitMs: number
  readonly retryMs: number
  readonly jitterMs: number
  /** Clients that are not back by then stay counted as away. */
  readonly giveUpMs: number
}

export interface StormResult {
  readonly clients: number
  readonly firstAttempt: number
  readonly back: number
  /** Closed for good, as a stock client does after a second authorization error. */
  readonly lost: number
  /** Still trying when time was up. */
  readonly away: number
  readonly attempts: number
  /** Until every client had made its first dial. */
  readonly dialledMs: number
  /** Until the last client that came back was back. */
  readonly allBackMs: number
  /** From the start of the storm to each client's return. */
  readonly p50Ms: number
  readonly p99Ms: number
}

export type Job = LoginsJob | StormJob
export type JobResult = LoginsResult | StormResult
