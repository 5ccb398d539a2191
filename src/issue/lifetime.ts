/** How long a session may last: never past the credential's end, never past a limit, and not in step with its neighbours. Pure. */
import type { EpochSeconds } from '../lib/clock.ts'
import { err, ok, type Result } from '../lib/result.ts'

export interface SessionSettings {
  /** Longest session, seconds. */
  readonly ttlSeconds: number
  /** A session that could not last this long is refused: it would only come back at once. */
  readonly minimumSeconds: number
  /** Share of the session, 0 to 1, that chance may take off, so that logins of one moment do not expire in one moment. */
  readonly jitter: number
}

export interface LifetimeBounds {
  readonly credentialEnd: EpochSeconds
  /** From the policy's limits, seconds. */
  readonly maxSessionSeconds: number | undefined
}

/** @param chance from 0 to 1. @returns the `exp` of the user JWT, Unix seconds. */
export function sessionEnd(
  now: EpochSeconds,
  bounds: LifetimeBounds,
  settings: SessionSettings,
  chance: number,
): Result<EpochSeconds, 'TOKEN_ENDS_TOO_SOON'> {
  const remaining = bounds.credentialEnd - now
  if (remaining < settings.minimumSeconds) return err('TOKEN_ENDS_TOO_SOON')
  const longest = Math.min(settings.ttlSeconds, bounds.maxSessionSeconds ?? settings.ttlSeconds, remaining)
  const shortened = Math.ceil(longest * (1 - settings.jitter * chance))
  return ok(now + Math.min(longest, Math.max(shortened, settings.minimumSeconds)))
}
