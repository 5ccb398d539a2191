/** Which changed rules are behind what changes for a principal. Pure. Names too many rather than none. */
import type { Principal } from '../identity/principal.ts'
import { publishEntries, subscribeEntries } from '../policy/grant-entries.ts'
import type { Matcher } from '../policy/matcher.ts'
import { MatcherIndex } from '../policy/matcher-index.ts'
import type { AccountRule, CeilingRule, GrantRule, LimitRule, Model } from '../policy/model.ts'
import { nameOrigin, type Origin } from '../policy/origin.ts'
import type { Snapshot, TrustDomains } from '../policy/snapshot.ts'
import { overlaps, parsePattern } from '../subject/index.ts'
import type { ChangedEntry, DecisionChange } from './decision-change.ts'
import { keysHeldBy } from './matcher-facts.ts'
import { changedRules, type ChangedRule, type RuleChanges } from './rule-changes.ts'

export interface ExplainedEntry extends ChangedEntry {
  /** Changed rules that made it so. */
  readonly rules: readonly ChangedRule[]
}

export type Explained = Omit<DecisionChange, 'gained' | 'lost'> & {
  readonly gained: readonly ExplainedEntry[]
  readonly lost: readonly ExplainedEntry[]
  readonly rules: readonly ChangedRule[]
}

export function changeExplainer(
  before: Snapshot,
  after: Snapshot,
  { removed, added }: RuleChanges,
): (principal: Principal, change: DecisionChange) => Explained {
  const gone = rulesByPrincipal(removed, before.trustDomains)
  const come = rulesByPrincipal(added, after.trustDomains)
  const told = changedRuleTeller(everyRule(removed), everyRule(added))
  return (principal, change) => {
    const [lost, won] = [gone(principal), come(principal)]
    const explained = (entry: ChangedEntry, sides: readonly [Rules, Rules]): ExplainedEntry => ({
      ...entry,
      rules: told(rulesBehind(entry, change, sides)),
    })
    return {
      ...change,
      gained: change.gained.map((entry) => explained(entry, [won, lost])),
      lost: change.lost.map((entry) => explained(entry, [lost, won])),
      rules: told([...everyRule(lost), ...everyRule(won)]),
    }
  }
}

/** Changed rules of those names, each once, sorted by name. A rule that no longer speaks of a principal is changed, and not removed. */
function changedRuleTeller(removed: Named, added: Named): (rules: Named) => ChangedRule[] {
  const changed = changedRules(removed, added)
  const byName = new Map(changed.map((rule, position) => [nameOrigin(rule.origin), position]))
  const positions = new Map([...removed, ...added].map(({ origin }) => [origin, byName.get(nameOrigin(origin))]))
  const told = new Map<string, ChangedRule[]>()
  return (rules) => {
    const mentioned = [...new Set(rules.flatMap(({ origin }) => positions.get(origin) ?? []))].toSorted((a, b) => a - b)
    const key = mentioned.join(' ')
    const list = told.get(key) ?? mentioned.flatMap((position) => changed[position] ?? [])
    told.set(key, list)
    return list
  }
}

interface Rules {
  readonly accounts: readonly AccountRule[]
  readonly grants: readonly GrantRule[]
  readonly limits: readonly LimitRule[]
  readonly ceilings: readonly CeilingRule[]
}

type Named = readonly { readonly origin: Origin }[]

function rulesByPrincipal(model: Model, trustDomains: TrustDomains): (principal: Principal) => Rules {
  const index = <Rule extends { readonly principals: Matcher }>(rules: readonly Rule[]): MatcherIndex<Rule> =>
    new MatcherIndex(rules, trustDomains)
  const [accounts, grants] = [index(model.accounts), index(model.grants)]
  const [limits, ceilings] = [index(model.limits), index(model.ceilings)]
  return (principal) => {
    const keys = keysHeldBy(principal)
    return {
      accounts: accounts.matching(principal, keys),
      grants: grants.matching(principal, keys),
      limits: limits.matching(principal, keys),
      ceilings: ceilings.matching(principal, keys),
    }
  }
}

/** @param own rules of the snapshot that gives the entry, `other` of the one that does not. */
function rulesBehind(entry: ChangedEntry, { login }: DecisionChange, [own, other]: readonly [Rules, Rules]): Named {
  const homes = [...own.accounts, ...other.accounts]
  const touching = (rules: Rules, effect: GrantRule['effect']): Named =>
    rules.grants.filter((rule) => rule.effect === effect && touches(rule, entry))
  const ceilings = [...own.ceilings, ...other.ceilings]
  // An allow that came, or a deny that went.
  const direct = [...touching(own, 'allow'), ...touching(other, 'deny')]
  if (login !== undefined && homes.length > 0) return [...homes, ...direct]
  if (direct.length > 0) return [...direct, ...ceilings]
  // What a grant leaves out, and what could not be said beside one that went.
  const indirect = [...touching(own, 'deny'), ...touching(other, 'allow'), ...ceilings]
  return indirect.length > 0 ? indirect : [...everyRule(own), ...everyRule(other)]
}

function touches({ grant }: GrantRule, { action, entry, inbox }: ChangedEntry): boolean {
  if (inbox) return grant.verb === 'request'
  const subject = parsePattern(entry.split(' ')[0] ?? '')
  const entries = action === 'publish' ? publishEntries(grant) : subscribeEntries(grant)
  return subject.ok && entries.some(({ pattern }) => overlaps(pattern, subject.value))
}

function everyRule({ accounts, grants, limits, ceilings }: Rules): Named {
  return [...accounts, ...grants, ...limits, ...ceilings]
}
