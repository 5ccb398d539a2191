/** Limits narrow: of several that match, the strictest holds, field by field. Pure. */
import type { Limits } from './model.ts'

export function strictest(all: readonly Limits[]): Limits {
  return all.reduce(narrower, {})
}

function narrower(a: Limits, b: Limits): Limits {
  const maxSessionSeconds = both(a.maxSessionSeconds, b.maxSessionSeconds, Math.min)
  const connectionTypes = both(a.connectionTypes, b.connectionTypes, (own, other) =>
    own.filter((type) => other.includes(type)),
  )
  return {
    ...(maxSessionSeconds === undefined ? {} : { maxSessionSeconds }),
    ...(connectionTypes === undefined ? {} : { connectionTypes: connectionTypes.toSorted() }),
  }
}

function both<T>(a: T | undefined, b: T | undefined, narrow: (a: T, b: T) => T): T | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return narrow(a, b)
}
