/** Everything a principal may do, with the rule behind each entry. Pure; reads the decision that a login would get. */
import type { Principal } from '../identity/principal.ts'
import type { Decision, Permissions, Shortfall } from '../policy/decision.ts'
import { outOfForce } from '../policy/in-force.ts'
import { matchesPrincipal } from '../policy/match-principal.ts'
import type { Grant, GrantRule, Limits } from '../policy/model.ts'
import type { Origin } from '../policy/origin.ts'
import type { RefusalCode } from '../policy/refusal.ts'
import type { Snapshot } from '../policy/snapshot.ts'
import { covers, overlaps, parsePattern, type Pattern } from '../subject/index.ts'

export interface WhatCan {
  readonly principal: string
  readonly snapshotId: string
  readonly account?: string
  readonly inboxPrefix?: string
  readonly refusal?: RefusalCode
  readonly entries: readonly Entry[]
  /** Exactly what the user JWT carries to a current server. */
  readonly permissions?: Permissions
  readonly limits?: Limits
  readonly shortfalls: readonly Shortfall[]
  /** Rules that gave or refused the account. */
  readonly accountRules: readonly Origin[]
}

export interface Entry {
  readonly action: 'publish' | 'subscribe'
  readonly effect: 'allow' | 'deny'
  /** As in the user JWT; to subscribe, `subject queue` is possible. */
  readonly entry: string
  readonly rules: readonly Origin[]
}

export function whatCan(snapshot: Snapshot, decision: Decision, principal: Principal): WhatCan {
  const asked = { principal: principal.name, snapshotId: snapshot.id }
  if (decision.effect === 'deny') {
    return { ...asked, refusal: decision.code, entries: [], shortfalls: [], accountRules: decision.rules }
  }
  const permissions = decision.permissions.filtering
  const matchesMe = ({ principals }: Pick<GrantRule, 'principals'>): boolean =>
    matchesPrincipal(principals, principal, snapshot.trustDomains)
  const standing = { account: decision.account, ceilings: snapshot.model.ceilings.filter(matchesMe) }
  const mine = snapshot.model.grants.filter((rule) => matchesMe(rule) && !outOfForce(rule, standing))
  return {
    ...asked,
    account: decision.account,
    inboxPrefix: decision.inboxPrefix,
    entries: listedEntries(permissions, mine),
    permissions,
    limits: decision.limits,
    shortfalls: decision.shortfalls.filtering,
    accountRules: snapshot.model.accounts.filter(matchesMe).map(({ origin }) => origin),
  }
}

/** What the lists say, entry by entry. @param mine the rules in force for the one who holds them */
export function listedEntries({ pub, sub }: Permissions, mine: readonly GrantRule[]): readonly Entry[] {
  const rulesBehind = (action: Entry['action'], effect: Entry['effect'], entry: string): readonly Origin[] => {
    const [subject = '', queue] = entry.split(' ')
    const pattern = parsePattern(subject)
    if (!pattern.ok) return []
    return mine
      .filter((rule) => actionOf(rule.grant.verb) === action)
      .filter((rule) => patternsFor(rule, effect).some((granted) => stoodBehind(granted, pattern.value)))
      .filter((rule) => queue === undefined || speaksOfQueue(rule.grant, queue))
      .map((rule) => rule.origin)
  }
  const list = (action: Entry['action'], side: Permissions['pub']): readonly Entry[] => [
    ...side.allow.map((entry): Entry => ({
      action,
      effect: 'allow',
      entry,
      rules: rulesBehind(action, 'allow', entry),
    })),
    ...side.deny.map((entry): Entry => ({ action, effect: 'deny', entry, rules: rulesBehind(action, 'deny', entry) })),
  ]
  return [...list('publish', pub), ...list('subscribe', sub)]
}

function actionOf(verb: string): Entry['action'] {
  return verb === 'publish' || verb === 'request' ? 'publish' : 'subscribe'
}

/** What an allow leaves out can only be said by a deny. */
function patternsFor({ effect, grant }: GrantRule, asked: Entry['effect']): readonly Pattern[] {
  if (effect === asked) return grant.patterns
  return effect === 'allow' ? (grant.except ?? []) : []
}

/** A ceiling may have cut the entry out of a wider grant; minimising may have kept the wider of two. */
function stoodBehind(granted: Pattern, entry: Pattern): boolean {
  return covers(granted, entry) || (overlaps(granted, entry) && covers(entry, granted))
}

/** A grant without queue groups speaks of all of them. */
function speaksOfQueue(grant: Grant, queue: string): boolean {
  const queues = 'queues' in grant ? grant.queues : undefined
  const asked = parsePattern(queue)
  return queues === undefined || (asked.ok && queues.some((one) => overlaps(one, asked.value)))
}
