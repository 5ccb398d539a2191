/** Rules of all documents -> one sorted, hashed, frozen snapshot. Pure. */
import { eachInSteps, flatMapInSteps, mergeInSteps, sortInSteps, type Steps } from '../lib/steps.ts'
import type { Model } from '../policy/model.ts'
import type { Snapshot } from '../policy/snapshot.ts'
import { spellAccountRule, spellCeilingRule, spellGrantRule, spellLimitRule } from '../policy/spell-rule.ts'
import type { CompileOptions, Hashing } from './options.ts'
import type { Rules } from './kinds/kind.ts'

export type SnapshotBuilder = (documents: readonly Rules[]) => Steps<Snapshot>

/**
 * The id is the hash of the canonical model without files and lines: the same documents, in whatever order and files,
 * give the same id. The order of the rules is remembered, so that an edit sorts what it changed.
 */
export function createSnapshotBuilder({
  trustDomains,
  hash,
  hashing = () => hashingOf(hash),
}: Pick<CompileOptions, 'trustDomains' | 'hash' | 'hashing'>): SnapshotBuilder {
  const sortAccounts = createSorting(spellAccountRule)
  const sortGrants = createSorting(spellGrantRule)
  const sortLimits = createSorting(spellLimitRule)
  const sortCeilings = createSorting(spellCeilingRule)
  return function* (documents) {
    const accounts = yield* sortAccounts(yield* flatMapInSteps(documents, (rules) => rules.accounts ?? []))
    const grants = yield* sortGrants(yield* flatMapInSteps(documents, (rules) => rules.grants ?? []))
    const limits = yield* sortLimits(yield* flatMapInSteps(documents, (rules) => rules.limits ?? []))
    const ceilings = yield* sortCeilings(yield* flatMapInSteps(documents, (rules) => rules.ceilings ?? []))
    const model: Model = {
      accounts: accounts.map(ruleOf),
      grants: grants.map(ruleOf),
      limits: limits.map(ruleOf),
      ceilings: ceilings.map(ruleOf),
    }
    const parts = Object.entries({ accounts, grants, limits, ceilings })
    const id = yield* hashInSteps(parts, hashing())
    yield* eachInSteps<object>([accounts, grants, limits, ceilings].flat(), deepFreeze)
    yield
    return deepFreeze({ id, model, trustDomains: { local: trustDomains.local, aliases: [...trustDomains.aliases] } })
  }
}

/** A rule is spelled in one line that begins with a brace, so no two models give the same lines. */
function* hashInSteps(
  parts: readonly (readonly [string, readonly Keyed<object>[]])[],
  hashing: Hashing,
): Steps<string> {
  let isFirst = true
  let piece = ''
  for (const [name, rules] of parts) {
    piece += isFirst ? name : `\n${name}`
    isFirst = false
    yield* eachInSteps(rules, ({ key }) => {
      piece += `\n${key}`
      if (piece.length < PIECE) return
      hashing.add(piece)
      piece = ''
    })
  }
  hashing.add(piece)
  return hashing.digest()
}

/** In UTF-16 code units. */
const PIECE = 65_536

function hashingOf(hash: (text: string) => string): Hashing {
  const pieces: string[] = []
  return { add: (text) => void pieces.push(text), digest: () => hash(pieces.join('')) }
}

interface Keyed<Rule> {
  readonly rule: Rule
  readonly key: string
}

/** What was sorted before stays in its order: a rule is never spelled in two ways. */
function createSorting<Rule extends object>(
  spell: (rule: Rule) => string,
): (rules: readonly Rule[]) => Steps<Keyed<Rule>[]> {
  let before: readonly Keyed<Rule>[] = []
  let known: ReadonlySet<Rule> = new Set()
  return function* (rules) {
    const now = new Set<Rule>()
    const fresh: Keyed<Rule>[] = []
    yield* eachInSteps(rules, (rule) => {
      now.add(rule)
      if (!known.has(rule)) fresh.push({ rule, key: spell(rule) })
    })
    const kept = yield* flatMapInSteps(before, (keyed) => (now.has(keyed.rule) ? [keyed] : []))
    const sorted = yield* mergeInSteps(kept, yield* sortInSteps(fresh, byKey), byKey)
    before = sorted
    known = now
    return sorted
  }
}

function ruleOf<Rule>({ rule }: Keyed<Rule>): Rule {
  return rule
}

function byKey(a: Keyed<object>, b: Keyed<object>): number {
  if (a.key === b.key) return 0
  return a.key < b.key ? -1 : 1
}

/** Goes no deeper than what is frozen already: patterns are, and many rules share them. */
function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const member of Object.values(value)) deepFreeze(member)
  return Object.freeze(value)
}
