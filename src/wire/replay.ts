/**
 * Refuses a request that was opened before. nats-server makes a fresh user key for each login, so the key names the request.
 * Two generations hold every key until its request is refused for its age, however long the server waits for a login.
 */

export interface ReplayGuard {
  /** `end`: from then on the request counts as expired. Both in milliseconds. @returns false when this key was admitted before. */
  admit(userNkey: string, now: number, end: number): boolean
}

/** A generation is not turned more often than this. */
const WINDOW_MS = 15_000
/** What a request may claim for its life: a minute of `authorization.timeout`, and a clock that is off. */
const LONGEST_LIFE_MS = 90_000
/** Bound on memory: about 100 bytes a key. */
const MAX_KEYS = 500_000

export function createReplayGuard(): ReplayGuard {
  let recent = new Set<string>()
  let older = new Set<string>()
  let turned = 0
  let recentEnds = 0
  let olderEnds = 0
  return {
    admit(userNkey, now, end) {
      if ((now - turned > WINDOW_MS && now >= olderEnds) || recent.size >= MAX_KEYS) {
        older = recent
        olderEnds = recentEnds
        recent = new Set()
        recentEnds = 0
        turned = now
      }
      if (recent.has(userNkey) || older.has(userNkey)) return false
      recent.add(userNkey)
      recentEnds = Math.max(recentEnds, Math.min(end, now + LONGEST_LIFE_MS))
      return true
    },
  }
}
