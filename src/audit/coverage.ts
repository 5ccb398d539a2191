/**
 * Which rules of a policy are behind at least one asserted answer, and which could be changed without an assertion noticing. Pure.
 * Counts rules that decide access: accounts, grants, denies, ceilings. Limits of sessions are left out, as nothing asserts them.
 */
import { nameOrigin, sortOrigins, type Origin } from '../policy/origin.ts'
import type { Snapshot } from '../policy/snapshot.ts'

export interface Coverage {
  /** Every rule once, in the order of {@link sortOrigins}. */
  readonly rules: readonly CoveredRule[]
  readonly exercised: number
  readonly total: number
  /** From 0 to 100; 100 for a policy without rules. */
  readonly percent: number
}

export interface CoveredRule {
  readonly origin: Origin
  readonly exercised: boolean
}

/** @param deciding of every assertion that was made on this snapshot. @param others rules to count that are not in it. */
export function coverageOf({ model }: Snapshot, deciding: readonly Origin[], others: readonly Origin[] = []): Coverage {
  const own = [...model.accounts, ...model.grants, ...model.ceilings].map(({ origin }) => origin)
  const origins = [...own, ...others]
  const exercised = new Set(deciding.map(nameOrigin))
  const byName = new Map(sortOrigins(origins).map((origin) => [nameOrigin(origin), origin]))
  return summarise([...byName].map(([name, origin]) => ({ origin, exercised: exercised.has(name) })))
}

/** Of several policies together. */
export function summarise(rules: readonly CoveredRule[]): Coverage {
  const exercised = rules.filter((rule) => rule.exercised).length
  return { rules, exercised, total: rules.length, percent: rules.length === 0 ? 100 : (100 * exercised) / rules.length }
}
