/**
 * What changes from one snapshot to another, principal by principal, in what the decision engine answers. Pure.
 * A rule that changes nothing for anybody is no change. Principals that rules only describe are answered by one who is made up;
 * where that could not be done, the comparison is not complete, and says so.
 */
import type { Principal } from '../identity/principal.ts'
import type { ServiceAccountRef } from '../identity/spiffe-id.ts'
import type { Decide } from '../policy/decide.ts'
import type { Snapshot } from '../policy/snapshot.ts'
import { changeExplainer, type ExplainedEntry } from './change-explainer.ts'
import { concernedBy } from './concerned.ts'
import { decisionChange, type ChangedEntry, type DecisionChange } from './decision-change.ts'
import type { Gap } from './gap.ts'
import { changedRules, ruleChanges, type ChangedRule } from './rule-changes.ts'
import { rulesOf } from './matcher-facts.ts'
import { sliceFor } from './slice.ts'

export interface Comparison {
  /** Ids of the snapshots. */
  readonly before: string
  readonly after: string
  /** Known principals first, then patterns of principals. */
  readonly changes: readonly PrincipalChange[]
  /** Every rule that was added, removed or changed, whether or not it makes a difference. */
  readonly rules: readonly ChangedRule[]
  /** How many principals, patterns counted as one each. */
  readonly summary: { readonly gain: number; readonly lose: number; readonly logins: number }
  /** Whether anybody gains anything. */
  readonly widens: boolean
  readonly complete: boolean
  readonly gaps: readonly Gap[]
}

export interface PrincipalChange extends Omit<DecisionChange, 'gained' | 'lost'> {
  /** Name of a known principal, or what rules say of such principals: `namespace shop`. */
  readonly principal: string
  readonly known: boolean
  /** Under another name of the trust domain: how those under the local name are described. */
  readonly aliasOf?: string
  /** The name, where the description adds to one end user what its token may hold. */
  readonly endUser?: string
  readonly gained: readonly ExplainedEntry[]
  readonly lost: readonly ExplainedEntry[]
  /** Changed rules that speak of it. */
  readonly rules: readonly ChangedRule[]
}

/** @param population ServiceAccounts that exist in either, whether or not a rule names them; the same list for the same ones is quicker. */
export function compareSnapshots(
  before: Snapshot,
  after: Snapshot,
  population: readonly ServiceAccountRef[],
  decide: Decide,
): Comparison {
  const changes = ruleChanges(before, after)
  const explain = changeExplainer(before, after, changes)
  const { concerned, gaps } = concernedBy(before, after, changes, population)
  const principals = concerned.map(({ principal }) => principal)
  const [was, is] = [sliceFor(before, principals), sliceFor(after, principals)]
  const all = concerned.flatMap(({ principal, description, known, aliasOf, endUser }): PrincipalChange[] => {
    const change = comparePrincipal(was, is, principal, decide)
    if (change === undefined) return []
    const explained = explain(principal, known ? change : withoutOwnName(change, principal, decide, [was, is]))
    const of = { ...(aliasOf === undefined ? {} : { aliasOf }), ...(endUser === undefined ? {} : { endUser }) }
    return [{ principal: description, known, ...of, ...explained }]
  })
  const changed = withoutAliases(all)
  return {
    before: before.id,
    after: after.id,
    changes: changed,
    rules: changedRules(rulesOf(changes.removed), rulesOf(changes.added)),
    summary: {
      gain: changed.filter(({ widens }) => widens).length,
      lose: changed.filter(({ narrows }) => narrows).length,
      logins: changed.filter(({ login }) => login !== undefined && login !== 'refused').length,
    },
    widens: changed.some(({ widens }) => widens),
    complete: gaps.length === 0,
    gaps,
  }
}

/** For one principal, whoever it is; `undefined` when nothing changes for it. */
export function comparePrincipal(
  before: Snapshot,
  after: Snapshot,
  principal: Principal,
  decide: Decide,
): DecisionChange | undefined {
  return decisionChange(decide(before, principal), decide(after, principal))
}

/** Stands for the token that each principal's own inbox prefix has. */
const OWN_INBOX = '_INBOX_<own>'

/** Nobody has the inbox of one who is made up. */
function withoutOwnName(
  change: DecisionChange,
  principal: Principal,
  decide: Decide,
  snapshots: readonly Snapshot[],
): DecisionChange {
  const own = snapshots.flatMap((snapshot) => {
    const decision = decide(snapshot, principal)
    return decision.effect === 'allow' && decision.inbox === 'private' ? [decision.inboxPrefix] : []
  })
  const mask = (text: string): string => own.reduce((masked, prefix) => masked.replace(prefix, OWN_INBOX), text)
  const masked = (entries: readonly ChangedEntry[]): ChangedEntry[] =>
    entries.map(({ entry, except, example, ...rest }) => ({
      ...rest,
      entry: mask(entry),
      except: except.map(mask),
      example: { ...example, subject: mask(example.subject) },
    }))
  const { inboxPrefix, gained, lost, ...rest } = change
  const prefixes = inboxPrefix && {
    before: inboxPrefix.before && mask(inboxPrefix.before),
    after: inboxPrefix.after && mask(inboxPrefix.after),
  }
  return {
    ...rest,
    gained: masked(gained),
    lost: masked(lost),
    ...(prefixes === undefined ? {} : { inboxPrefix: prefixes }),
  }
}

/** Whoever is described under another name of the trust domain, and fares as those under the local one, needs no word of its own. */
function withoutAliases(changes: readonly PrincipalChange[]): readonly PrincipalChange[] {
  const local = new Map(changes.map((change) => [change.principal, change]))
  const said = ({ principal: _principal, aliasOf: _aliasOf, ...rest }: PrincipalChange): string => JSON.stringify(rest)
  return changes.filter((change) => {
    const other = change.aliasOf === undefined ? undefined : local.get(change.aliasOf)
    return other === undefined || said(other) !== said(change)
  })
}
