/** Which rules two snapshots do not share, by what they say and the document that says it, wherever that stands. Pure. */
import { canonicalJson } from '../lib/json.ts'
import type { Model } from '../policy/model.ts'
import { nameOrigin, type Origin } from '../policy/origin.ts'
import type { Snapshot } from '../policy/snapshot.ts'
import { spellAccountRule, spellCeilingRule, spellGrantRule, spellLimitRule } from '../policy/spell-rule.ts'

export interface RuleChanges {
  /** Of the first snapshot only. */
  readonly removed: Model
  /** Of the second only. */
  readonly added: Model
}

/** A rule of one document that says something else than before is removed and added. */
export interface ChangedRule {
  readonly change: 'added' | 'removed' | 'changed'
  /** As it is afterwards; of a removed rule, as it was. */
  readonly origin: Origin
}

export function ruleChanges(one: Snapshot, other: Snapshot): RuleChanges {
  const [before, after] = [one.model, other.model]
  // The same words then mean others, in every rule.
  if (canonicalJson(one.trustDomains) !== canonicalJson(other.trustDomains)) return { removed: before, added: after }
  const accounts = differing(before.accounts, after.accounts, spellAccountRule)
  const grants = differing(before.grants, after.grants, spellGrantRule)
  const limits = differing(before.limits, after.limits, spellLimitRule)
  const ceilings = differing(before.ceilings, after.ceilings, spellCeilingRule)
  const side = (name: 'removed' | 'added'): Model => ({
    accounts: accounts[name],
    grants: grants[name],
    limits: limits[name],
    ceilings: ceilings[name],
  })
  return { removed: side('removed'), added: side('added') }
}

interface Differing<Rule> {
  readonly removed: readonly Rule[]
  readonly added: readonly Rule[]
}

/** Rules of documents that stayed are the same objects; only the others are spelled. */
function differing<Rule extends object>(
  before: readonly Rule[],
  after: readonly Rule[],
  spell: (rule: Rule) => string,
): Differing<Rule> {
  const [were, are] = [new Set(before), new Set(after)]
  const gone = before.filter((rule) => !are.has(rule))
  const come = after.filter((rule) => !were.has(rule))
  const [goneTexts, comeTexts] = [new Set(gone.map(spell)), new Set(come.map(spell))]
  return {
    removed: gone.filter((rule) => !comeTexts.has(spell(rule))),
    added: come.filter((rule) => !goneTexts.has(spell(rule))),
  }
}

interface Named {
  readonly origin: Origin
}

/** Each rule once, sorted by name. */
export function changedRules(removed: readonly Named[], added: readonly Named[]): ChangedRule[] {
  const rules = new Map<string, ChangedRule>()
  for (const { origin } of removed) rules.set(nameOrigin(origin), { change: 'removed', origin })
  for (const { origin } of added) {
    const name = nameOrigin(origin)
    const known = rules.get(name)?.change
    rules.set(name, { change: known === undefined || known === 'added' ? 'added' : 'changed', origin })
  }
  return [...rules].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, rule]) => rule)
}
