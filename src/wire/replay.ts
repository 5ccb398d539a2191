/**
 * Refuses a request that was opened before. nats-server makes a fresh user key for each login, so the key names the request.
 * Two generations hold at least `WINDOW_MS` of keys; after that the request's own `exp` refuses it.
 */

export interface ReplayGuard {
  /** `now` in milliseconds. @returns false when this key was admitted before. */
  admit(userNkey: string, now: number): boolean
}

/** Longer than `authorization.timeout` in any sane server, so that a request expires before its key is forgotten. */
const WINDOW_MS = 15_000
/** Bound on memory: about 100 bytes a key. */
const MAX_KEYS = 500_000

export function createReplayGuard(): ReplayGuard {
  let recent = new Set<string>()
  let older = new Set<string>()
  let turned = 0
  return {
    admit(userNkey, now) {
      if (now - turned > WINDOW_MS || recent.size >= MAX_KEYS) {
        older = recent
        recent = new Set()
        turned = now
      }
      if (recent.has(userNkey) || older.has(userNkey)) return false
      recent.add(userNkey)
      return true
    },
  }
}
