/** From grants to lists, example by example: policy.md section 4. What they mean in general is in decide.laws.test.ts. */
import { describe, expect, test } from 'vitest'
import type { DeliveryFilter, Permissions } from '../../src/policy/decision.ts'
import type { CeilingRule, Grant } from '../../src/policy/model.ts'
import { compilePermissions, type Compiled } from '../../src/policy/permissions.ts'
import { pattern } from '../support/policy-arbitraries.ts'

const CLOSED = { allow: [], deny: ['>'] }
const INBOX = '_INBOX_me.>'

interface Lists {
  readonly allow?: readonly Grant[]
  readonly deny?: readonly Grant[]
  readonly ceilings?: readonly CeilingRule[]
}

function compiled({ allow = [], deny = [], ceilings = [] }: Lists, filter: DeliveryFilter = 'filtering'): Compiled {
  return compilePermissions({ allows: allow, denies: deny, ceilings, inbox: pattern(INBOX) })[filter]
}

function lists(policy: Lists, filter: DeliveryFilter = 'filtering'): Permissions {
  return compiled(policy, filter).permissions
}

function publish(...patterns: string[]): Grant {
  return { verb: 'publish', patterns: patterns.map(pattern) }
}

function request(...patterns: string[]): Grant {
  return { verb: 'request', patterns: patterns.map(pattern) }
}

/** Entries as nats-server spells them, all with the same queue or without one: `orders.* workers`. */
function subscribe(...entries: string[]): Grant {
  const [, queue] = entries[0]?.split(' ') ?? []
  const patterns = entries.map((entry) => pattern(entry.split(' ')[0] ?? ''))
  return { verb: 'subscribe', patterns, ...(queue === undefined ? {} : { queues: [pattern(queue)] }) }
}

function respond(entry: string, maxReplies: number, replyWithinMs: number): Grant {
  const [text = '', queue] = entry.split(' ')
  const queues = queue === undefined ? {} : { queues: [pattern(queue)] }
  return { verb: 'respond', patterns: [pattern(text)], ...queues, maxReplies, replyWithinMs }
}

function ceiling(publish: readonly string[], subscribe: readonly string[]): CeilingRule {
  const principals = [{ authenticated: true as const }]
  const origin = { kind: 'SubjectCeiling', name: 'shop' }
  return { principals, publish: publish.map(pattern), subscribe: subscribe.map(pattern), origin }
}

describe('the lists', () => {
  test('close both sides when nothing is granted', () => {
    expect(lists({})).toEqual({ pub: CLOSED, sub: CLOSED })
  })

  test('close the side that nothing is granted on', () => {
    expect(lists({ allow: [publish('a')] })).toEqual({ pub: { allow: ['a'], deny: [] }, sub: CLOSED })
    expect(lists({ allow: [subscribe('a')] })).toEqual({ pub: CLOSED, sub: { allow: ['a'], deny: [] } })
  })

  test('are sorted and leave out what another entry covers', () => {
    expect(lists({ allow: [publish('b', 'a.b', 'a.>'), publish('b', 'a.*.c')] }).pub).toEqual({
      allow: ['a.>', 'b'],
      deny: [],
    })
  })

  test('close a side whose every grant is denied, by one deny or by several together', () => {
    expect(lists({ allow: [publish('a.b')], deny: [publish('a.>')] }).pub).toEqual(CLOSED)
    expect(lists({ allow: [publish('a.>')], deny: [publish('a.*'), publish('a.*.>')] }).pub).toEqual(CLOSED)
  })

  test('hold only denies that take something', () => {
    const policy = { allow: [publish('a.>'), subscribe('b.>')], deny: [publish('a.x', 'b.x'), subscribe('a.y', 'b.y')] }
    expect(lists(policy)).toEqual({ pub: { allow: ['a.>'], deny: ['a.x'] }, sub: { allow: ['b.>'], deny: ['b.y'] } })
  })

  test('say exactly what lies under the ceilings', () => {
    const policy = { allow: [publish('*.b', 'z.>')], ceilings: [ceiling(['a.>', 'c.*'], []), ceiling(['x.b'], [])] }
    expect(lists(policy).pub).toEqual({ allow: ['a.b', 'c.b', 'x.b'], deny: [] })
  })

  test('close a side whose ceiling lists nothing', () => {
    expect(lists({ allow: [publish('a'), subscribe('a')], ceilings: [ceiling(['>'], [])] })).toEqual({
      pub: { allow: ['a'], deny: [] },
      sub: CLOSED,
    })
  })
})

describe('a request', () => {
  test('brings the own inbox, which no ceiling cuts', () => {
    expect(lists({ allow: [request('svc')], ceilings: [ceiling(['svc'], [])] })).toEqual({
      pub: { allow: ['svc'], deny: [] },
      sub: { allow: [INBOX], deny: [] },
    })
  })

  test('brings no inbox when a ceiling or a deny leaves nothing of it', () => {
    expect(lists({ allow: [request('svc')], ceilings: [ceiling(['other'], ['>'])] }).sub).toEqual(CLOSED)
    expect(lists({ allow: [request('svc')], deny: [publish('svc')] }).sub).toEqual(CLOSED)
    expect(lists({ allow: [request('svc'), publish('svc')], deny: [request('>')] })).toEqual({
      pub: CLOSED,
      sub: CLOSED,
    })
  })

  test('keeps its inbox when a grant of another verb is what a deny takes', () => {
    expect(lists({ allow: [request('svc'), publish('x')], deny: [publish('x')] }).sub.allow).toEqual([INBOX])
  })

  test('loses its inbox to a deny, which wins over everything', () => {
    expect(lists({ allow: [request('svc')], deny: [subscribe('>')] })).toEqual({
      pub: { allow: ['svc'], deny: [] },
      sub: CLOSED,
    })
  })
})

describe('a response', () => {
  test('is allowed within the widest of the grants', () => {
    const policy = { allow: [respond('a', 1, 60_000), respond('b', 5, 1_000)] }
    expect(lists(policy)).toEqual({
      pub: CLOSED,
      sub: { allow: ['a', 'b'], deny: [] },
      resp: { max: 5, ttl: 60_000_000_000 },
    })
  })

  test('has no limit when one grant has none', () => {
    expect(lists({ allow: [respond('a', -1, 5), respond('b', 3, -1)] }).resp).toEqual({ max: -1, ttl: -1 })
  })

  test('never falls to the defaults of the server, which a 0 would', () => {
    expect(lists({ allow: [respond('a', 0, 0)] }).resp).toEqual({ max: 1, ttl: 1_000_000 })
  })

  test('has a whole number of nanoseconds however long it may take', () => {
    expect(Number.isSafeInteger(lists({ allow: [respond('a', 1, 1e12)] }).resp?.ttl)).toBe(true)
  })

  test('counts only the grants that are left', () => {
    const policy = { allow: [respond('a', 9, 9_000), respond('b', 1, 1_000)], deny: [subscribe('a')] }
    expect(lists(policy).resp).toEqual({ max: 1, ttl: 1_000_000_000 })
    expect(lists({ allow: [respond('a', 1, 1), subscribe('>')], deny: [respond('a', 1, 1)] }).resp).toBeUndefined()
    expect(lists({ allow: [respond('a', 1, 1)], ceilings: [ceiling(['>'], ['b'])] }).resp).toBeUndefined()
  })

  test('goes with the entry that had to be left out', () => {
    expect(lists({ allow: [respond('a.*', 1, 1), subscribe('a.b.c')] })).toEqual({
      pub: CLOSED,
      sub: { allow: ['a.b.c'], deny: [] },
    })
  })
})

describe('a trailing star to subscribe to', () => {
  test('is guarded against subscriptions below it', () => {
    expect(lists({ allow: [subscribe('a.*')] }).sub).toEqual({ allow: ['a.*'], deny: ['a.*.>'] })
    expect(lists({ allow: [subscribe('*')] }).sub).toEqual({ allow: ['*'], deny: ['*.>'] })
  })

  test('is guarded for its queue only', () => {
    expect(lists({ allow: [subscribe('a.* q'), subscribe('a.b.c r')] }).sub).toEqual({
      allow: ['a.* q', 'a.b.c r'],
      deny: ['a.*.> q'],
    })
  })

  test('needs no guard where what is below is granted, by one entry or by several', () => {
    expect(lists({ allow: [subscribe('a.*', 'a.*.>')] }).sub).toEqual({ allow: ['a.*', 'a.*.>'], deny: [] })
    expect(lists({ allow: [subscribe('a.*', 'a.*.*', 'a.*.*.>')] }).sub.deny).toEqual([])
  })

  test.each([
    [['*', '*.*', '*.*.*'], ['*.*.*.>']],
    [['a.*', 'a.*.*'], ['a.*.*.>']],
    [['a.*', 'a.*.*.>'], ['a.*.*']],
    [['a.*', 'a.*.*', 'a.*.*.*.>'], ['a.*.*.*']],
    [
      ['a.*', 'a.*.*', 'a.*.*.*.*.>'],
      ['a.*.*.*', 'a.*.*.*.*'],
    ],
    [
      ['a.*', 'a.*.*', 'a.*.*.*.*'],
      ['a.*.*.*', 'a.*.*.*.*.>'],
    ],
  ])('of %j is guarded at the depths that are not granted', (granted, deny) => {
    const { permissions, shortfalls } = compiled({ allow: [subscribe(...granted)] })
    expect(permissions.sub).toEqual({ allow: granted, deny })
    expect(shortfalls).toEqual([])
  })

  test('needs no guard to publish', () => {
    expect(lists({ allow: [publish('a.*')] }).pub).toEqual({ allow: ['a.*'], deny: [] })
  })

  test.each([
    [['a.*', 'a.b.c'], ['a.b.c'], [], 'a.*'],
    [['a.*', 'a.b.>'], ['a.b.>'], [], 'a.*'],
    [['a.*', '*.b.c'], ['*.b.c'], [], 'a.*'],
    [['*', 'a.*'], ['a.*'], ['a.*.>'], '*'],
    [['a.*', 'b.*', 'a.b.c'], ['a.b.c', 'b.*'], ['b.*.>'], 'a.*'],
  ])('of %j gives way to what its guard would cut', (granted, allow, deny, short) => {
    const { permissions, shortfalls } = compiled({ allow: [subscribe(...granted)] })
    expect(permissions.sub).toEqual({ allow, deny })
    expect(shortfalls.map((shortfall) => shortfall.pattern)).toEqual([short])
  })

  test('says which deny would cut what', () => {
    expect(compiled({ allow: [subscribe('a.*', 'a.b.c')] }).shortfalls).toEqual([
      {
        pattern: 'a.*',
        reason: 'it also admits subscriptions below it, and the deny against them, "a.*.>", would cut "a.b.c"',
      },
    ])
  })

  test('gives way to the own inbox', () => {
    const { permissions, shortfalls } = compiled({ allow: [subscribe('*', 'a.*'), request('svc')] })
    expect(permissions.sub).toEqual({ allow: [INBOX, 'a.*'], deny: ['a.*.>'] })
    expect(shortfalls.map((shortfall) => shortfall.pattern)).toEqual(['*'])
  })

  test('leaves behind what it alone had covered', () => {
    expect(lists({ allow: [subscribe('a.*', 'a.b', 'a.x.y'), subscribe('a.c q')] }).sub).toEqual({
      allow: ['a.b', 'a.c q', 'a.x.y'],
      deny: [],
    })
    expect(lists({ allow: [subscribe('*.*', 'b.*', 'a.x.y')] }).sub).toEqual({
      allow: ['a.x.y', 'b.*'],
      deny: ['b.*.>'],
    })
  })

  test('stays when what its guard would cut is denied anyway', () => {
    const { permissions, shortfalls } = compiled({ allow: [subscribe('a.*', '*.b.c')], deny: [subscribe('a.b.c')] })
    expect(permissions.sub).toEqual({ allow: ['*.b.c', 'a.*'], deny: ['a.*.>'] })
    expect(shortfalls).toEqual([])
  })

  test('stays when the longer entry that it would cut gives way itself', () => {
    const { permissions, shortfalls } = compiled({ allow: [subscribe('*', '*.*', 'a.b.c')] })
    expect(permissions.sub.allow).toEqual(['a.b.c'])
    expect(shortfalls.map((shortfall) => shortfall.pattern)).toEqual(['*', '*.*'])
    expect(compiled({ allow: [subscribe('a.*.*', 'a.b.c.d'), subscribe('a.*')] }).permissions.sub.allow).toEqual([
      'a.b.c.d',
    ])
    expect(compiled({ allow: [subscribe('*.x.*', 'b.x.c.d'), subscribe('a.*')] }).permissions.sub).toEqual({
      allow: ['a.*', 'b.x.c.d'],
      deny: ['a.*.>'],
    })
  })

  test('of everybody gives way to a queue below it, which a deny for all would close', () => {
    const { permissions, shortfalls } = compiled({ allow: [subscribe('a.*'), subscribe('a.> q')] })
    expect(permissions.sub).toEqual({ allow: ['a.> q'], deny: [] })
    expect(shortfalls.map((shortfall) => shortfall.pattern)).toEqual(['a.*'])
  })
})

describe('a queue', () => {
  test('is left out where everybody may subscribe', () => {
    expect(lists({ allow: [subscribe('a.>'), subscribe('a.b q')] }).sub).toEqual({ allow: ['a.>'], deny: [] })
  })

  test('that crosses a plain entry leaves that entry to all other queues', () => {
    expect(lists({ allow: [subscribe('a.>'), subscribe('*.b q')] }).sub).toEqual({
      allow: ['*.b q', 'a.>', 'a.> >'],
      deny: [],
    })
  })

  test('is covered by a wider queue', () => {
    expect(lists({ allow: [subscribe('a v.*'), subscribe('a v.1'), subscribe('a >')] }).sub.allow).toEqual(['a >'])
  })

  test('that is denied stays denied beside plain denies', () => {
    const policy = { allow: [subscribe('a.>')], deny: [subscribe('a.b q'), subscribe('a.c')] }
    expect(lists(policy).sub).toEqual({ allow: ['a.>'], deny: ['a.b q', 'a.c'] })
  })

  test('is not denied for one that is denied, nor closed by it', () => {
    expect(lists({ allow: [subscribe('a q')], deny: [subscribe('a r')] }).sub).toEqual({ allow: ['a q'], deny: [] })
    expect(lists({ allow: [subscribe('a q')], deny: [subscribe('a *')] }).sub).toEqual(CLOSED)
  })
})

describe('on a legacy server', () => {
  test('a star behind a wildcard is left out, as its guard would be ignored', () => {
    const { permissions, shortfalls } = compiled({ allow: [subscribe('*.*', 'a.*')] }, 'legacy')
    expect(permissions.sub).toEqual({ allow: ['a.*'], deny: ['a.*.>'] })
    expect(shortfalls).toEqual([
      {
        pattern: '*.*',
        reason: 'it also admits subscriptions below it, and this server version ignores the deny "*.*.>"',
      },
    ])
  })

  test('a star behind a wildcard stays where what is below is granted', () => {
    expect(lists({ allow: [subscribe('*.*', '*.*.>')] }, 'legacy').sub).toEqual({ allow: ['*.*', '*.*.>'], deny: [] })
  })

  test('a guard is for everybody, and what it would cut comes first', () => {
    const policy = { allow: [subscribe('a.* q'), subscribe('a.b.c r')] }
    expect(lists(policy, 'legacy').sub).toEqual({ allow: ['a.b.c r'], deny: [] })
    expect(lists({ allow: [subscribe('a.* q')] }, 'legacy').sub).toEqual({ allow: ['a.* q'], deny: ['a.*.>'] })
  })

  test('a deny that an entry meets in one subject is written as that subject', () => {
    const policy = { allow: [subscribe('a.*.c', 'b.>')], deny: [subscribe('a.b.>', 'b.x')] }
    expect(lists(policy, 'legacy').sub).toEqual({ allow: ['a.*.c', 'b.>'], deny: ['a.b.c', 'b.x'] })
  })

  test('a denied subject stays in the list beside the guard that covers it: a deny outside a subscription does not filter it', () => {
    const policy = { allow: [subscribe('*.b.a', 'a.*')], deny: [subscribe('a.b.>')] }
    expect(lists(policy, 'legacy').sub).toEqual({ allow: ['*.b.a', 'a.*'], deny: ['a.*.>', 'a.b.a'] })
    expect(lists(policy).sub).toEqual({ allow: ['*.b.a', 'a.*'], deny: ['a.*.>'] })
  })

  test('an entry that meets a deny in more than one subject is left out', () => {
    const { permissions, shortfalls } = compiled(
      { allow: [subscribe('a.>', 'a.ok')], deny: [subscribe('a.*.secret')] },
      'legacy',
    )
    expect(permissions.sub).toEqual({ allow: ['a.ok'], deny: [] })
    expect(shortfalls).toEqual([
      {
        pattern: 'a.>',
        reason: 'this server version does not keep "a.*.secret", which is denied, out of wider subscriptions',
      },
    ])
  })

  test('an entry that denies would split into too many single subjects is left out', () => {
    const denies = (count: number): Grant => subscribe(...Array.from({ length: count }, (_, number) => `s${number}.x`))
    const allow = [subscribe('*.x')]
    expect(lists({ allow, deny: [denies(100)] }, 'legacy').sub.deny).toHaveLength(100)
    const { permissions, shortfalls } = compiled({ allow, deny: [denies(101)] }, 'legacy')
    expect(permissions.sub).toEqual(CLOSED)
    expect(shortfalls).toEqual([
      {
        pattern: '*.x',
        reason: 'denies leave out more than 100 single subjects of it, too many for this server version',
      },
    ])
    expect(lists({ allow, deny: [denies(101)] }).sub.deny).toHaveLength(101)
  })

  test('an entry is denied by several denies together', () => {
    const deny = [subscribe('a.*', 'a.*.*', 'a.*.*.>')]
    expect(lists({ allow: [subscribe('a.>', 'b')], deny }).sub).toEqual({ allow: ['b'], deny: [] })
    expect(lists({ allow: [subscribe('a.>', 'b')], deny: [subscribe('a.*', 'a.*.*.>')] }).sub).toEqual({
      allow: ['a.>', 'b'],
      deny: ['a.*', 'a.*.*.>'],
    })
  })

  test('a deny of a queue is a deny of all, and said so', () => {
    const { permissions, shortfalls } = compiled({ allow: [subscribe('a', 'b')], deny: [subscribe('a q')] }, 'legacy')
    expect(permissions.sub).toEqual({ allow: ['b'], deny: [] })
    expect(shortfalls).toEqual([
      {
        pattern: 'a',
        reason: 'this server version does not filter by queue, so the deny of "a q" holds for all of "a"',
      },
    ])
  })

  test('a deny of a queue that nobody could join anyway changes nothing', () => {
    const { permissions, shortfalls } = compiled({ allow: [subscribe('a q')], deny: [subscribe('a r')] }, 'legacy')
    expect(permissions.sub).toEqual({ allow: ['a q'], deny: [] })
    expect(shortfalls).toEqual([])
  })

  test('what a star covers is spelled out to publish where a longer entry hides it', () => {
    const policy = { allow: [publish('*', 'a.b')], deny: [publish('*.*', 'x.y.z')] }
    expect(lists({ allow: [publish('*', 'a.b'), subscribe('x')] }, 'legacy')).toEqual({
      pub: { allow: ['*', 'a', 'a.b'], deny: [] },
      sub: { allow: ['x'], deny: [] },
    })
    expect(lists({ ...policy, allow: [publish('>')] }, 'legacy').pub.deny).toEqual(['*.*', 'x.y.z'])
    expect(lists({ allow: [publish('>')], deny: [publish('x.*', 'x.y.z')] }, 'legacy').pub.deny).toEqual([
      'x.*',
      'x.y',
      'x.y.z',
    ])
    expect(lists({ allow: [publish('>')], deny: [publish('x.*', 'x.y.z')] }).pub.deny).toEqual(['x.*', 'x.y.z'])
  })
})
