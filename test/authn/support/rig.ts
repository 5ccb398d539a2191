/** An authenticator on a clock and timers that the test moves, with everything it says written down. */
import { createAuthenticator, type Authenticator } from '../../../src/authn/authenticator.ts'
import type { AuthnLimits, IssuerSettings } from '../../../src/authn/settings.ts'
import { httpGet, type HttpGet } from '../../../src/authn/http-get.ts'
import { systemScheduler, type Scheduler } from '../../../src/files/index.ts'
import type { AuthnVerdict } from '../../../src/callout/ports.ts'
import type { Authenticated } from '../../../src/identity/principal.ts'
import { NOW } from './token-mint.ts'

export interface Rig {
  readonly authenticator: Authenticator
  /** Verdict at the rig's present time. */
  login(token: string): Promise<AuthnVerdict>
  /** The same, without waiting: `undefined` when it would have had to wait. */
  loginAtOnce(token: string): AuthnVerdict | undefined
  /** Moves the clock; runs what is due on the way and lets it come to rest. */
  advance(milliseconds: number): Promise<void>
  now(): number
  /** `level message` and the fields, in order. */
  readonly log: LogLine[]
  /** `keys <issuer> <outcome>`, `unknown <issuer>`, `recall <outcome>`. */
  readonly observed: string[]
  /** Delays that timers were set for, in order. */
  readonly delays: number[]
}

export interface LogLine {
  readonly level: 'info' | 'warn' | 'error'
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

export interface RigOptions {
  readonly limits?: Partial<AuthnLimits>
  readonly httpGet?: HttpGet
  readonly random?: () => number
  /** Sees each delay before its timer is set. */
  readonly onDelay?: (milliseconds: number) => void
  readonly onKeyUnknown?: () => void
  /** Timers of the machine, for tests with real sockets. */
  readonly realTimers?: boolean
}

export function createRig(issuers: readonly IssuerSettings[], options: RigOptions = {}): Rig {
  let now = NOW
  const timers = new Set<{ at: number; run: () => void }>()
  const log: LogLine[] = []
  const observed: string[] = []
  const delays: number[] = []
  const fakeScheduler: Scheduler = {
    after(milliseconds, run) {
      const timer = { at: now + milliseconds, run }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
  }
  const scheduler = options.realTimers === true ? systemScheduler : fakeScheduler
  const write =
    (level: LogLine['level']) =>
    (fields: Readonly<Record<string, unknown>>, message: string): void =>
      void log.push({ level, message, fields })
  const authenticator = createAuthenticator(issuers, {
    httpGet: options.httpGet ?? httpGet,
    scheduler: {
      after(milliseconds, run) {
        options.onDelay?.(milliseconds)
        delays.push(milliseconds)
        return scheduler.after(milliseconds, run)
      },
    },
    clock: { now: () => now },
    random: options.random ?? (() => 0.5),
    log: { info: write('info'), warn: write('warn'), error: write('error') },
    observe: {
      verdictRecalled: (outcome) => void observed.push(`recall ${outcome}`),
      keysFetched: (issuer, outcome) => void observed.push(`keys ${issuer} ${outcome}`),
      keyUnknown(issuer) {
        observed.push(`unknown ${issuer}`)
        options.onKeyUnknown?.()
      },
    },
    limits: options.limits ?? {},
  })
  return {
    authenticator,
    login: async (token) => authenticator.authenticate(token, now),
    loginAtOnce(token) {
      const verdict = authenticator.authenticate(token, now)
      return verdict instanceof Promise ? undefined : verdict
    },
    async advance(milliseconds) {
      const end = now + milliseconds
      for (;;) {
        const due = [...timers].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0]
        if (due === undefined) break
        timers.delete(due)
        now = Math.max(now, due.at)
        due.run()
        await comeToRest()
      }
      now = end
      await comeToRest()
    },
    now: () => now,
    log,
    observed,
    delays,
  }
}

/** Lets promises that wait for nothing outside settle. */
export async function comeToRest(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
}

export function proven(verdict: AuthnVerdict | undefined): Authenticated {
  if (verdict?.ok !== true) throw new Error(`expected a principal, got ${JSON.stringify(verdict)}`)
  return verdict.value
}

/** The code of a refusal, or `ok`. */
export function codeOf(verdict: AuthnVerdict | undefined): string {
  if (verdict === undefined) return 'waiting'
  return verdict.ok ? 'ok' : verdict.error.code
}
