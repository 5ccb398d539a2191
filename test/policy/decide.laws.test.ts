/** Laws of a decision, checked against the reference interpreter and against what nats-server does with the lists. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Allowed, DeliveryFilter, Permissions } from '../../src/policy/decision.ts'
import { createDecide } from '../../src/policy/decide.ts'
import { delivers, permits, type Subscription } from '../../src/policy/effective.ts'
import type { Model } from '../../src/policy/model.ts'
import {
  anyAllowRule,
  anyDenyRule,
  anyModel,
  pattern,
  ruleOf,
  sha256Hex,
  snapshotOf,
  universe,
  workload,
  type Universe,
} from '../support/policy-arbitraries.ts'
import { oldServerPermitsPublish } from './old-publish-check.ts'
import { matchesText, meaningOf, type Meaning } from './reference.ts'

const principal = workload('spiffe://shop.example/ns/shop/sa/orders')
const everySubject = pattern('>')
const filters = ['filtering', 'legacy'] as const satisfies DeliveryFilter[]

const everything: Model = {
  accounts: [
    {
      account: 'SHOP',
      principals: [{ authenticated: true }],
      inbox: 'private',
      origin: { kind: 'AccountMap', name: 'accounts' },
    },
  ],
  grants: [],
  limits: [],
  ceilings: [],
}

function allowedBy(model: Model): Allowed {
  const decision = createDecide(sha256Hex)(snapshotOf(model), principal)
  if (decision.effect === 'deny') throw new Error(decision.code)
  return decision
}

function isSaidShort(decision: Allowed, filter: DeliveryFilter, subject: string, queue: string | undefined): boolean {
  return decision.shortfalls[filter].some(({ pattern }) => {
    const [text = '', group] = pattern.split(' ')
    return matchesText(text, subject) && (group === undefined || (queue !== undefined && matchesText(group, queue)))
  })
}

type Pair = readonly [subject: string, queue: string | undefined]

function pairs({ subjects, queues }: Universe): Pair[] {
  return subjects.flatMap((subject) => queues.map((queue): Pair => [subject, queue]))
}

function subscriptionOf(subject: string, queue: string | undefined): Subscription {
  return queue === undefined ? { subject } : { subject, queue }
}

function subscriptionsOf({ subscriptions, queues }: Universe): Subscription[] {
  return subscriptions.flatMap((subject) => queues.map((queue) => subscriptionOf(subject, queue)))
}

/** What the server delivers although the policy does not allow it. */
function beyondPolicy(
  permissions: Permissions,
  meaning: Meaning,
  all: Universe,
  filter: DeliveryFilter,
): { subscription: Subscription; literal: string }[] {
  return subscriptionsOf(all)
    .filter(({ subject, queue }) => permits(permissions, 'subscribe', subject, queue))
    .flatMap((subscription) =>
      all.subjects
        .filter((literal) => delivers(permissions, subscription, literal, filter))
        .filter((literal) => !meaning.maySubscribe(literal, subscription.queue))
        .map((literal) => ({ subscription, literal })),
    )
}

/** Every literal (subject, queue) that the server admits. */
function admitted(decision: Allowed, filter: DeliveryFilter, all: Universe): Set<string> {
  const permissions = decision.permissions[filter]
  const published = all.subjects.filter((subject) => permits(permissions, 'publish', subject))
  const subscribed = pairs(all).filter(([subject, queue]) => permits(permissions, 'subscribe', subject, queue))
  return new Set([...published, ...subscribed.map(([subject, queue = '']) => `${subject} ${queue}`)])
}

function beyond(part: ReadonlySet<string>, whole: ReadonlySet<string>): string[] {
  return [...part].filter((each) => !whole.has(each))
}

describe.each(filters)('on a %s server', (filter) => {
  test('publishing is allowed exactly where the policy allows it', () => {
    fc.assert(
      fc.property(anyModel, (model) => {
        const decision = allowedBy(model)
        const all = universe(decision.inboxPrefix)
        const meaning = meaningOf(model, principal, decision.inboxPrefix, all)
        const published = all.subjects.filter((subject) => permits(decision.permissions[filter], 'publish', subject))
        expect(published).toEqual(all.subjects.filter(meaning.mayPublish))
      }),
    )
  })

  test('a literal subscription is never admitted beyond the policy, and refused within it only where a shortfall says so', () => {
    fc.assert(
      fc.property(anyModel, (model) => {
        const decision = allowedBy(model)
        const all = universe(decision.inboxPrefix)
        const meaning = meaningOf(model, principal, decision.inboxPrefix, all)
        const wrong = pairs(all).filter(([subject, queue]) => {
          const may = meaning.maySubscribe(subject, queue)
          const does = permits(decision.permissions[filter], 'subscribe', subject, queue)
          return may !== does && (does || !isSaidShort(decision, filter, subject, queue))
        })
        expect(wrong).toEqual([])
      }),
    )
  })

  test('whatever a client subscribes to, it is delivered nothing beyond the policy', () => {
    fc.assert(
      fc.property(anyModel, (model) => {
        const decision = allowedBy(model)
        const all = universe(decision.inboxPrefix)
        const meaning = meaningOf(model, principal, decision.inboxPrefix, all)
        expect(beyondPolicy(decision.permissions[filter], meaning, all, filter)).toEqual([])
      }),
    )
  })

  test('a grant that nothing denies can be subscribed as it is written, and brings all that it matches', () => {
    fc.assert(
      fc.property(fc.array(anyAllowRule, { maxLength: 5 }), (grants) => {
        const decision = allowedBy({ ...everything, grants })
        const { subjects, queues } = universe(decision.inboxPrefix)
        const short = new Set(decision.shortfalls[filter].map(({ pattern }) => pattern.split(' ')[0]))
        for (const { grant } of grants) {
          if (grant.verb !== 'subscribe' && grant.verb !== 'respond') continue
          for (const { text } of grant.patterns.filter((pattern) => !short.has(pattern.text))) {
            for (const queue of queues) {
              if (grant.queues !== undefined && !grant.queues.some((each) => matchesText(each.text, queue ?? '')))
                continue
              const subscription = subscriptionOf(text, queue)
              const missing = subjects.filter(
                (literal) =>
                  matchesText(text, literal) && !delivers(decision.permissions[filter], subscription, literal, filter),
              )
              expect({ subscription, missing }).toEqual({ subscription, missing: [] })
            }
          }
        }
      }),
    )
  })

  test('responses are allowed exactly while something is left to respond to', () => {
    fc.assert(
      fc.property(anyModel, (model) => {
        const decision = allowedBy(model)
        const meaning = meaningOf(model, principal, decision.inboxPrefix, universe(decision.inboxPrefix))
        fc.pre(decision.shortfalls[filter].length === 0)
        expect(decision.permissions[filter].resp !== undefined).toBe(meaning.responds)
      }),
    )
  })

  test('a deny more never grants, as long as nothing fell short without it', () => {
    fc.assert(
      fc.property(anyModel, anyDenyRule, (model, deny) => {
        const before = allowedBy(model)
        fc.pre(before.shortfalls[filter].length === 0)
        const after = allowedBy({ ...model, grants: [...model.grants, deny] })
        const all = universe(before.inboxPrefix)
        expect(beyond(admitted(after, filter, all), admitted(before, filter, all))).toEqual([])
      }),
    )
  })

  test('an allow more never removes, as long as nothing falls short with it', () => {
    fc.assert(
      fc.property(anyModel, anyAllowRule, (model, allow) => {
        const after = allowedBy({ ...model, grants: [...model.grants, allow] })
        fc.pre(after.shortfalls[filter].length === 0)
        const before = allowedBy(model)
        const all = universe(before.inboxPrefix)
        expect(beyond(admitted(before, filter, all), admitted(after, filter, all))).toEqual([])
      }),
    )
  })

  test('no side is ever left open, and every list is sorted and free of duplicates', () => {
    fc.assert(
      fc.property(anyModel, (model) => {
        const { pub, sub } = allowedBy(model).permissions[filter]
        for (const side of [pub, sub]) {
          expect(side.allow.length > 0 || side.deny.includes('>')).toBe(true)
          for (const list of [side.allow, side.deny]) expect(list).toEqual([...new Set(list)].toSorted())
        }
      }),
    )
  })
})

function shuffled<T>(values: readonly T[]): fc.Arbitrary<T[]> {
  return fc.shuffledSubarray([...values], { minLength: values.length, maxLength: values.length })
}

test('the order of rules, patterns and queues does not change the answer', () => {
  fc.assert(
    fc.property(
      anyModel.chain((model) =>
        fc.tuple(
          fc.constant(model),
          fc.record({
            accounts: fc.constant(model.accounts),
            grants: shuffled(
              model.grants.map((rule) => ({
                ...rule,
                grant: { ...rule.grant, patterns: rule.grant.patterns.toReversed() },
              })),
            ),
            limits: fc.constant(model.limits),
            ceilings: shuffled(model.ceilings),
          }),
        ),
      ),
      ([model, other]) => {
        expect(JSON.stringify(allowedBy(other))).toBe(JSON.stringify(allowedBy(model)))
      },
    ),
  )
})

test('a rule written twice is one rule', () => {
  fc.assert(
    fc.property(anyModel, (model) => {
      const twice = { ...model, grants: [...model.grants, ...model.grants] }
      expect(JSON.stringify(allowedBy(twice))).toBe(JSON.stringify(allowedBy(model)))
    }),
  )
})

test('nothing is given up that could be said beside the rest: some depth below it is neither granted whole nor deniable whole', () => {
  fc.assert(
    fc.property(anyModel, (model) => {
      const { permissions, shortfalls, inboxPrefix } = allowedBy(model)
      const all = universe(inboxPrefix)
      const { allow, deny } = permissions.filtering.sub
      for (const { pattern: entry } of shortfalls.filtering) {
        const [text = '', group] = entry.split(' ')
        const open: Permissions = {
          ...permissions.filtering,
          sub: { allow: [...allow, entry], deny: allow.length === 0 ? [] : deny },
        }
        const isTorn = [1, 2, 3].some((depth) => {
          const level = text + '.*'.repeat(depth)
          const below = pairs(all).filter(([literal]) => matchesText(level, literal))
          const isGranted = ([literal, queue]: Pair): boolean =>
            permits(permissions.filtering, 'subscribe', literal, queue)
          const isMember = ([, queue]: Pair): boolean =>
            group === undefined || (queue !== undefined && matchesText(group, queue))
          const isDelivered = ([literal, queue]: Pair): boolean =>
            delivers(open, subscriptionOf(`${text.slice(0, -1)}>`, queue), literal, 'filtering')
          return (
            below.some((pair) => isGranted(pair) && isMember(pair)) &&
            below.some((pair) => isDelivered(pair) && !isGranted(pair))
          )
        })
        expect({ entry, isTorn }).toEqual({ entry, isTorn: true })
      }
    }),
    { numRuns: 300 },
  )
})

test('a server that overlooks a star beside a longer entry decides as the others do', () => {
  fc.assert(
    fc.property(anyModel, (model) => {
      const decision = allowedBy(model)
      const all = universe(decision.inboxPrefix)
      const meaning = meaningOf(model, principal, decision.inboxPrefix, all)
      const { pub } = decision.permissions.legacy
      expect(all.subjects.filter((subject) => oldServerPermitsPublish(pub, subject))).toEqual(
        all.subjects.filter(meaning.mayPublish),
      )
    }),
  )
})

test('a deny of everything leaves nothing', () => {
  fc.assert(
    fc.property(anyModel, (model) => {
      const denies = (['publish', 'subscribe'] as const).map((verb) =>
        ruleOf('deny', { verb, patterns: [everySubject] }),
      )
      const { permissions } = allowedBy({ ...model, grants: [...model.grants, ...denies] })
      const closed = { allow: [], deny: ['>'] }
      expect(permissions).toEqual({ filtering: { pub: closed, sub: closed }, legacy: { pub: closed, sub: closed } })
    }),
  )
})
