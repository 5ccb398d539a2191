/**
 * Whether a policy keeps what somebody asserts of it, and the rules that made it so. Pure: reads the decision that a login gets.
 * `can` holds when all of the subject is held, `cannot` when nothing of it is: a part breaks both.
 * Who cannot log in can do nothing.
 */
import type { Principal } from '../identity/principal.ts'
import type { Allowed, Decision } from '../policy/decision.ts'
import type { Action } from '../policy/effective.ts'
import type { Entry } from '../policy/entry.ts'
import { matchesPrincipal } from '../policy/match-principal.ts'
import type { Origin } from '../policy/origin.ts'
import { REFUSALS, type RefusalCode } from '../policy/refusal.ts'
import type { Snapshot } from '../policy/snapshot.ts'
import { isLiteral, overlaps, parsePattern, type Pattern } from '../subject/index.ts'
import { extentOf, type Extent, type Group, type Held } from './extent.ts'
import { why, type Question, type Reason } from './why.ts'

export type Expectation =
  | {
      readonly is: 'action'
      readonly can: boolean
      readonly action: Action
      readonly subject: Pattern
      readonly group?: Group
    }
  | { readonly is: 'login'; readonly can: boolean }
  | { readonly is: 'account'; readonly account: string }
  | { readonly is: 'refusal'; readonly code: RefusalCode }

export interface Finding {
  readonly passed: boolean
  /** A few words each, to be put beside one another. */
  readonly expected: string
  readonly found: string
  /** Of what was asked to be done. */
  readonly extent?: Extent
  /** Why there is no login. */
  readonly refusal?: RefusalCode
  /** Every rule that had a part in it. */
  readonly reasons: readonly Reason[]
  /** Those that made it so. */
  readonly deciding: readonly Origin[]
}

/** More of them would not be read. */
const MAX_SHOWN = 6

export function checkAssertion(
  snapshot: Snapshot,
  decision: Decision,
  principal: Principal,
  expectation: Expectation,
): Finding {
  if (expectation.is === 'action') return checkAction(snapshot, decision, principal, expectation)
  const reasons = snapshot.model.accounts
    .filter((rule) => matchesPrincipal(rule.principals, principal, snapshot.trustDomains))
    .map(({ origin }): Reason => ({ part: 'account', origin }))
  const found = decision.effect === 'allow' ? `account ${decision.account}` : noLogin(decision.code)
  return {
    passed: holds(expectation, decision),
    expected: expectedOf(expectation),
    found,
    ...(decision.effect === 'deny' ? { refusal: decision.code } : {}),
    reasons,
    deciding: reasons.map(({ origin }) => origin),
  }
}

type OfLogin = Exclude<Expectation, { is: 'action' }>
type OfAction = Extract<Expectation, { is: 'action' }>

function holds(expectation: OfLogin, decision: Decision): boolean {
  if (expectation.is === 'login') return expectation.can === (decision.effect === 'allow')
  if (expectation.is === 'refusal') return decision.effect === 'deny' && decision.code === expectation.code
  return decision.effect === 'allow' && decision.account === expectation.account
}

function expectedOf(expectation: OfLogin): string {
  if (expectation.is === 'login') return expectation.can ? 'a login' : 'no login'
  return expectation.is === 'refusal' ? noLogin(expectation.code) : `account ${expectation.account}`
}

function noLogin(code: RefusalCode): string {
  return `no login: ${code}, ${REFUSALS[code].meaning}`
}

function checkAction(snapshot: Snapshot, decision: Decision, principal: Principal, expected: OfAction): Finding {
  const { can, action, subject, group } = expected
  const question = questionOf(principal, action, subject, group || undefined)
  const wanted = can ? 'all' : 'none'
  const asked = why(snapshot, decision, question)
  if (decision.effect === 'deny') {
    const { code } = decision
    const { reasons } = asked
    const deciding = reasons.filter(({ part }) => part === 'account').map(({ origin }) => origin)
    const expected = inWords(wanted, subject)
    return { passed: !can, expected, found: noLogin(code), extent: 'none', refusal: code, reasons, deciding }
  }
  const held = extentOf(decision.permissions.filtering, action, subject, group)
  const inside =
    held.extent === 'part'
      ? held.entries.flatMap((entry) => {
          const { pattern, queue } = entry
          return why(snapshot, decision, questionOf(principal, action, pattern, queue ?? (group || undefined))).reasons
        })
      : []
  const reasons = distinct([...asked.reasons, ...inside])
  return {
    passed: held.extent === wanted,
    expected: inWords(wanted, subject),
    found: held.extent === 'part' ? partInWords(held, decision, expected) : inWords(held.extent, subject),
    extent: held.extent,
    reasons,
    deciding: decidingOf(held.extent, reasons),
  }
}

function questionOf(principal: Principal, action: Action, subject: Pattern, queue: Pattern | undefined): Question {
  return { principal, action, subject, ...(queue === undefined ? {} : { queue: queue.text }) }
}

function inWords(extent: 'all' | 'none', subject: Pattern): string {
  if (isLiteral(subject)) return extent === 'all' ? 'allowed' : 'denied'
  return extent === 'all' ? 'all of it' : 'nothing of it'
}

function partInWords({ entries }: Held, { permissions }: Allowed, { action, subject, group }: OfAction): string {
  if (group === undefined && entries.every(({ queue }) => queue !== undefined)) {
    const groups = [...new Set(entries.map(({ queue }) => queue?.text ?? ''))]
    return `only as a member of queue group ${shorten(groups)}`
  }
  const { deny } = action === 'publish' ? permissions.filtering.pub : permissions.filtering.sub
  const cuts = deny.filter((text) => entries.some((entry) => isCut(entry, text)))
  const without = cuts.length === 0 ? '' : `, without ${shorten(cuts)}`
  const isOther = entries.some(({ pattern }) => pattern.text !== subject.text)
  return isOther || without !== ''
    ? `a part of it: ${shorten(entries.map(({ text }) => text))}${without}`
    : 'a part of it'
}

function isCut({ pattern }: Entry, deny: string): boolean {
  const cut = parsePattern(deny.split(' ')[0] ?? '')
  return cut.ok && overlaps(pattern, cut.value)
}

function shorten(texts: readonly string[]): string {
  const more = texts.length - MAX_SHOWN
  return `${texts.slice(0, MAX_SHOWN).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

/** Without one of these the answer could be another: what granted it, or what stood in the way of a grant. */
function decidingOf(extent: Extent, reasons: readonly Reason[]): Origin[] {
  const of = (part: Reason['part']): Origin[] =>
    reasons.filter((reason) => reason.part === part).map(({ origin }) => origin)
  const [accounts, denies, allows, ceilings] = [of('account'), of('deny'), of('allow'), of('ceiling')]
  if (extent === 'all') return [...accounts, ...allows]
  if (extent === 'part') return [...accounts, ...denies, ...allows]
  if (denies.length > 0) return [...accounts, ...denies]
  if (of('except').length > 0) return [...accounts, ...of('except')]
  return allows.length > 0 ? [...accounts, ...ceilings] : accounts
}

function distinct(reasons: readonly Reason[]): Reason[] {
  return [...new Map(reasons.map((reason) => [JSON.stringify(reason), reason])).values()]
}
