/**
 * The permissions of a principal, worked out anew only when other rules speak of it than last time. Pure.
 * Rules of documents that stay are the same objects from snapshot to snapshot, and an edit leaves most principals alone.
 */
import { withinEffort } from '../lib/effort.ts'
import type { Principal } from '../identity/principal.ts'
import { parsePattern, type Pattern } from '../subject/index.ts'
import type { CeilingRule, GrantRule } from './model.ts'
import { compilePermissions, type Compiled } from './permissions.ts'
import type { DeliveryFilter } from './decision.ts'

export interface Ground {
  /** In force for the principal. */
  readonly grants: readonly GrantRule[]
  /** Those that match it. */
  readonly ceilings: readonly CeilingRule[]
  readonly inboxPrefix: string
}

export type CompiledBoth = Readonly<Record<DeliveryFilter, Compiled>>

/**
 * Steps on the permissions of one principal, a tenth to a third of a microsecond each: while they are worked out, every other login waits. Rules that
 * many patterns of many wildcards cross take their product, so whoever may write a rule could end all logins.
 */
const MOST_STEPS = 3_000_000

/**
 * What is kept dies with the principal object; of each principal the last one is kept.
 * @returns nothing when it would take too long to work out.
 */
export function keepPermissions(): (principal: Principal, ground: Ground) => CompiledBoth | undefined {
  const kept = new WeakMap<Principal, { readonly ground: Ground; readonly compiled: CompiledBoth | undefined }>()
  return (principal, ground) => {
    const last = kept.get(principal)
    if (last !== undefined && isSame(last.ground, ground)) return last.compiled
    const compiled = withinEffort(MOST_STEPS, () => compileOn(ground))
    kept.set(principal, { ground, compiled })
    return compiled
  }
}

function isSame(one: Ground, other: Ground): boolean {
  return (
    one.inboxPrefix === other.inboxPrefix && areSame(one.grants, other.grants) && areSame(one.ceilings, other.ceilings)
  )
}

function areSame(one: readonly object[], other: readonly object[]): boolean {
  return one.length === other.length && one.every((rule, position) => rule === other[position])
}

function compileOn({ grants, ceilings, inboxPrefix }: Ground): CompiledBoth {
  return compilePermissions({
    allows: grants.filter(({ effect }) => effect === 'allow').map(({ grant }) => grant),
    denies: grants.filter(({ effect }) => effect === 'deny').map(({ grant }) => grant),
    ceilings,
    inbox: inboxPattern(inboxPrefix),
  })
}

function inboxPattern(prefix: string): Pattern {
  const pattern = parsePattern(`${prefix}.>`)
  if (!pattern.ok) throw new Error(`an inbox prefix is a subject: ${pattern.error}`)
  return pattern.value
}
