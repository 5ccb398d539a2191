/** Rules of all documents -> one sorted, hashed, frozen snapshot. Pure. */
import type { Model } from '../policy/model.ts'
import type { Snapshot, TrustDomains } from '../policy/snapshot.ts'
import { spellAccountRule, spellCeilingRule, spellGrantRule, spellLimitRule } from '../policy/spell-rule.ts'
import type { Rules } from './kinds/kind.ts'

/**
 * The id is the hash of the canonical model without files and lines: the same documents, in whatever order and files,
 * give the same id.
 */
export function buildSnapshot(
  documents: readonly Rules[],
  trustDomains: TrustDomains,
  hash: (text: string) => string,
): Snapshot {
  const accounts = sorted(
    documents.flatMap((rules) => rules.accounts ?? []),
    spellAccountRule,
  )
  const grants = sorted(
    documents.flatMap((rules) => rules.grants ?? []),
    spellGrantRule,
  )
  const limits = sorted(
    documents.flatMap((rules) => rules.limits ?? []),
    spellLimitRule,
  )
  const ceilings = sorted(
    documents.flatMap((rules) => rules.ceilings ?? []),
    spellCeilingRule,
  )
  const model: Model = {
    accounts: accounts.rules,
    grants: grants.rules,
    limits: limits.rules,
    ceilings: ceilings.rules,
  }
  // A rule is spelled in one line that begins with a brace, so no two models give the same lines.
  const lines = [
    'accounts',
    ...accounts.spelled,
    'grants',
    ...grants.spelled,
    'limits',
    ...limits.spelled,
    'ceilings',
    ...ceilings.spelled,
  ]
  const id = hash(lines.join('\n'))
  return deepFreeze({ id, model, trustDomains: { local: trustDomains.local, aliases: [...trustDomains.aliases] } })
}

interface Sorted<Rule> {
  readonly rules: readonly Rule[]
  readonly spelled: readonly string[]
}

function sorted<Rule extends object>(rules: readonly Rule[], spell: (rule: Rule) => string): Sorted<Rule> {
  const keyed = rules.map((rule) => ({ rule, key: spell(rule) })).toSorted(byKey)
  return { rules: keyed.map(({ rule }) => rule), spelled: keyed.map(({ key }) => key) }
}

function byKey(a: { readonly key: string }, b: { readonly key: string }): number {
  if (a.key === b.key) return 0
  return a.key < b.key ? -1 : 1
}

/** Goes no deeper than what is frozen already: patterns are, and many rules share them. */
function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const member of Object.values(value)) deepFreeze(member)
  return Object.freeze(value)
}
