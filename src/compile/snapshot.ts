/** Rules of all documents -> one sorted, hashed, frozen snapshot. Pure. */
import { remember } from '../lib/remember.ts'
import { canonicalJson } from '../lib/json.ts'
import type { AccountRule, CeilingRule, Grant, GrantRule, LimitRule, Model } from '../policy/model.ts'
import type { Origin } from '../policy/origin.ts'
import type { Snapshot, TrustDomains } from '../policy/snapshot.ts'
import type { Pattern } from '../subject/index.ts'
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
    spellAccount,
  )
  const grants = sorted(
    documents.flatMap((rules) => rules.grants ?? []),
    spellGrant,
  )
  const limits = sorted(
    documents.flatMap((rules) => rules.limits ?? []),
    spellLimit,
  )
  const ceilings = sorted(
    documents.flatMap((rules) => rules.ceilings ?? []),
    spellCeiling,
  )
  const model: Model = {
    accounts: accounts.rules,
    grants: grants.rules,
    limits: limits.rules,
    ceilings: ceilings.rules,
  }
  const id = hash(
    canonicalJson({
      accounts: accounts.spelled,
      grants: grants.spelled,
      limits: limits.spelled,
      ceilings: ceilings.spelled,
    }),
  )
  return deepFreeze({ id, model, trustDomains: { local: trustDomains.local, aliases: [...trustDomains.aliases] } })
}

interface Sorted<Rule> {
  readonly rules: readonly Rule[]
  readonly spelled: readonly string[]
}

/** Rules live as long as their documents stay as they are. */
const spellings = new WeakMap<object, string>()

function spelling<Rule extends object>(rule: Rule, spell: (rule: Rule) => unknown): string {
  return remember(spellings, rule, () => canonicalJson(spell(rule)))
}

function sorted<Rule extends object>(rules: readonly Rule[], spell: (rule: Rule) => unknown): Sorted<Rule> {
  const keyed = rules.map((rule) => ({ rule, key: spelling(rule, spell) })).toSorted(byKey)
  return { rules: keyed.map(({ rule }) => rule), spelled: keyed.map(({ key }) => key) }
}

function byKey(a: { readonly key: string }, b: { readonly key: string }): number {
  if (a.key === b.key) return 0
  return a.key < b.key ? -1 : 1
}

function spellAccount({ origin, ...rule }: AccountRule): unknown {
  return { ...rule, origin: withoutPlace(origin) }
}

function spellGrant({ origin, grant, ...rule }: GrantRule): unknown {
  return { ...rule, grant: spellPatterns(grant), origin: withoutPlace(origin) }
}

function spellLimit({ origin, ...rule }: LimitRule): unknown {
  return { ...rule, origin: withoutPlace(origin) }
}

function spellCeiling({ origin, publish, subscribe, ...rule }: CeilingRule): unknown {
  return { ...rule, publish: publish.map(textOf), subscribe: subscribe.map(textOf), origin: withoutPlace(origin) }
}

function spellPatterns({ patterns, except, ...grant }: Grant): unknown {
  const without = except === undefined ? {} : { except: except.map(textOf) }
  return { ...grant, patterns: patterns.map(textOf), ...without }
}

function textOf(pattern: Pattern): string {
  return pattern.text
}

function withoutPlace({ file: _file, line: _line, through, ...origin }: Origin): unknown {
  return through === undefined ? origin : { ...origin, through: withoutPlace(through) }
}

/** Goes no deeper than what is frozen already: patterns are, and many rules share them. */
function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const member of Object.values(value)) deepFreeze(member)
  return Object.freeze(value)
}
