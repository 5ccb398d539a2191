/**
 * What is remembered about tokens, so that a token that comes again is answered at once.
 *
 * | remembered | key | for how long | bound | forgotten early when |
 * |---|---|---|---|---|
 * | good verdict | SHA-256 of the token | until its `exp` (with leeway), checked at every hit | 20,000 tokens | the issuer no longer publishes the key that verified it, or its keys are too old to trust |
 * | refusal after the signature was checked | SHA-256 of the token | 10 s | 2,000 tokens | the issuer's keys change in any way |
 *
 * Never remembered: the token itself, a refusal that waiting can turn (not yet valid, keys not to be had), a fault of ours.
 */
import type { AuthnVerdict } from '../callout/ports.ts'
import { createBoundedMap } from '../lib/bounded-map.ts'
import { toEpochSeconds } from '../lib/clock.ts'
import type { RefusalCode } from '../policy/refusal.ts'
import type { Finding, VerdictBasis } from './examine.ts'
import type { AuthnLimits } from './settings.ts'

export interface VerdictCache {
  /** @param now milliseconds. @returns what still holds. */
  recall(digest: string, now: number): AuthnVerdict | undefined
  remember(digest: string, finding: Finding, now: number): void
}

interface Remembered {
  readonly verdict: AuthnVerdict
  readonly basis: VerdictBasis
  /** Milliseconds. */
  readonly since: number
}

const PASSING: ReadonlySet<RefusalCode> = new Set(['TOKEN_NOT_YET_VALID', 'INTERNAL'])

export function createVerdictCache(limits: AuthnLimits): VerdictCache {
  const good = createBoundedMap<string, Remembered>(limits.maxVerdicts)
  const refused = createBoundedMap<string, Remembered>(limits.maxRefusals)
  return {
    recall(digest, now) {
      const verdict = good.get(digest)
      if (verdict !== undefined) {
        if (stillGood(verdict.basis, now)) return verdict.verdict
        good.delete(digest)
      }
      const refusal = refused.get(digest)
      if (refusal === undefined) return undefined
      const age = now - refusal.since
      // A clock that was set back makes an expired token good again.
      const isYoung = age >= 0 && age < limits.refusalMs
      if (isYoung && refusal.basis.issuer.keys.current(now) === refusal.basis.keySet) return refusal.verdict
      refused.delete(digest)
      return undefined
    },
    remember(digest, { verdict, basis }, now) {
      if (basis === undefined) return
      if (verdict.ok) good.set(digest, { verdict, basis, since: now })
      else if (!PASSING.has(verdict.error.code)) refused.set(digest, { verdict, basis, since: now })
    },
  }
}

function stillGood({ issuer, key, goodFrom, goodUntil }: VerdictBasis, now: number): boolean {
  const seconds = toEpochSeconds(now)
  return seconds >= goodFrom && seconds < goodUntil && issuer.keys.current(now)?.keys.has(key) === true
}
