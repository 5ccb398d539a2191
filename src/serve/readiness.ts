/**
 * Whether this replica should get logins: it could make a whole decision right now, and NATS can reach it.
 * A policy edit that could not be used does not make it unready (the last good policy serves) but is said.
 */
import type { IssuerStatus } from '../authn/index.ts'
import type { Result } from '../lib/result.ts'
import { REFUSALS } from '../policy/refusal.ts'
import type { ProvenMismatch } from './mismatch.ts'

export interface Check {
  readonly name: 'decision' | 'nats' | 'policy' | 'issuers' | 'questions'
  readonly ok: boolean
  /** Whether the replica may serve all the same. */
  readonly required: boolean
  readonly detail: string
}

export interface Readiness {
  readonly ready: boolean
  readonly checks: readonly Check[]
}

export interface ReadinessParts {
  now(): number
  selfTest(now: number): Result<void, string>
  connections(): { readonly ready: number; readonly count: number }
  /** What the servers have proven to ask for and we do not have keys for; absent where that cannot be told. */
  mismatch?(): ProvenMismatch | undefined
  policy(): { readonly snapshotId: string | undefined; readonly problem: string | undefined }
  issuers(): readonly IssuerState[]
  /** Whether the micro service for questions is up; absent where none is configured. */
  questions?(): boolean
  stopping(): boolean
}

export interface IssuerState {
  readonly name: string
  /** Whether any of its tokens can be let in. */
  readonly available: boolean
  readonly problem: string | undefined
}

/** A key set may be read well and hold nothing to verify a token with. */
export function issuerState({ name, keys }: IssuerStatus): IssuerState {
  const problem = keys.problem?.detail ?? (keys.available ? 'it publishes no usable key' : undefined)
  return { name, available: keys.usableKeys > 0, problem }
}

/** The self-test signs and seals; asked more often than this, its last result is given. */
const SELF_TEST_MS = 1_000

export function createReadiness(parts: ReadinessParts): () => Readiness {
  let tested: { at: number; result: Result<void, string> } | undefined

  function decision(): Check {
    const now = parts.now()
    if (tested === undefined || now - tested.at >= SELF_TEST_MS || !tested.result.ok) {
      tested = { at: now, result: parts.selfTest(now) }
    }
    const { result } = tested
    return {
      name: 'decision',
      ok: result.ok,
      required: true,
      detail: result.ok ? 'a login was decided and signed in process' : result.error,
    }
  }

  function nats(): Check {
    const { ready, count } = parts.connections()
    const isStopping = parts.stopping()
    const mismatch = parts.mismatch?.()
    const subscribed = `${ready} of ${count} connections are subscribed`
    const detail = isStopping ? 'leaving the queue group' : [subscribed, mismatch && inWords(mismatch)].join('')
    return { name: 'nats', ok: ready > 0 && !isStopping && mismatch === undefined, required: true, detail }
  }

  function policy(): Check {
    const { snapshotId, problem } = parts.policy()
    const detail = problem ?? `snapshot ${snapshotId ?? 'none'}`
    return {
      name: 'policy',
      ok: snapshotId !== undefined && problem === undefined,
      required: snapshotId === undefined,
      detail,
    }
  }

  function issuers(): Check {
    const issuers = parts.issuers()
    const missing = issuers.filter((issuer) => !issuer.available)
    const detail =
      missing.length === 0
        ? `keys of ${issuers.map(({ name }) => name).join(', ')} are at hand`
        : missing.map(({ name, problem }) => `no keys of ${name}: ${problem ?? 'not read yet'}`).join('; ')
    return { name: 'issuers', ok: missing.length === 0, required: missing.length === issuers.length, detail }
  }

  function questions(): readonly Check[] {
    const isUp = parts.questions?.()
    if (isUp === undefined) return []
    const detail = isUp ? 'the micro service takes questions' : 'the micro service is not connected; HTTP may be asked'
    return [{ name: 'questions', ok: isUp, required: false, detail }]
  }

  return () => {
    const checks = [decision(), nats(), policy(), issuers(), ...questions()]
    return { ready: checks.every((check) => check.ok || !check.required), checks }
  }
}

function inWords(code: ProvenMismatch): string {
  const { meaning, next } = REFUSALS[code]
  return `, and no login can be answered (${code}): ${meaning}; ${next}`
}
