/** Grants that change nothing: said by another rule already, or denied whole. Pure. */
import { quote } from '../../lib/spell.ts'
import { nameOrigin, type Origin } from '../../policy/origin.ts'
import type { Grant } from '../../policy/model.ts'
import { coversTogether, PatternIndex } from '../../subject/index.ts'
import type { Estate } from '../estate.ts'
import type { Rule, Suspicion } from '../finding.ts'
import {
  allowsOf,
  coversQueues,
  deniesOf,
  entriesOf,
  grantedBy,
  isOfRoute,
  queuesOf,
  sideOf,
  type Granted,
} from '../grant-rules.ts'
import { coversMatcher } from '../principals.ts'

export const grantCovered: Rule = {
  code: 'grant-covered',
  severity: 'warning',
  title: 'grant that another rule makes void',
  why: 'Grants add up. A narrow grant beside a wide one for the same principals limits nobody, and whoever takes it away takes nothing away.',
  mend: 'remove this grant, or narrow the other one',
  check: (estate) => {
    const granted = grantedBy(allowsOf(estate.model))
    const index = new PatternIndex<Granted>()
    for (const one of granted) index.add(one.pattern, one)
    const widerThan = (narrow: Granted): Granted | undefined =>
      index
        .covering(narrow.pattern)
        .filter((other) => other !== narrow && makesVoid(other, narrow, estate))
        .toSorted((a, b) => compareOrigins(a.rule.origin, b.rule.origin))[0]

    // Rules of AuthorizationPolicies are compared as they are written there.
    const own = granted.filter(({ rule }) => !isOfRoute(rule))
    return rulesOf(own).flatMap((subjects): Suspicion[] => {
      const wides = subjects.map((narrow) => ({ narrow, wide: widerThan(narrow) }))
      if (subjects.every(({ rule, pattern }) => estate.isWritten(rule.origin, pattern.text))) {
        return wides.flatMap(({ narrow, wide }) => (wide === undefined ? [] : [covered(narrow, wide)]))
      }
      // Grants that stand for subjects share some of them with others: void are those that others say altogether.
      const elsewhere = wides.flatMap(({ narrow: { rule }, wide }) =>
        wide === undefined || compareOrigins(wide.rule.origin, rule.origin) === 0 ? [] : [{ rule, wide }],
      )
      const [first] = elsewhere
      if (first === undefined || elsewhere.length < subjects.length) return []
      const message = `all that this grant stands for is granted by ${place(first.wide.rule.origin)} already`
      return [{ at: { origin: first.rule.origin }, message }]
    })
  },
}

/** What each rule of a document grants, in however many rules of the model. */
function rulesOf(granted: readonly Granted[]): Granted[][] {
  const byRule = new Map<string, Granted[]>()
  for (const one of granted) {
    const key = JSON.stringify([one.rule.origin, one.rule.principals])
    const known = byRule.get(key)
    if (known === undefined) byRule.set(key, [one])
    else known.push(one)
  }
  return [...byRule.values()]
}

function makesVoid(wide: Granted, narrow: Granted, { trustDomains }: Estate): boolean {
  if (isLimited(wide, narrow)) return false
  if (!givesAsMuch(wide.rule.grant, narrow.rule.grant) || !coversQueues(wide.rule.grant, narrow.rule.grant))
    return false
  const own = entriesOf(narrow.rule)
  const others = entriesOf(wide.rule)
  if (!coversMatcher(others, own, trustDomains)) return false
  // Of two that say the same, the second one is told.
  const isSame =
    wide.pattern.text === narrow.pattern.text &&
    coversMatcher(own, others, trustDomains) &&
    givesAsMuch(narrow.rule.grant, wide.rule.grant) &&
    coversQueues(narrow.rule.grant, wide.rule.grant)
  return !isSame || compareOrigins(wide.rule.origin, narrow.rule.origin) < 0
}

/** Whether the wide one holds only in some account, under a ceiling, or but for some subjects. */
function isLimited({ rule: wide }: Granted, { rule: narrow }: Granted): boolean {
  if (wide.withinAccount !== undefined && wide.withinAccount !== narrow.withinAccount) return true
  return (wide.needsCeiling === true && narrow.needsCeiling !== true) || wide.grant.except !== undefined
}

const BRINGS: ReadonlyMap<Grant['verb'], Grant['verb']> = new Map([
  ['request', 'publish'],
  ['respond', 'subscribe'],
])

/** Whether the verb of one brings all that the other's does: a request brings an inbox, a response the right to answer. */
function givesAsMuch(wide: Grant, narrow: Grant): boolean {
  if (wide.verb === 'respond' && narrow.verb === 'respond') {
    return isAtLeast(wide.maxReplies, narrow.maxReplies) && isAtLeast(wide.replyWithinMs, narrow.replyWithinMs)
  }
  return wide.verb === narrow.verb || BRINGS.get(wide.verb) === narrow.verb
}

function isAtLeast(wide: number, narrow: number): boolean {
  return wide < 0 || (narrow >= 0 && wide >= narrow)
}

function covered(narrow: Granted, wide: Granted): Suspicion {
  const { origin } = wide.rule
  const through = wide.pattern.text === narrow.pattern.text ? '' : `, as part of ${quote(wide.pattern.text)}`
  return {
    at: { origin: narrow.rule.origin, written: narrow.pattern.text },
    message: `${narrow.rule.grant.verb} ${quote(narrow.pattern.text)} is granted by ${place(origin)} already${through}`,
  }
}

export const grantDenied: Rule = {
  code: 'grant-denied',
  severity: 'warning',
  title: 'grant that a DENY takes away whole',
  why: 'A DENY beats every ALLOW, as in NATS itself, however the documents are ordered. This grant gives nobody anything.',
  mend: 'remove the grant, or leave its subject or its principals out of the DENY',
  check: ({ model, trustDomains }) => {
    const denies = deniesOf(model)
    return grantedBy(allowsOf(model)).flatMap(({ rule, pattern }) => {
      const against = denies.filter(
        (deny) =>
          sideOf(deny.grant) === sideOf(rule.grant) &&
          deny.grant.except === undefined &&
          deniesQueues(deny.grant, rule.grant) &&
          coversMatcher(entriesOf(deny), entriesOf(rule), trustDomains),
      )
      const first = against.find(({ grant }) => coversTogether(grant.patterns, pattern)) ?? against[0]
      if (first === undefined) return []
      if (
        !coversTogether(
          against.flatMap(({ grant }) => grant.patterns),
          pattern,
        )
      )
        return []
      const message = `${rule.grant.verb} ${quote(pattern.text)} is denied by ${place(first.origin)}`
      return [{ at: { origin: rule.origin, written: pattern.text }, message }]
    })
  },
}

/** A deny for some queue groups leaves the others, and subscriptions without a group. */
function deniesQueues(deny: Grant, allow: Grant): boolean {
  return queuesOf(deny) === undefined || (queuesOf(allow) !== undefined && coversQueues(deny, allow))
}

function place(origin: Origin): string {
  const { file, line } = origin
  return file === undefined || line === undefined ? nameOrigin(origin) : `${nameOrigin(origin)} (${file}:${line})`
}

function compareOrigins(a: Origin, b: Origin): number {
  const left = [a.file ?? '', a.namespace ?? '', a.name]
  const right = [b.file ?? '', b.namespace ?? '', b.name]
  for (const [position, text] of left.entries()) {
    const other = right[position] ?? ''
    if (text !== other) return text < other ? -1 : 1
  }
  return (a.line ?? 0) - (b.line ?? 0) || (a.rule ?? 0) - (b.rule ?? 0)
}
