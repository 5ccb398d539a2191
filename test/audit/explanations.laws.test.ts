/** Laws of the audit's answers: they agree with the decision that a login gets, and the rules that they name explain them. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { whatCan } from '../../src/audit/what-can.ts'
import { why, type Question, type Why } from '../../src/audit/why.ts'
import { createDecide } from '../../src/policy/decide.ts'
import type { Decision } from '../../src/policy/decision.ts'
import { permits } from '../../src/policy/effective.ts'
import { matchesPrincipal } from '../../src/policy/match-principal.ts'
import type { CeilingRule, Grant, Model } from '../../src/policy/model.ts'
import type { Principal } from '../../src/identity/principal.ts'
import type { Snapshot } from '../../src/policy/snapshot.ts'
import { matchesText } from '../policy/reference.ts'
import {
  anyMatcherEntry,
  anyModel,
  anyPrincipal,
  pattern,
  ruleOf,
  sha256Hex,
  snapshotOf,
  trustDomains,
  universe,
  workload,
  type Universe,
} from '../support/policy-arbitraries.ts'

/** Rules that speak of some principals and not of others. */
const anyMixedModel: fc.Arbitrary<Model> = fc
  .tuple(anyModel, fc.infiniteStream(fc.array(anyMatcherEntry, { minLength: 1, maxLength: 2 })))
  .map(([model, matchers]) => {
    const next = (): Model['grants'][number]['principals'] => matchers.next().value
    return {
      ...model,
      grants: model.grants.map((rule) => ({ ...rule, principals: next() })),
      ceilings: model.ceilings.map((rule) => ({ ...rule, principals: next() })),
    }
  })

interface Asked {
  readonly snapshot: Snapshot
  readonly decision: Decision
  readonly principal: Principal
  readonly universe: Universe
}

const anyAsked: fc.Arbitrary<Asked> = fc
  .tuple(fc.oneof(anyModel, anyMixedModel), anyPrincipal)
  .map(([model, principal]) => {
    const snapshot = snapshotOf(model)
    const decision = createDecide(sha256Hex)(snapshot, principal)
    const inboxPrefix = decision.effect === 'allow' ? decision.inboxPrefix : '_INBOX'
    return { snapshot, decision, principal, universe: universe(inboxPrefix) }
  })

function literalQuestions({ principal, universe: { subjects, queues } }: Asked): Question[] {
  return subjects.map(pattern).flatMap((subject): Question[] => [
    { principal, action: 'publish', subject },
    ...queues.map((queue): Question => ({
      principal,
      action: 'subscribe',
      subject,
      ...(queue === undefined ? {} : { queue }),
    })),
  ])
}

function ask({ snapshot, decision }: Asked, question: Question): Why {
  return why(snapshot, decision, question)
}

test('why answers as the permissions of the login do', () => {
  fc.assert(
    fc.property(anyAsked, (asked) => {
      if (asked.decision.effect === 'deny') throw new Error(asked.decision.code)
      const { filtering } = asked.decision.permissions
      const wrong = [...literalQuestions(asked), ...wildcardQuestions(asked)].filter((question) => {
        const { action, subject, queue } = question
        return ask(asked, question).allowed !== permits(filtering, action, subject.text, queue)
      })
      expect(wrong).toEqual([])
    }),
    { numRuns: 50 },
  )
})

function summary({ action, subject, queue, allowed, reasons, shortfalls }: Why): string {
  const parts = reasons.map(({ part, origin, pattern }) => `${part} ${origin.kind} ${pattern ?? ''}`)
  return `${action} ${subject} ${queue ?? ''}: ${allowed ? 'yes' : 'no'}, ${[...parts, ...shortfalls].join('; ')}`
}

function wildcardQuestions({ principal, universe: { subscriptions, queues } }: Asked): Question[] {
  return subscriptions.map(pattern).flatMap((subject) =>
    queues.map((queue): Question => ({
      principal,
      action: 'subscribe',
      subject,
      ...(queue === undefined ? {} : { queue }),
    })),
  )
}

test('the reasons explain the answer: an allow and nothing against it, or something against it, or nothing for it', () => {
  fc.assert(
    fc.property(anyAsked, (asked) => {
      const unexplained = literalQuestions(asked).flatMap((question) => {
        const answer = ask(asked, question)
        const has = (part: string): boolean => answer.reasons.some((reason) => reason.part === part)
        const isFor = has('allow')
        const isAgainst = has('deny') || has('ceiling') || answer.shortfalls.length > 0
        const isExplained = answer.allowed ? isFor && !has('deny') && !has('ceiling') : !isFor || isAgainst
        return isExplained ? [] : [summary(answer)]
      })
      expect(unexplained).toEqual([])
    }),
    { numRuns: 150 },
  )
})

test('what-can lists exactly the permissions of the login, each entry with the rules of the principal behind it', () => {
  fc.assert(
    fc.property(anyAsked, ({ snapshot, decision, principal }) => {
      if (decision.effect === 'deny') throw new Error(decision.code)
      const { entries, permissions } = whatCan(snapshot, decision, principal)
      const list = (action: string, effect: string): string[] =>
        entries.filter((one) => one.action === action && one.effect === effect).map(({ entry }) => entry)
      const { pub, sub } = decision.permissions.filtering
      expect(permissions).toEqual(decision.permissions.filtering)
      expect({ allow: list('publish', 'allow'), deny: list('publish', 'deny') }).toEqual(pub)
      expect({ allow: list('subscribe', 'allow'), deny: list('subscribe', 'deny') }).toEqual(sub)
      const ownInbox = `${decision.inboxPrefix}.>`
      const orphans = entries.filter(
        ({ effect, entry, rules }) => effect === 'allow' && rules.length === 0 && entry.split(' ')[0] !== ownInbox,
      )
      expect(orphans).toEqual([])
    }),
    { numRuns: 300 },
  )
})

/** Whether an entry of a list, or a rule, holds a literal subject for members of a queue group, or without one. */
function holds(patterns: readonly string[], queues: readonly string[] | undefined, [subject, queue]: Literal): boolean {
  const admitsQueue = queues === undefined || (queue !== undefined && queues.some((one) => matchesText(one, queue)))
  return admitsQueue && patterns.some((text) => matchesText(text, subject))
}

type Literal = readonly [subject: string, queue: string | undefined]

test('what-can names no rule that has nothing to do with the entry', () => {
  fc.assert(
    fc.property(anyAsked, ({ snapshot, decision, principal, universe: { subjects, queues } }) => {
      const literals = subjects.flatMap((subject) => queues.map((queue): Literal => [subject, queue]))
      const strangers = whatCan(snapshot, decision, principal).entries.flatMap(({ action, effect, entry, rules }) =>
        rules
          .filter(
            (origin) =>
              !snapshot.model.grants.some((rule) => {
                if (rule.origin !== origin || rule.effect !== effect || actionOf(rule) !== action) return false
                if (!matchesPrincipal(rule.principals, principal, trustDomains)) return false
                const [text = '', queue] = entry.split(' ')
                const granted = rule.grant.patterns.map(({ text }) => text)
                const queues = 'queues' in rule.grant ? rule.grant.queues?.map(({ text }) => text) : undefined
                return literals.some(
                  (literal) =>
                    holds([text], queue === undefined ? undefined : [queue], literal) &&
                    holds(granted, queues, literal),
                )
              }),
          )
          .map((origin) => `${action} ${effect} ${entry}: ${origin.name}`),
      )
      expect(strangers).toEqual([])
    }),
    { numRuns: 100 },
  )
})

function actionOf({ grant: { verb } }: Model['grants'][number]): 'publish' | 'subscribe' {
  return verb === 'publish' || verb === 'request' ? 'publish' : 'subscribe'
}

const orders = workload('spiffe://shop.example/ns/shop/sa/orders')

function askedOf(grants: Model['grants'], ceilings: readonly CeilingRule[] = []): Asked & { readonly inbox: string } {
  const origin = { kind: 'AccountMap', name: 'accounts' }
  const accounts = [
    { account: 'SHOP', principals: [{ authenticated: true as const }], inbox: 'private' as const, origin },
  ]
  const snapshot = snapshotOf({ accounts, grants, ceilings })
  const decision = createDecide(sha256Hex)(snapshot, orders)
  const inbox = decision.effect === 'allow' ? decision.inboxPrefix : ''
  return { snapshot, decision, principal: orders, universe: universe(inbox), inbox }
}

function partsOf(
  asked: Asked,
  subject: string,
  queue?: string,
): { readonly allowed: boolean; readonly parts: string[] } {
  const question = { principal: orders, action: 'subscribe', subject: pattern(subject) } as const
  const { allowed, reasons } = ask(asked, queue === undefined ? question : { ...question, queue })
  return { allowed, parts: reasons.map(({ part, origin }) => `${part}: ${origin.kind}`).slice(1) }
}

describe('the own inbox', () => {
  const requesting: Grant = { verb: 'request', patterns: [pattern('a')] }
  const publishing: Grant = { verb: 'publish', patterns: [pattern('a')] }

  test('is a reason when a request brings it, in a queue group too, and no ceiling caps it', () => {
    const ceiling: CeilingRule = {
      principals: [{ authenticated: true }],
      publish: [pattern('a')],
      subscribe: [],
      origin: { kind: 'SubjectCeiling', name: 'low' },
    }
    const asked = askedOf([ruleOf('allow', requesting)], [ceiling])
    const granted = { allowed: true, parts: ['allow: own inbox of'] }
    expect(partsOf(asked, `${asked.inbox}.x`)).toEqual(granted)
    expect(partsOf(asked, `${asked.inbox}.x`, 'q')).toEqual(granted)
    expect(partsOf(asked, 'b')).toEqual({ allowed: false, parts: ['ceiling: SubjectCeiling'] })
  })

  test('is none for who never requests', () => {
    const asked = askedOf([ruleOf('allow', publishing)])
    expect(partsOf(asked, `${asked.inbox}.x`)).toEqual({ allowed: false, parts: [] })
  })
})

test('what-can tells the rules of one queue group from those of another', () => {
  const member = (queue: string): Grant => ({ verb: 'subscribe', patterns: [pattern('a')], queues: [pattern(queue)] })
  const { snapshot, decision } = askedOf([ruleOf('allow', member('q'), 'one'), ruleOf('allow', member('v.*'), 'two')])
  const { entries } = whatCan(snapshot, decision, orders)
  const named = entries.map(({ entry, rules }) => [entry, rules.map(({ name }) => name)])
  expect(named).toEqual([
    ['>', []],
    ['a q', ['one']],
    ['a v.*', ['two']],
  ])
})
