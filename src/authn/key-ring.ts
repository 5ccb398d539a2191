/**
 * The keys of one issuer over time: read at the start, again at intervals, and when a token names a key that is not there.
 * Keeps the last good keys while they cannot be read, up to an age; a set that was read and holds no usable key ends all trust.
 * One reading at a time; unknown keys cost at most one reading per cooldown and never push out a known one.
 */
import type { Scheduler } from '../files/index.ts'
import type { Clock } from '../lib/clock.ts'
import { hintFor, keyProblem, type KeyProblem, type KeyProblemCode } from './key-problem.ts'
import type { Result } from '../lib/result.ts'
import { parseKeySet, type KeySet } from './key-set.ts'
import type { ReadKeys } from './key-source.ts'
import type { AuthnLimits } from './settings.ts'
import { within } from './within.ts'

export interface KeyRing {
  /** The keys that may be trusted at `now` (milliseconds); the same object for as long as the keys are the same. */
  current(now: number): KeySet | undefined
  /**
   * For a token whose key is not there: the reading under way, or a new one if the cooldown has passed. Nothing when neither is
   * so, or when the reading has been under way for longer than a login may wait. The promise never rejects.
   */
  demand(now: number): Promise<void> | undefined
  /** Whether the issuer may have keys that we have not seen, because reading them fails or hangs. */
  isInDoubt(now: number): boolean
  refresh(): Promise<void>
  /** Begins to read at intervals. @returns when the first reading is done, well or not. */
  start(): Promise<void>
  stop(): void
  status(now: number): KeyRingStatus
}

export interface KeyRingStatus {
  /** Keys that tokens can be verified with right now. */
  readonly usableKeys: number
  /** Whether the keys are there and young enough. */
  readonly available: boolean
  /** Seconds since the keys were last read; absent when they never were, and for inline keys. */
  readonly ageSeconds?: number
  /** Why the last reading failed. */
  readonly problem?: KeyProblem
}

export interface AuthnLog {
  info(fields: Readonly<Record<string, unknown>>, message: string): void
  warn(fields: Readonly<Record<string, unknown>>, message: string): void
  error(fields: Readonly<Record<string, unknown>>, message: string): void
}

export interface KeyRingParts {
  readonly issuer: string
  readonly read: ReadKeys
  readonly refreshMs: number
  readonly maxAgeMs: number
  readonly limits: AuthnLimits
  readonly clock: Clock
  readonly scheduler: Scheduler
  /** In [0, 1). */
  readonly random: () => number
  readonly log: AuthnLog
  readonly fetched: (outcome: 'ok' | KeyProblemCode) => void
}

const FIRST_RETRY_MS = 1000
const LAST_RETRY_MS = 30_000

export function createKeyRing(parts: KeyRingParts): KeyRing {
  const { issuer, limits, clock, scheduler, log } = parts
  let keySet: KeySet | undefined
  let readAt = 0
  let startedAt = -Infinity
  let demandedAt = -Infinity
  let failures = 0
  let problem: KeyProblem | undefined
  let underWay: { readonly done: Promise<void>; readonly abort: () => void } | undefined
  let cancelNext: (() => void) | undefined
  let running = false

  const current = (now: number): KeySet | undefined => {
    // A clock that was set back must not make them younger than they were.
    readAt = Math.min(readAt, now)
    return now - readAt <= parts.maxAgeMs ? keySet : undefined
  }

  const read = async (controller: AbortController): Promise<void> => {
    const reading = parts.read(controller.signal).catch(failedUnforeseen)
    const document = await within(reading, limits.fetchTimeoutMs, scheduler)
    if (document === 'late') {
      controller.abort()
      complain({ code: 'timeout', detail: `no whole answer within ${limits.fetchTimeoutMs} ms` })
      return
    }
    if (controller.signal.aborted) return
    const parsed = document.ok ? parseKeySet(document.value, limits.maxKeys, keySet) : document
    if (parsed.ok) accept(parsed.value)
    else complain(parsed.error)
  }

  const accept = (next: KeySet): void => {
    const changed = next !== keySet
    keySet = next
    // The keys are at least as old as the question.
    readAt = startedAt
    failures = 0
    if (problem !== undefined || changed) report(next)
    problem = undefined
    parts.fetched('ok')
  }

  const report = ({ keys, leftOut }: KeySet): void => {
    const fields = { issuer, keys: keys.size, ...(leftOut.length > 0 && { leftOut }) }
    if (keys.size === 0) log.error(fields, 'the issuer publishes no usable key: none of its tokens is accepted')
    else if (leftOut.length > 0) log.warn(fields, 'issuer keys read; some of them cannot be used')
    else log.info(fields, 'issuer keys read')
  }

  const complain = (found: KeyProblem): void => {
    failures += 1
    problem = found
    const now = clock.now()
    const age = keySet === undefined ? {} : { keyAgeSeconds: Math.floor((now - readAt) / 1000) }
    const fields = { issuer, problem: found.code, detail: found.detail, hint: hintFor(found.code), ...age }
    if (current(now) === undefined) log.error(fields, 'issuer keys cannot be read: none of its tokens is accepted')
    else log.warn(fields, 'issuer keys cannot be read: the last ones stay in force')
    parts.fetched(found.code)
  }

  const refresh = (): Promise<void> => {
    if (underWay !== undefined) return underWay.done
    startedAt = clock.now()
    const controller = new AbortController()
    const done = read(controller).finally(() => {
      underWay = undefined
      scheduleNext()
    })
    underWay = { done, abort: () => controller.abort() }
    return done
  }

  const scheduleNext = (): void => {
    if (!running) return
    cancelNext?.()
    const pause =
      failures === 0 ? parts.refreshMs : Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LAST_RETRY_MS, parts.refreshMs)
    // 10 % to either side, so that replicas do not ask in step.
    cancelNext = scheduler.after(pause * (0.9 + 0.2 * parts.random()), () => void refresh())
  }

  const hangs = (now: number): boolean => underWay !== undefined && now - startedAt >= limits.loginWaitMs

  return {
    current,
    refresh,
    isInDoubt: (now) => problem !== undefined || hangs(now),
    demand(now) {
      if (underWay !== undefined) return hangs(now) ? undefined : underWay.done
      // A reading on schedule does not delay the one for a new key; an issuer without keys is asked on schedule alone.
      const askedAt = current(now) === undefined ? startedAt : demandedAt
      const sinceThen = now - askedAt
      // Below zero, the clock was set back: nobody knows how long ago that was.
      if (sinceThen >= 0 && sinceThen < limits.unknownKeyCooldownMs) return undefined
      demandedAt = now
      return refresh()
    },
    start() {
      running = true
      return refresh()
    },
    stop() {
      running = false
      cancelNext?.()
      underWay?.abort()
    },
    status: (now) => ({
      usableKeys: current(now)?.keys.size ?? 0,
      available: current(now) !== undefined,
      ...(keySet !== undefined && { ageSeconds: Math.max(0, Math.floor((now - readAt) / 1000)) }),
      ...(problem !== undefined && { problem }),
    }),
  }
}

/** A fault of ours must not end the readings, nor the process. */
function failedUnforeseen(error: unknown): Result<never, KeyProblem> {
  return keyProblem('unreachable', error instanceof Error ? error.constructor.name : 'unknown error')
}

/** Keys that are part of the configuration: they are there from the beginning and do not age. */
export function createFixedKeyRing(keySet: KeySet): KeyRing {
  return {
    current: () => keySet,
    demand: () => undefined,
    isInDoubt: () => false,
    refresh: () => Promise.resolve(),
    start: () => Promise.resolve(),
    stop: () => undefined,
    status: () => ({ usableKeys: keySet.keys.size, available: true }),
  }
}
