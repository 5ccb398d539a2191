import { describe, expect, test } from 'vitest'
import { createWhoCan, type WhoCan } from '../../src/audit/who-can.ts'
import type { Holder, WhoCanQuestion } from '../../src/audit/holders/holder.ts'
import type { Way } from '../../src/audit/roundabout/way.ts'
import { createDecide } from '../../src/policy/decide.ts'
import type { Matcher, MatcherEntry } from '../../src/policy/matcher.ts'
import type { AccountRule, CeilingRule, Grant, GrantRule, Model } from '../../src/policy/model.ts'
import type { ServiceAccountRef } from '../../src/identity/spiffe-id.ts'
import { nameOrigin } from '../../src/policy/origin.ts'
import { parsePattern, type Pattern } from '../../src/subject/index.ts'
import { pattern, sha256Hex, snapshotOf } from '../support/policy-arbitraries.ts'

const ISSUER = 'https://login.example'
const shop: MatcherEntry = { namespace: 'shop' }
const staff: MatcherEntry = { group: 'staff' }
const web: MatcherEntry = { serviceAccount: { namespace: 'shop', name: 'web' } }

function account(name: string, principals: Matcher, more: Partial<AccountRule> = {}): AccountRule {
  return { account: name, principals, inbox: 'private', origin: { kind: 'AccountMap', name: 'accounts' }, ...more }
}

function allow(name: string, principals: Matcher, grant: Grant): GrantRule {
  return { effect: 'allow', principals, grant, origin: { kind: 'SubjectPolicy', namespace: 'shop', name } }
}

function deny(name: string, principals: Matcher, grant: Grant): GrantRule {
  return { ...allow(name, principals, grant), effect: 'deny' }
}

function publish(...texts: string[]): Grant {
  return { verb: 'publish', patterns: texts.map(pattern) }
}

function subscribe(...texts: string[]): Grant {
  return { verb: 'subscribe', patterns: texts.map(pattern) }
}

function ceiling(name: string, principals: Matcher, ...texts: string[]): CeilingRule {
  return { principals, publish: texts.map(pattern), subscribe: [], origin: { kind: 'SubjectCeiling', name } }
}

function istio(...terms: NonNullable<MatcherEntry['istio']>['terms']): MatcherEntry {
  return { istio: { terms, whenUnknown: false } }
}

interface Options {
  readonly serviceAccounts?: readonly ServiceAccountRef[]
  readonly queue?: string
}

const KNOWN: readonly ServiceAccountRef[] = [{ namespace: 'shop', name: 'known' }]

function ask(
  model: Partial<Model>,
  action: WhoCanQuestion['action'],
  subject: string,
  { serviceAccounts = KNOWN, queue }: Options = {},
): WhoCan {
  const whoCan = createWhoCan(snapshotOf(model), serviceAccounts, createDecide(sha256Hex))
  return whoCan({ action, pattern: pattern(subject), ...(queue === undefined ? {} : { queue: pattern(queue) }) })
}

function names({ holders }: WhoCan): string[] {
  return holders.map(({ principal }) => principal)
}

function codes({ gaps }: WhoCan): string[] {
  return gaps.map(({ code }) => code)
}

function only({ holders }: WhoCan): Holder {
  const [first, ...more] = holders
  if (first === undefined || more.length > 0) throw new Error(`${holders.length} holders`)
  return first
}

describe('who is listed', () => {
  test('are known principals by name and others by description, known ones first', () => {
    const answer = ask(
      { accounts: [account('SHOP', [shop, staff])], grants: [allow('all', [web, staff, shop], publish('orders.new'))] },
      'publish',
      'orders.new',
    )
    expect(answer.holders.map(({ principal, known }) => [principal, known])).toEqual([
      ['spiffe://shop.example/ns/shop/sa/known', true],
      ['spiffe://shop.example/ns/shop/sa/web', true],
      ['any ServiceAccount of namespace shop', false],
      ['any end user in group staff', false],
    ])
    expect(answer.complete).toBe(true)
  })

  test('is described together with where it lives, when the rule alone gives it no account', () => {
    const anybody: MatcherEntry = { authenticated: true }
    const answer = ask(
      {
        accounts: [account('SHOP', [shop]), account('STAFF', [{ issuer: ISSUER, claims: { team: 'a' } }])],
        grants: [allow('all', [anybody], publish('news'))],
      },
      'publish',
      'news',
      { serviceAccounts: [{ namespace: 'hr', name: 'crawler' }] },
    )
    expect(answer.holders.map(({ principal, account }) => [principal, account])).toEqual([
      ['any ServiceAccount of namespace shop', 'SHOP'],
      [`any end user of issuer ${ISSUER} with claim team=a`, 'STAFF'],
    ])
  })

  test('is nobody without an account, and nobody whom a deny or a ceiling leaves nothing', () => {
    const grants = [allow('web', [web], publish('a')), deny('not', [web], publish('a'))]
    expect(names(ask({ grants: grants.slice(0, 1) }, 'publish', 'a'))).toEqual([])
    expect(names(ask({ accounts: [account('SHOP', [shop])], grants }, 'publish', 'a'))).toEqual([])
    const ceilings = [ceiling('c', [shop], 'b')]
    expect(
      names(ask({ accounts: [account('SHOP', [shop])], grants: grants.slice(0, 1), ceilings }, 'publish', 'a')),
    ).toEqual([])
  })

  test('is a member whose further ceiling allows what the others may not', () => {
    const model: Partial<Model> = {
      accounts: [account('STAFF', [{ issuer: ISSUER }])],
      grants: [allow('all', [{ issuer: ISSUER }], publish('a', 'b'))],
      ceilings: [ceiling('low', [{ issuer: ISSUER }], 'a'), ceiling('high', [staff], 'b')],
    }
    expect(names(ask(model, 'publish', 'b'))).toEqual([`any end user of issuer ${ISSUER} in group staff`])
    expect(names(ask(model, 'publish', 'a'))).toEqual([`any end user of issuer ${ISSUER}`])
  })

  test('is a member whom a deny of everybody else spares', () => {
    const notShop = istio({ field: 'namespace', values: [{ pieces: ['shop'] }], not: true })
    const answer = ask(
      {
        accounts: [account('ALL', [{ trustDomain: 'shop.example' }])],
        grants: [
          allow('all', [{ trustDomain: 'shop.example' }], publish('a')),
          deny('others', [notShop], publish('a')),
        ],
      },
      'publish',
      'a',
    )
    expect(names(answer)).toEqual([
      'spiffe://shop.example/ns/shop/sa/known',
      'any workload of namespace shop of trust domain shop.example',
    ])
  })

  test('is an end user named by issuer and sub', () => {
    const anna: MatcherEntry = { issuer: ISSUER, claims: { sub: 'anna' } }
    const answer = ask(
      { accounts: [account('STAFF', [anna])], grants: [allow('anna', [anna], publish('a'))] },
      'publish',
      'a',
    )
    expect(answer.holders.map(({ principal, known }) => [principal, known])).toEqual([[`${ISSUER}/anna`, true]])
  })

  test('is told under its other names, where an alias of the trust domain holds the same', () => {
    const accounts = [account('SHOP', [shop])]
    const grants = [allow('web', [web], publish('a')), allow('ns', [shop], publish('b'))]
    expect(only(ask({ accounts, grants }, 'publish', 'a'))).toMatchObject({
      principal: 'spiffe://shop.example/ns/shop/sa/web',
      alsoAs: ['spiffe://old.shop.example/ns/shop/sa/web'],
    })
    const local: MatcherEntry = { ...web, trustDomain: 'shop.example' }
    const cut = [...grants, deny('not', [local], publish('a'))]
    expect(only(ask({ accounts, grants: cut }, 'publish', 'a'))).toMatchObject({
      principal: 'spiffe://old.shop.example/ns/shop/sa/web',
      known: true,
    })
    const described = ask({ accounts, grants }, 'publish', 'b').holders.filter(({ known }) => !known)
    expect(described).toMatchObject([
      {
        principal: 'any ServiceAccount of namespace shop',
        alsoAs: ['any ServiceAccount of namespace shop of trust domain old.shop.example'],
      },
    ])
  })
})

describe('how much is held', () => {
  const accounts = [account('SHOP', [web])]

  test('is all of a pattern, or the part that is granted, each entry with its rules', () => {
    const grants = [allow('one', [web], publish('a.b')), allow('two', [web], publish('a.*.c'))]
    expect(only(ask({ accounts, grants }, 'publish', 'a.b'))).toMatchObject({ extent: 'all', entries: ['a.b'] })
    const { parts, extent } = only(ask({ accounts, grants }, 'publish', 'a.>'))
    expect(extent).toBe('part')
    expect(parts.map(({ entry, rules }) => [entry, rules.map(nameOrigin)])).toEqual([
      ['a.*.c', ['SubjectPolicy shop/two']],
      ['a.b', ['SubjectPolicy shop/one']],
    ])
  })

  test('names only rules that are in force', () => {
    const own = allow('own', [web], publish('a'))
    const grants = [own, { ...allow('far', [web], publish('a')), withinAccount: 'HR' }]
    const capped = { ...allow('capped', [web], publish('a')), needsCeiling: true as const }
    const { rules } = only(ask({ accounts, grants: [...grants, capped] }, 'publish', 'a'))
    expect(rules.map(nameOrigin)).toEqual(['SubjectPolicy shop/own'])
  })

  test('says what denies cut out', () => {
    const grants = [allow('all', [web], publish('a.>')), deny('not', [web], publish('a.b.>', 'z'))]
    expect(only(ask({ accounts, grants }, 'publish', 'a.>'))).toMatchObject({
      extent: 'part',
      entries: ['a.>'],
      without: ['a.b.>'],
    })
    expect(only(ask({ accounts, grants }, 'publish', 'a.c'))).toMatchObject({ extent: 'all', without: [] })
  })

  test('says when a subscription is for members of a queue group only', () => {
    const grants = [
      allow('jobs', [web], { verb: 'subscribe', patterns: [pattern('jobs')], queues: [pattern('workers')] }),
    ]
    expect(only(ask({ accounts, grants }, 'subscribe', 'jobs'))).toMatchObject({
      extent: 'part',
      entries: ['jobs workers'],
    })
    expect(only(ask({ accounts, grants }, 'subscribe', 'jobs', { queue: 'workers' })).extent).toBe('all')
    expect(names(ask({ accounts, grants }, 'subscribe', 'jobs', { queue: 'others' }))).toEqual([])
  })

  test('counts an own inbox, of each its own', () => {
    const grants = [allow('ask', [web, staff], { verb: 'request', patterns: [pattern('a')] })]
    const both = [account('SHOP', [web, staff])]
    const { holders } = ask({ accounts: both, grants }, 'subscribe', '>', { serviceAccounts: [] })
    const inbox = `_INBOX_${sha256Hex('spiffe://shop.example/ns/shop/sa/web').slice(0, 32)}`
    expect(holders.map(({ principal, entries, rules }) => [principal, entries, rules.map(({ kind }) => kind)])).toEqual(
      [
        ['spiffe://shop.example/ns/shop/sa/web', [`${inbox}.>`], ['own inbox of']],
        ['any end user in group staff', ['_INBOX_<own>.>'], ['own inbox of']],
      ],
    )
    const one = ask({ accounts: both, grants }, 'subscribe', `${inbox}.x`)
    expect(names(one)).toEqual(['spiffe://shop.example/ns/shop/sa/web'])
    expect(one.complete).toBe(true)
    const strange = ask({ accounts: both, grants }, 'subscribe', `_INBOX_${'0'.repeat(32)}.x`)
    expect([names(strange), codes(strange)]).toEqual([[], ['inbox-owner-unknown']])
  })
})

describe('what is not known for sure is a gap', () => {
  const issued: MatcherEntry = { issuer: ISSUER }
  const accounts = [account('STAFF', [issued])]
  const granted = allow('all', [issued], subscribe('a.*', 'b'))
  const interns: MatcherEntry = { group: 'interns' }

  test('nothing is, where no other rule can speak of a member', () => {
    const grants = [
      granted,
      deny('far', [interns], subscribe('c')),
      deny('apart', [{ issuer: 'https://b' }], subscribe('b')),
    ]
    expect(ask({ accounts, grants }, 'subscribe', 'b')).toMatchObject({ complete: true, gaps: [] })
  })

  test.for<[string, Partial<Model>, string]>([
    ['members-denied', { grants: [granted, deny('not', [interns], subscribe('b'))] }, 'SubjectPolicy shop/not'],
    ['members-capped', { grants: [granted], ceilings: [ceiling('low', [interns])] }, 'SubjectCeiling low'],
    [
      'members-elsewhere',
      { accounts: [...accounts, account('X', [interns])], grants: [granted] },
      'AccountMap accounts',
    ],
  ])('%s', ([code, model, rule]) => {
    const answer = ask({ accounts, ...model }, 'subscribe', 'b')
    expect(codes(answer)).toEqual([code])
    expect(answer.gaps[0]?.message).toContain(`any end user of issuer ${ISSUER} (${rule})`)
    expect(answer.complete).toBe(false)
  })

  test('members-excluded: a member of one rule whom another rule leaves out', () => {
    const guest = istio({ field: 'claim', path: ['role'], values: [{ is: 'exact', value: 'guest' }], not: true })
    const grants = [allow('some', [issued], subscribe('b.x')), allow('but', [guest], subscribe('b.y'))]
    const answer = ask({ accounts, grants }, 'subscribe', 'b.*')
    expect(codes(answer)).toEqual(['members-excluded'])
    // Of the rule alone, whoever it leaves out is not described.
    expect(ask({ accounts, grants: grants.slice(1) }, 'subscribe', 'b.*').complete).toBe(true)
  })

  test('nothing is, where a rule speaks only of members who are known: they have lines of their own', () => {
    const grants = [allow('ns', [shop], publish('a')), deny('not', [web], publish('a'))]
    const answer = ask({ accounts: [account('SHOP', [shop])], grants }, 'publish', 'a')
    expect(names(answer)).toEqual(['spiffe://shop.example/ns/shop/sa/known', 'any ServiceAccount of namespace shop'])
    expect(answer.complete).toBe(true)
  })

  test('principals-unsure: more ways to match than are looked at', () => {
    const values = Array.from({ length: 150 }, (_, i) => ({ is: 'prefix', value: `shop.example/ns/n${i}x` }) as const)
    const model: Partial<Model> = {
      accounts: [account('ALL', [{ trustDomain: 'shop.example' }])],
      grants: [allow('many', [istio({ field: 'principal', values, not: false })], publish('a'))],
    }
    expect(codes(ask(model, 'publish', 'a'))).toEqual(['principals-unsure'])
  })

  test('members-denied: without its request a member has no inbox', () => {
    const asking = allow('ask', [issued], { verb: 'request', patterns: [pattern('orders')] })
    const shared = [account('STAFF', [issued], { inbox: 'shared' })]
    const grants = [asking, deny('not', [interns], publish('orders'))]
    expect(codes(ask({ accounts: shared, grants }, 'subscribe', '_INBOX.>'))).toEqual(['members-denied'])
    expect(codes(ask({ accounts: shared, grants: [asking] }, 'subscribe', '_INBOX.>'))).toEqual([])
    // Everybody but staff is denied the request: staff keeps the inbox.
    const notAdmin = istio({ field: 'claim', path: ['role'], values: [{ is: 'exact', value: 'admin' }], not: true })
    const spared = ask(
      { accounts: shared, grants: [asking, deny('but', [notAdmin], publish('orders'))] },
      'subscribe',
      '_INBOX.>',
    )
    expect(names(spared)).toEqual([`any end user of issuer ${ISSUER} with claim role=admin`])
  })

  test('members-combine: the guard of a star would cut what a member holds besides', () => {
    const grants = [granted, allow('deep', [interns], subscribe('a.b.c'))]
    expect(codes(ask({ accounts, grants }, 'subscribe', 'a.x'))).toEqual(['members-combine'])
    expect(codes(ask({ accounts, grants }, 'subscribe', 'b'))).toEqual([])
  })

  test('members-given-less: what the lists cannot say for the group they may say for a member', () => {
    const grants = [granted, allow('deep', [issued], subscribe('a.b.c'))]
    const answer = ask({ accounts, grants }, 'subscribe', 'a.x')
    expect(names(answer)).toEqual([])
    expect(codes(answer)).toEqual(['members-given-less'])
  })

  test('service-accounts-unknown: whom a description of workloads means is not told without ServiceAccounts', () => {
    const model = { accounts: [account('SHOP', [shop])], grants: [allow('ns', [shop], publish('a'))] }
    expect(codes(ask(model, 'publish', 'a', { serviceAccounts: [] }))).toEqual(['service-accounts-unknown'])
    expect(codes(ask(model, 'publish', 'a'))).toEqual([])
  })

  test('those of roundabout ways are told with the others', () => {
    const way: Way = {
      kind: 'direct-get',
      principal: 'p',
      known: true,
      account: 'SHOP',
      subjectAccount: 'SHOP',
      uses: ['$JS.API.DIRECT.GET.ORDERS.a'],
      reaches: 'a',
      certain: true,
      explanation: 'it does',
      rules: [],
    }
    const gap = { code: 'topology-unknown', message: 'm', hint: 'h' }
    const whoCan = createWhoCan(snapshotOf({}), KNOWN, createDecide(sha256Hex), () => ({ ways: [way], gaps: [gap] }))
    expect(whoCan({ action: 'subscribe', pattern: pattern('a') })).toMatchObject({
      roundabout: [way],
      complete: false,
      gaps: [gap],
    })
  })
})

describe('hostile questions', () => {
  const many = Array.from({ length: 500 }, (_, i) =>
    allow(`p${i}`, [web], subscribe(`a.${i}.*.b.>`, `*.${i}.c`, '*.*.*.*.*.*.*.*')),
  )
  const whoCan = createWhoCan(
    snapshotOf({ accounts: [account('SHOP', [web])], grants: many }),
    KNOWN,
    createDecide(sha256Hex),
  )

  test.for([
    ['1,000 wildcards', Array.from({ length: 1000 }, () => '*').join('.')],
    ['64 KB', `a.${'b'.repeat(64 * 1024)}`],
    ['a control character', 'a.\u0007'],
    ['a line end', 'a\r\nb'],
    ['a terminal escape', 'a.\u001b[2J'],
    ['an invisible character', 'a.\u200bb'],
    ['nothing', ''],
  ])('%s is refused before it is asked', ([, text = '']) => {
    expect(parsePattern(text).ok).toBe(false)
  })

  test('the widest patterns that there are, are answered in bounded time', () => {
    const widest = [
      '>',
      Array.from({ length: 64 }, () => '*').join('.'),
      `${Array.from({ length: 63 }, () => '*').join('.')}.>`,
      `${'*.'.repeat(8)}${'x'.repeat(900)}`,
    ]
    for (const text of widest) {
      const asked: Pattern = pattern(text)
      const start = process.cpuUsage()
      whoCan({ action: 'subscribe', pattern: asked })
      const { user, system } = process.cpuUsage(start)
      expect((user + system) / 1e6).toBeLessThan(20)
    }
  })

  test('a question has one answer, however often it is asked, and however many groups there are', () => {
    const homes = Array.from({ length: 20 }, (_, i) =>
      account(`A${i}`, [{ issuer: `https://i${i}`, claims: { team: `${i}` } }]),
    )
    const groups = Array.from({ length: 30 }, (_, i) => allow(`g${i}`, [{ group: `g${i}` }], publish('s.*')))
    const denies = Array.from({ length: 10 }, (_, i) => deny(`d${i}`, [{ group: `d${i}` }], publish('s.x')))
    const asking = createWhoCan(
      snapshotOf({ accounts: homes, grants: [...groups, ...denies] }),
      [],
      createDecide(sha256Hex),
    )
    const question: WhoCanQuestion = { action: 'publish', pattern: pattern('s.x') }
    const first = asking(question)
    expect(first.holders).toHaveLength(600)
    expect(codes(first)).toEqual(['members-denied'])
    expect(asking(question)).toEqual(first)
  })

  test('names that read like code are names', () => {
    const evil: MatcherEntry = { group: '__proto__' }
    const claims: Record<string, string> = JSON.parse('{"__proto__": "x"}')
    const answer = ask(
      {
        accounts: [account('SHOP', [evil, { claims }])],
        grants: [allow('g', [evil], publish('a')), allow('c', [{ claims }], publish('a'))],
      },
      'publish',
      'a',
    )
    expect(names(answer)).toEqual(['any end user in group __proto__', 'any end user with claim __proto__=x'])
  })
})
