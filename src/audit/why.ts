/**
 * Why a principal may or may not use a subject: the answer of the decision engine, and each rule that had a part in it. Pure.
 * The answer is never worked out twice: it is read off the same decision that a login would get.
 */
import { matches, overlaps, parsePattern, type Pattern } from '../subject/index.ts'
import type { Principal } from '../identity/principal.ts'
import { permits, type Action } from '../policy/effective.ts'
import type { Allowed, Decision } from '../policy/decision.ts'
import { matchesPrincipal } from '../policy/match-principal.ts'
import type { Grant, GrantRule } from '../policy/model.ts'
import type { Origin } from '../policy/origin.ts'
import { outOfForce, type OutOfForce } from '../policy/in-force.ts'
import type { RefusalCode } from '../policy/refusal.ts'
import type { Snapshot } from '../policy/snapshot.ts'
import { isWhole } from './extent.ts'
import { grantsTouching } from './grants-touching.ts'

/**
 * What a rule did: put the principal into its account, granted, denied, capped below the subject, or granted it to somebody
 * else; would grant it in another account only (`other-account`), or if a ceiling matched (`needs-ceiling`); grants what is
 * around it and leaves it out (`except`).
 */
export type Part = 'account' | 'allow' | 'deny' | 'except' | 'ceiling' | OutOfForce | 'others'

export interface Reason {
  readonly part: Part
  readonly origin: Origin
  /** The pattern of the rule that speaks of the subject. */
  readonly pattern?: string
}

export interface Why {
  readonly principal: string
  readonly action: Action
  readonly subject: string
  readonly queue?: string
  readonly allowed: boolean
  /** The server accepts the subscription and delivers a part of it: what is granted inside. */
  readonly partly?: true
  readonly snapshotId: string
  /** Also the one that nobody may be placed in, with the refusal `ACCOUNT_FORBIDDEN`. */
  readonly account?: string
  /** Why the principal cannot log in at all. */
  readonly refusal?: RefusalCode
  readonly reasons: readonly Reason[]
  /** Granted by the policy, but not to be said in NATS permission lists. */
  readonly shortfalls: readonly string[]
}

export interface Question {
  readonly principal: Principal
  readonly action: Action
  /** Literal to publish; to subscribe, wildcards may stand in it. */
  readonly subject: Pattern
  readonly queue?: string
}

export function why(snapshot: Snapshot, decision: Decision, question: Question): Why {
  const { principal, action, subject, queue } = question
  const asked = {
    principal: principal.name,
    action,
    subject: subject.text,
    ...(queue === undefined ? {} : { queue }),
    snapshotId: snapshot.id,
  }
  const account = decision.effect === 'allow' ? decision.account : undefined
  const rules = ruleReasons(snapshot, question, account)
  if (decision.effect === 'deny') {
    const accounts = decision.rules.map((origin): Reason => ({ part: 'account', origin }))
    const { code: refusal, account: named } = decision
    const where = named === undefined ? {} : { account: named }
    return { ...asked, allowed: false, ...where, refusal, reasons: [...accounts, ...rules], shortfalls: [] }
  }
  const shortfalls = decision.shortfalls.filtering.filter(({ pattern }) => speaksOf(pattern, subject))
  const inbox = ownInbox(decision, question)
  // No ceiling caps the own inbox.
  const others = inbox.length === 0 ? rules : rules.filter(({ part }) => part !== 'ceiling')
  const allowed = permits(decision.permissions.filtering, action, subject.text, queue)
  return {
    ...asked,
    allowed,
    ...(allowed && action === 'subscribe' && !isWhole(decision.permissions.filtering.sub, subject, queue)
      ? { partly: true }
      : {}),
    account: decision.account,
    reasons: [...accountReasons(snapshot, principal), ...inbox, ...others],
    shortfalls: shortfalls.map(({ reason }) => reason),
  }
}

function speaksOf(entry: string, subject: Pattern): boolean {
  const pattern = parsePattern(entry.split(' ')[0] ?? '')
  return pattern.ok && overlaps(pattern.value, subject)
}

function accountReasons({ model, trustDomains }: Snapshot, principal: Principal): readonly Reason[] {
  return model.accounts
    .filter((rule) => matchesPrincipal(rule.principals, principal, trustDomains))
    .map(({ origin }) => ({ part: 'account', origin }))
}

/** It comes with the first request that is left, for every queue group too, as long as no deny takes it away. */
function ownInbox({ inboxPrefix, permissions }: Allowed, { action, subject, principal }: Question): readonly Reason[] {
  const inbox = parsePattern(`${inboxPrefix}.>`)
  if (action !== 'subscribe' || !inbox.ok || !matches(inbox.value, subject)) return []
  if (!permissions.filtering.sub.allow.includes(inbox.value.text)) return []
  return [{ part: 'allow', origin: { kind: 'own inbox of', name: principal.name }, pattern: inbox.value.text }]
}

/** @param account of a principal that can log in; of another one, no rule is judged by it */
function ruleReasons(
  { model, trustDomains }: Snapshot,
  question: Question,
  account: string | undefined,
): readonly Reason[] {
  const { principal, action, subject } = question
  const reasons: Reason[] = []
  const ceilings = model.ceilings.filter((rule) => matchesPrincipal(rule.principals, principal, trustDomains))
  for (const rule of grantsTouching(model, action, subject)) {
    const pattern = speakingPattern(rule, question)
    if (pattern === undefined) continue
    const isMine = matchesPrincipal(rule.principals, principal, trustDomains)
    const lacking = account === undefined ? undefined : outOfForce(rule, { account, ceilings })
    const hole = rule.grant.except?.find((except) => matches(except, subject))
    if (hole !== undefined) {
      if (isMine && rule.effect === 'allow') reasons.push({ part: 'except', origin: rule.origin, pattern: hole.text })
      continue
    }
    if (isMine) reasons.push({ part: lacking ?? rule.effect, origin: rule.origin, pattern: pattern.text })
    else if (rule.effect === 'allow') reasons.push({ part: 'others', origin: rule.origin, pattern: pattern.text })
  }
  const isWithin = ceilings.some((rule) => rule[action].some((pattern) => matches(pattern, subject)))
  if (!isWithin) for (const { origin } of ceilings) reasons.push({ part: 'ceiling', origin })
  return reasons.toSorted((a, b) => ORDER[a.part] - ORDER[b.part])
}

const ORDER = {
  account: 0,
  deny: 1,
  allow: 2,
  except: 3,
  ceiling: 4,
  'needs-ceiling': 5,
  'other-account': 6,
  others: 7,
} as const satisfies Record<Part, number>

/** An allow must cover the subject to grant it; a deny that only touches a subscription still filters it. */
function speakingPattern(rule: GrantRule, { subject, queue }: Question): Pattern | undefined {
  if (!admitsQueue(rule.grant, queue)) return undefined
  return rule.grant.patterns.find(
    (pattern) => matches(pattern, subject) || (rule.effect === 'deny' && overlaps(pattern, subject)),
  )
}

function admitsQueue(grant: Grant, queue: string | undefined): boolean {
  const queues = 'queues' in grant ? grant.queues : undefined
  if (queues === undefined) return true
  const asked = queue === undefined ? undefined : parsePattern(queue)
  return asked?.ok === true && queues.some((one) => matches(one, asked.value))
}
