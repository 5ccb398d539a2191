/** Grants and denies that leave something out: never more than they mean, and where less, it is told. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createDecide } from '../../src/policy/decide.ts'
import type { Allowed, DeliveryFilter } from '../../src/policy/decision.ts'
import { delivers, permits } from '../../src/policy/effective.ts'
import type { Grant, Model } from '../../src/policy/model.ts'
import { subtractDepths } from '../../src/policy/piece.ts'
import {
  anyModelWithHoles,
  anyPattern,
  pattern,
  ruleOf,
  sha256Hex,
  snapshotOf,
  universe,
  workload,
} from '../support/policy-arbitraries.ts'
import { matchesText, meaningOf } from './reference.ts'

const principal = workload('spiffe://shop.example/ns/shop/sa/orders')

function allowedBy(model: Model): Allowed {
  const decision = createDecide(sha256Hex)(snapshotOf(model), principal)
  if (decision.effect === 'deny') throw new Error(decision.code)
  return decision
}

/** Every literal use that is not as the rules mean it, and that no shortfall tells of. */
function wrongUses(model: Model, filter: DeliveryFilter): string[] {
  const decision = allowedBy(model)
  const permissions = decision.permissions[filter]
  const all = universe(decision.inboxPrefix)
  const meaning = meaningOf(model, principal, decision.inboxPrefix, all)
  const shortfalls = decision.shortfalls[filter]
  // The inbox comes with a request that is left: where one was given up, it may have been the last.
  const isTold = (subject: string): boolean =>
    (shortfalls.length > 0 && subject.startsWith(`${decision.inboxPrefix}.`)) ||
    shortfalls.some((short) => matchesText(short.pattern.split(' ')[0] ?? '', subject))
  const published = all.subjects.flatMap((subject) => {
    const [may, does] = [meaning.mayPublish(subject), permits(permissions, 'publish', subject)]
    return may === does || (may && isTold(subject)) ? [] : [`PUB ${subject}: ${may ? 'withheld' : 'beyond'}`]
  })
  const subscribed = all.subjects.flatMap((subject) =>
    all.queues.flatMap((queue) => {
      const may = meaning.maySubscribe(subject, queue)
      const does = permits(permissions, 'subscribe', subject, queue)
      return may === does || (may && isTold(subject)) ? [] : [`SUB ${subject} ${queue}: ${may ? 'withheld' : 'beyond'}`]
    }),
  )
  const delivered = all.subscriptions.flatMap((subject) =>
    all.queues.flatMap((queue) => {
      const subscription = queue === undefined ? { subject } : { subject, queue }
      return all.subjects
        .filter((literal) => delivers(permissions, subscription, literal, filter))
        .filter((literal) => !meaning.maySubscribe(literal, queue))
        .map((literal) => `SUB ${subject} ${queue} was delivered ${literal}`)
    }),
  )
  return [...published, ...subscribed, ...delivered]
}

describe.each(['filtering', 'legacy'] as const)('on a %s server', (filter) => {
  test('what a grant leaves out is not given by it, and what a deny leaves out is not denied, or less is given and told', () => {
    fc.assert(
      fc.property(anyModelWithHoles, (model) => {
        expect(wrongUses(model, filter).slice(0, 5)).toEqual([])
      }),
      { numRuns: 80 },
    )
  })
})

const accounts: Model['accounts'] = [
  {
    account: 'SHOP',
    principals: [{ authenticated: true }],
    inbox: 'private',
    origin: { kind: 'AccountMap', name: 'a' },
  },
]

function grantedBy(grants: readonly (Grant | { readonly deny: Grant })[]): Allowed {
  const rules = grants.map((one) => ('deny' in one ? ruleOf('deny', one.deny) : ruleOf('allow', one)))
  return allowedBy({ accounts, grants: rules, limits: [], ceilings: [] })
}

const patterns = (...texts: string[]): readonly ReturnType<typeof pattern>[] => texts.map((text) => pattern(text))

describe('a grant with a hole', () => {
  test('becomes an allow and a deny', () => {
    const { permissions, shortfalls } = grantedBy([
      { verb: 'publish', patterns: patterns('a.>'), except: patterns('a.b') },
    ])
    expect(permissions.filtering.pub).toEqual({ allow: ['a.>'], deny: ['a.b'] })
    expect(shortfalls.filtering).toEqual([])
  })

  test('has no hole where another grant fills it', () => {
    const { permissions } = grantedBy([
      { verb: 'publish', patterns: patterns('a.>'), except: patterns('a.b.>') },
      { verb: 'publish', patterns: patterns('a.b.*', 'a.b.*.>') },
    ])
    expect(permissions.filtering.pub).toEqual({ allow: ['a.>'], deny: [] })
  })

  test('keeps what both leave out', () => {
    const { permissions } = grantedBy([
      { verb: 'publish', patterns: patterns('a.>'), except: patterns('a.b.>') },
      { verb: 'publish', patterns: patterns('a.b.>'), except: patterns('a.b.c') },
    ])
    expect(permissions.filtering.pub).toEqual({ allow: ['a.>'], deny: ['a.b.c'] })
  })

  test('needs no deny where the number of tokens says it', () => {
    const { permissions } = grantedBy([{ verb: 'publish', patterns: patterns('a.>'), except: patterns('a.*') }])
    expect(permissions.filtering.pub).toEqual({ allow: ['a.*.>'], deny: [] })
  })

  test('gives up the part of another grant that its deny cuts, and says so', () => {
    const { permissions, shortfalls } = grantedBy([
      { verb: 'publish', patterns: patterns('a.>'), except: patterns('a.b.>') },
      { verb: 'publish', patterns: patterns('*.b.c') },
    ])
    expect(permissions.filtering.pub).toEqual({ allow: ['*.b.c', 'a.>'], deny: ['a.b.>'] })
    expect(shortfalls.filtering.map((short) => short.pattern)).toEqual(['a.b.c'])
  })

  test('goes before the own inbox is cut', () => {
    const { permissions, shortfalls, inboxPrefix } = grantedBy([
      { verb: 'request', patterns: patterns('a') },
      { verb: 'subscribe', patterns: patterns('>'), except: patterns('*.b.c') },
    ])
    expect(permissions.filtering.sub).toEqual({ allow: [`${inboxPrefix}.>`], deny: [] })
    expect(shortfalls.filtering.map((short) => short.pattern)).toEqual(['>'])
  })
})

describe('a deny with a hole', () => {
  test('leaves of an allow within it what is in the hole', () => {
    const { permissions, shortfalls } = grantedBy([
      { verb: 'publish', patterns: patterns('a.>') },
      { deny: { verb: 'publish', patterns: patterns('a.>'), except: patterns('a.b', 'a.c.>') } },
    ])
    expect(permissions.filtering.pub).toEqual({ allow: ['a.b', 'a.c.>'], deny: [] })
    expect(shortfalls.filtering).toEqual([])
  })

  test('takes the hole as well where an allow crosses it, and says so', () => {
    const { permissions, shortfalls } = grantedBy([
      { verb: 'publish', patterns: patterns('>') },
      { deny: { verb: 'publish', patterns: patterns('a.>'), except: patterns('a.b') } },
    ])
    expect(permissions.filtering.pub).toEqual({ allow: ['>'], deny: ['a.>'] })
    expect(shortfalls.filtering.map((short) => short.pattern)).toEqual(['a.b'])
  })
})

test('a request of which a deny and a hole leave nothing brings no inbox', () => {
  const { permissions } = grantedBy([
    { verb: 'request', patterns: patterns('*'), except: patterns('a') },
    { verb: 'publish', patterns: patterns('a') },
    { deny: { verb: 'publish', patterns: patterns('>'), except: patterns('a') } },
  ])
  expect(permissions.filtering).toEqual({ pub: { allow: ['a'], deny: [] }, sub: { allow: [], deny: ['>'] } })
})

test('one pattern without another is said by patterns exactly, or not at all', () => {
  const { subjects } = universe('_INBOX_x')
  fc.assert(
    fc.property(anyPattern, anyPattern, (whole, part) => {
      const left = subtractDepths(whole, part)
      if (left === undefined) return
      expect(subjects.filter((subject) => left.some(({ text }) => matchesText(text, subject)))).toEqual(
        subjects.filter((subject) => matchesText(whole.text, subject) && !matchesText(part.text, subject)),
      )
    }),
    { numRuns: 1000 },
  )
})
