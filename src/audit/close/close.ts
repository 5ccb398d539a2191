/**
 * Which rules came close to granting what was asked for, each with what is missing. Pure.
 * Of rules that grant it to others, to this principal elsewhere or otherwise, and of patterns that are almost the subject.
 */
import { didYouMean } from '../../lib/nearest.ts'
import type { Decision } from '../../policy/decision.ts'
import { publishEntries, subscribeEntries } from '../../policy/grant-entries.ts'
import { outOfForce } from '../../policy/in-force.ts'
import { matchesPrincipal } from '../../policy/match-principal.ts'
import type { GrantRule } from '../../policy/model.ts'
import { nameOrigin, type Origin } from '../../policy/origin.ts'
import type { Snapshot } from '../../policy/snapshot.ts'
import { matches, type Pattern } from '../../subject/index.ts'
import { grantsTouching } from '../grants-touching.ts'
import { sliceFor } from '../slice.ts'
import type { Question, Why } from '../why.ts'
import { lackOf, type LackKind } from './lack.ts'
import { nearPattern } from './near-pattern.ts'

export type CloseKind =
  | LackKind
  /** Its pattern is almost the subject. */
  | 'pattern'
  | 'action'
  | 'queue'
  | 'ceiling'
  | 'needs-ceiling'
  | 'account'
  | 'except'
  | 'shortfall'

export interface Close {
  readonly kind: CloseKind
  readonly origin?: Origin
  /** The pattern of the rule. */
  readonly pattern?: string
  /** One plain phrase. */
  readonly missing: string
}

interface Ranked extends Close {
  readonly rank: number
}

/** More of them would not be read. */
const MOST = 8

/** @param asked the answer, a denial. @returns closest first. */
export function closeRules(snapshot: Snapshot, decision: Decision, question: Question, asked: Why): readonly Close[] {
  // Who is granted it lacks no grant: something else is in the way.
  const isGranted = asked.reasons.some(({ part }) => part === 'allow')
  const found = [
    ...fromReasons(snapshot, asked),
    ...accountsOf(snapshot, decision, question),
    ...(isGranted ? [] : [...ofOthers(snapshot, question), ...ownRules(snapshot, decision, question)]),
  ]
  const distinct = new Map<string, Ranked>()
  for (const one of found.toSorted((a, b) => a.rank - b.rank)) {
    const key = `${one.kind} ${one.origin === undefined ? '' : nameOrigin(one.origin)}`
    if (!distinct.has(key)) distinct.set(key, one)
  }
  return [...distinct.values()].slice(0, MOST).map(({ rank: _rank, ...close }) => close)
}

function fromReasons({ model }: Snapshot, { reasons, action, subject, shortfalls }: Why): Ranked[] {
  const isGranted = reasons.some(({ part }) => part === 'allow')
  const fromRules = reasons.flatMap(({ part, origin, pattern }): Ranked[] => {
    const shown = { origin, ...(pattern === undefined ? {} : { pattern }) }
    switch (part) {
      case 'except':
        return [{ ...shown, kind: 'except', missing: `it leaves ${pattern ?? subject} out`, rank: 0 }]
      case 'needs-ceiling':
        return [
          {
            ...shown,
            kind: 'needs-ceiling',
            missing: 'it counts inside a ceiling only, and none caps this principal',
            rank: 0,
          },
        ]
      case 'other-account': {
        const within = model.grants.find((rule) => rule.origin === origin)?.withinAccount
        const where = within === undefined ? 'another account' : `account ${within}`
        return [{ ...shown, kind: 'account', missing: `it counts in ${where} only`, rank: 0 }]
      }
      case 'ceiling':
        return isGranted
          ? [{ ...shown, kind: 'ceiling', missing: `it does not hold ${subject} to ${action}`, rank: 0 }]
          : []
      default:
        return []
    }
  })
  const unsaid = shortfalls.map((reason): Ranked => ({
    kind: 'shortfall',
    missing: `granted, but not to be said: ${reason}`,
    rank: 0,
  }))
  return [...fromRules, ...unsaid]
}

/** For who has no account: the entries that would give one. */
function accountsOf({ model, trustDomains }: Snapshot, decision: Decision, { principal }: Question): Ranked[] {
  if (decision.effect === 'allow' || decision.code !== 'ACCOUNT_NONE') return []
  return model.accounts.flatMap(({ principals, origin, account }): Ranked[] => {
    const lack = lackOf(principals, principal, trustDomains)
    if (lack === undefined) return []
    return [{ kind: lack.kind, origin, missing: `${lack.missing} (account ${account})`, rank: 1 + lack.distance }]
  })
}

function ofOthers({ model, trustDomains }: Snapshot, question: Question): Ranked[] {
  return grantsTouching(model, question.action, question.subject).flatMap((rule): Ranked[] => {
    const pattern = holding(rule, question.subject)
    if (rule.effect !== 'allow' || pattern === undefined) return []
    const lack = lackOf(rule.principals, question.principal, trustDomains)
    if (lack === undefined) return []
    return [
      { kind: lack.kind, origin: rule.origin, pattern: pattern.text, missing: lack.missing, rank: 2 + lack.distance },
    ]
  })
}

/** A pattern that holds the subject, as far as the grant does not leave it out. */
function holding({ grant }: GrantRule, subject: Pattern): Pattern | undefined {
  if (grant.except?.some((except) => matches(except, subject))) return undefined
  return grant.patterns.find((pattern) => matches(pattern, subject))
}

function ownRules(snapshot: Snapshot, decision: Decision, question: Question): Ranked[] {
  const { principal, action, subject, queue } = question
  const { model, trustDomains } = sliceFor(snapshot, [principal])
  const isMine = ({ principals }: Pick<GrantRule, 'principals'>): boolean =>
    matchesPrincipal(principals, principal, trustDomains)
  const ceilings = model.ceilings.filter(isMine)
  const mine = model.grants.filter((rule) => rule.effect === 'allow' && isMine(rule))
  const inForce =
    decision.effect === 'deny'
      ? mine
      : mine.filter((rule) => !outOfForce(rule, { account: decision.account, ceilings }))
  return inForce.flatMap((rule): Ranked[] => {
    const { origin, grant } = rule
    const held = holding(rule, subject)
    const isSameAction = (action === 'publish' ? publishEntries(grant) : subscribeEntries(grant)).length > 0
    if (held !== undefined && !isSameAction) {
      const other = action === 'publish' ? 'subscribe to' : 'publish to'
      return [
        {
          kind: 'action',
          origin,
          pattern: held.text,
          missing: `it lets it ${other} the subject, not ${action}`,
          rank: 1,
        },
      ]
    }
    if (held !== undefined) return inGroupOnly(rule, held, queue)
    const near = isSameAction ? nearest(grant.patterns, subject) : undefined
    if (near === undefined) return []
    return [{ kind: 'pattern', origin, pattern: near.pattern, missing: near.missing, rank: 1 + near.distance }]
  })
}

function inGroupOnly({ origin, grant }: GrantRule, held: Pattern, queue: string | undefined): Ranked[] {
  const groups = 'queues' in grant ? grant.queues : undefined
  if (groups === undefined) return []
  const names = groups.map(({ text }) => text)
  const meant = queue === undefined ? undefined : didYouMean(queue, names)
  const missing = `only as a member of queue group ${names.join(' or ')}${meant === undefined ? '' : `: ${meant}`}`
  return [{ kind: 'queue', origin, pattern: held.text, missing, rank: 0 }]
}

function nearest(
  patterns: readonly Pattern[],
  subject: Pattern,
): { readonly pattern: string; readonly missing: string; readonly distance: number } | undefined {
  const near = patterns.flatMap((pattern) => {
    const found = nearPattern(pattern, subject)
    return found === undefined ? [] : [{ pattern: pattern.text, ...found }]
  })
  return near.toSorted((a, b) => a.distance - b.distance)[0]
}
