/**
 * Leaves out what permission lists cannot say, until the rest can be said. Pure.
 * Each round sees the grants without the entries that went before: what those alone had covered comes back and is judged itself.
 */
import type { Shortfall } from './decision.ts'
import { minimiseEntries } from './covered-entries.ts'
import type { Entry } from './entry.ts'

export interface Ruling {
  /** Denies to add, so that the server does not read more into the entries than they say. */
  readonly guards: readonly Entry[]
  readonly unsayable: readonly Unsayable[]
}

export interface Unsayable {
  readonly entry: Entry
  readonly reason: string
}

export interface Settled {
  /** Minimised. */
  readonly kept: readonly Entry[]
  readonly guards: readonly Entry[]
  readonly shortfalls: readonly Shortfall[]
}

/** @param judge is given minimised entries, and names at least one of them or none */
export function settle(granted: readonly Entry[], judge: (entries: readonly Entry[]) => Ruling): Settled {
  const shortfalls: Shortfall[] = []
  let rest = granted
  for (;;) {
    const kept = minimiseEntries(rest)
    const { guards, unsayable } = judge(kept)
    if (unsayable.length === 0) return { kept, guards, shortfalls }
    shortfalls.push(...unsayable.map(({ entry, reason }) => ({ pattern: entry.text, reason })))
    const gone = new Set(unsayable.map(({ entry }) => entry.text))
    rest = rest.filter((entry) => !gone.has(entry.text))
  }
}
