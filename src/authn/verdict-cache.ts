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
import type { Authenticated } from '../identity/principal.ts'
import { createBoundedMap } from '../lib/bounded-map.ts'
import { toEpochSeconds, type EpochSeconds } from '../lib/clock.ts'
import type { Err, Ok } from '../lib/result.ts'
import type { KeyRing } from './key-ring.ts'
import type { KeySet } from './key-set.ts'
import type { TokenRefusal } from './refusal.ts'
import type { AuthnLimits } from './settings.ts'
import type { VerificationKey } from './verification-key.ts'

export interface GoodVerdict {
  readonly verdict: Ok<Authenticated>
  readonly keys: KeyRing
  readonly key: VerificationKey
  /** First second in which the token is good. */
  readonly goodFrom: EpochSeconds
  /** First second in which it no longer is. */
  readonly goodUntil: EpochSeconds
}

export interface VerdictCache {
  /** @param now milliseconds. @returns what still holds. */
  recall(digest: string, now: number): Ok<Authenticated> | Err<TokenRefusal> | undefined
  remember(digest: string, verdict: GoodVerdict): void
  /** @param keySet the keys that the token was checked against. */
  rememberRefusal(digest: string, refusal: Err<TokenRefusal>, keys: KeyRing, keySet: KeySet, now: number): void
}

interface RememberedRefusal {
  readonly refusal: Err<TokenRefusal>
  readonly keys: KeyRing
  readonly keySet: KeySet
  /** Milliseconds. */
  readonly until: number
}

export function createVerdictCache(limits: AuthnLimits): VerdictCache {
  const good = createBoundedMap<string, GoodVerdict>(limits.maxVerdicts)
  const refused = createBoundedMap<string, RememberedRefusal>(limits.maxRefusals)
  return {
    recall(digest, now) {
      const entry = good.get(digest)
      if (entry !== undefined) {
        if (stillHolds(entry, now)) return entry.verdict
        good.delete(digest)
      }
      const refusal = refused.get(digest)
      if (refusal === undefined) return undefined
      if (now < refusal.until && refusal.keys.current(now) === refusal.keySet) return refusal.refusal
      refused.delete(digest)
      return undefined
    },
    remember: (digest, verdict) => good.set(digest, verdict),
    rememberRefusal(digest, refusal, keys, keySet, now) {
      refused.set(digest, { refusal, keys, keySet, until: now + limits.refusalMs })
    },
  }
}

function stillHolds({ keys, key, goodFrom, goodUntil }: GoodVerdict, now: number): boolean {
  const seconds = toEpochSeconds(now)
  return seconds >= goodFrom && seconds < goodUntil && keys.current(now)?.keys.has(key) === true
}
