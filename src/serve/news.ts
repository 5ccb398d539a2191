/** What is said once while it lasts: the first of a kind at once, its like once a minute at most, with their number. Pure. */

export interface News {
  /** @returns how many of this kind came since the last word on it, or nothing while that word is fresh. */
  count(kind: string): number | undefined
  /** The next of every kind is news again. */
  forget(): void
}

const EVERY_MS = 60_000
/** Kinds are words of others at times: more than this many are not kept apart. */
const MAX_KINDS = 64

export function createNews(now: () => number): News {
  const told = new Map<string, { at: number; since: number }>()
  return {
    count(kind) {
      const last = told.get(kind)
      if (last !== undefined && now() - last.at < EVERY_MS) {
        last.since += 1
        return undefined
      }
      if (told.size >= MAX_KINDS) told.clear()
      told.set(kind, { at: now(), since: 0 })
      return (last?.since ?? 0) + 1
    },
    forget: () => told.clear(),
  }
}
