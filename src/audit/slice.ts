/**
 * As much of a snapshot as can decide about some principals: rules that none of them can match are left out, and decide nothing. Pure.
 * For a few principals of a snapshot that is looked at once, an index of all its rules would cost more than their decisions.
 */
import type { Principal } from '../identity/principal.ts'
import type { Matcher } from '../policy/matcher.ts'
import type { Snapshot } from '../policy/snapshot.ts'
import { keysHeldBy, keysOf } from './matcher-facts.ts'

/** For more principals than this the whole is no dearer. */
const FEW = 500

export function sliceFor(snapshot: Snapshot, principals: readonly Principal[]): Snapshot {
  if (principals.length > FEW) return snapshot
  const held = new Set(principals.flatMap(keysHeldBy))
  const isNear = ({ principals: matcher }: { readonly principals: Matcher }): boolean => {
    const keys = keysOf(matcher)
    return keys === 'anybody' || keys.some((key) => held.has(key))
  }
  const { accounts, grants, limits, ceilings } = snapshot.model
  return {
    ...snapshot,
    model: {
      accounts: accounts.filter(isNear),
      grants: grants.filter(isNear),
      limits: limits.filter(isNear),
      ceilings: ceilings.filter(isNear),
    },
  }
}
