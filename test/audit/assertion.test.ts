import { describe, expect, test } from 'vitest'
import { checkAssertion, type Expectation, type Finding } from '../../src/audit/assertion.ts'
import { coverageOf } from '../../src/audit/coverage.ts'
import type { Group } from '../../src/audit/extent.ts'
import { createDecide } from '../../src/policy/decide.ts'
import type { AccountRule, CeilingRule, GrantRule, Model } from '../../src/policy/model.ts'
import { nameOrigin } from '../../src/policy/origin.ts'
import { pattern, ruleOf, sha256Hex, snapshotOf, workload } from '../support/policy-arbitraries.ts'

const orders = workload('spiffe://shop.example/ns/shop/sa/orders')
const stranger = workload('spiffe://shop.example/ns/hr/sa/crawler')

const accounts: readonly AccountRule[] = [
  {
    account: 'SHOP',
    principals: [{ namespace: 'shop' }],
    inbox: 'private',
    origin: { kind: 'AccountMap', name: 'accounts', rule: 0 },
  },
]

const ceiling: CeilingRule = {
  principals: [{ namespace: 'shop' }],
  publish: [pattern('shop.>')],
  subscribe: [pattern('shop.>')],
  origin: { kind: 'SubjectCeiling', name: 'shop' },
}

const subscribing = (name: string, ...texts: string[]): GrantRule =>
  ruleOf('allow', { verb: 'subscribe', patterns: texts.map(pattern) }, name)

const working = ruleOf(
  'allow',
  { verb: 'subscribe', patterns: [pattern('shop.jobs')], queues: [pattern('workers')] },
  'work',
)

function check(model: Partial<Model>, expectation: Expectation, principal = orders): Finding {
  const snapshot = snapshotOf({ accounts, ...model })
  return checkAssertion(snapshot, createDecide(sha256Hex)(snapshot, principal), principal, expectation)
}

function can(action: 'publish' | 'subscribe', text: string, group?: Group): Expectation {
  return { is: 'action', can: true, action, subject: pattern(text), ...(group === undefined ? {} : { group }) }
}

function cannot(action: 'publish' | 'subscribe', text: string, group?: Group): Expectation {
  return { is: 'action', can: false, action, subject: pattern(text), ...(group === undefined ? {} : { group }) }
}

function names({ deciding }: Finding): string[] {
  return deciding.map(nameOrigin)
}

describe('a subject that is held in part', () => {
  const grants = [
    subscribing('some', 'shop.a', 'shop.b'),
    ruleOf('deny', { verb: 'subscribe', patterns: [pattern('shop.b')] }, 'not'),
  ]

  test('breaks what says can, and what says cannot, and both say which part', () => {
    for (const expectation of [can('subscribe', 'shop.>'), cannot('subscribe', 'shop.>')]) {
      expect(check({ grants }, expectation)).toMatchObject({
        passed: false,
        extent: 'part',
        found: 'a part of it: shop.a',
      })
    }
  })

  test('names the rules of the part, although none covers the whole', () => {
    expect(names(check({ grants }, can('subscribe', 'shop.>')))).toEqual([
      'AccountMap accounts[0]',
      'SubjectPolicy shop/not',
      'SubjectPolicy shop/some',
    ])
  })

  test('says what a deny keeps back', () => {
    const cut = [
      subscribing('all', 'shop.>'),
      ruleOf('deny', { verb: 'subscribe', patterns: [pattern('shop.b.>')] }, 'not'),
    ]
    expect(check({ grants: cut }, can('subscribe', 'shop.>')).found).toBe('a part of it: shop.>, without shop.b.>')
  })
})

describe('a subscription that only members of a queue group may have', () => {
  const grants = [working]

  test('is none for who asks for it alone, and a way in for who asks whether there is one', () => {
    expect(check({ grants }, can('subscribe', 'shop.jobs')).passed).toBe(false)
    expect(check({ grants }, cannot('subscribe', 'shop.jobs'))).toMatchObject({
      passed: false,
      found: 'only as a member of queue group workers',
    })
    expect(check({ grants }, cannot('subscribe', 'shop.jobs', false)).passed).toBe(true)
  })

  test('is held in that group, and in no other', () => {
    expect(check({ grants }, can('subscribe', 'shop.jobs', pattern('workers'))).passed).toBe(true)
    expect(check({ grants }, cannot('subscribe', 'shop.jobs', pattern('others'))).passed).toBe(true)
  })
})

describe('what is asserted of a login', () => {
  test('holds for the account, and for nobody who is refused', () => {
    expect(check({}, { is: 'account', account: 'SHOP' })).toMatchObject({ passed: true, found: 'account SHOP' })
    expect(check({}, { is: 'account', account: 'HR' })).toMatchObject({ passed: false, found: 'account SHOP' })
    expect(check({}, { is: 'account', account: 'SHOP' }, stranger).passed).toBe(false)
    expect(check({}, { is: 'login', can: true }).passed).toBe(true)
    expect(check({}, { is: 'login', can: false }).passed).toBe(false)
    expect(check({}, { is: 'login', can: false }, stranger)).toMatchObject({ passed: true, refusal: 'ACCOUNT_NONE' })
  })

  test('tells one refusal from another', () => {
    const expectation: Expectation = { is: 'refusal', code: 'ACCOUNT_CONFLICT' }
    const [first] = accounts
    const second: AccountRule = { ...first!, account: 'HR', origin: { kind: 'AccountMap', name: 'accounts', rule: 1 } }
    expect(check({}, expectation, stranger).passed).toBe(false)
    const conflict = check({ accounts: [first!, second] }, expectation)
    expect(conflict.passed).toBe(true)
    expect(names(conflict)).toEqual(['AccountMap accounts[0]', 'AccountMap accounts[1]'])
  })

  test('who is refused can do nothing', () => {
    const grants = [subscribing('all', '>')]
    expect(check({ grants }, can('subscribe', 'a'), stranger)).toMatchObject({ passed: false, refusal: 'ACCOUNT_NONE' })
    expect(check({ grants }, cannot('subscribe', 'a'), stranger)).toMatchObject({ passed: true, extent: 'none' })
  })
})

describe('the rules that decided', () => {
  const deny = ruleOf('deny', { verb: 'subscribe', patterns: [pattern('shop.>')] }, 'not')
  const grants = [subscribing('all', 'shop.>'), subscribing('far', 'far.>')]

  test('are the grants when all is held', () => {
    expect(names(check({ grants }, can('subscribe', 'shop.a')))).toEqual([
      'AccountMap accounts[0]',
      'SubjectPolicy shop/all',
    ])
  })

  test('are the denies when one stands against it, and not the grants that it beats', () => {
    expect(names(check({ grants: [...grants, deny] }, cannot('subscribe', 'shop.a')))).toEqual([
      'AccountMap accounts[0]',
      'SubjectPolicy shop/not',
    ])
  })

  test('are the grants that leave the subject out, when nothing else gives it', () => {
    const around = ruleOf(
      'allow',
      { verb: 'subscribe', patterns: [pattern('shop.>')], except: [pattern('shop.a')] },
      'around',
    )
    expect(names(check({ grants: [around] }, cannot('subscribe', 'shop.a')))).toEqual([
      'AccountMap accounts[0]',
      'SubjectPolicy shop/around',
    ])
  })

  test('are the ceilings when they take a grant away, and not when nothing was granted', () => {
    const ceilings = [ceiling]
    expect(names(check({ grants, ceilings }, cannot('subscribe', 'far.a')))).toEqual([
      'AccountMap accounts[0]',
      'SubjectCeiling shop',
    ])
    expect(names(check({ grants, ceilings }, cannot('subscribe', 'near.a')))).toEqual(['AccountMap accounts[0]'])
  })
})

describe('coverage', () => {
  const snapshot = snapshotOf({
    accounts,
    grants: [subscribing('one', 'a'), subscribing('two', 'b'), working],
    ceilings: [ceiling],
  })

  test('counts each rule once, and tells those that no assertion is behind', () => {
    const deciding = [...accounts, working, working].map(({ origin }) => origin)
    const coverage = coverageOf(snapshot, deciding)
    expect(coverage).toMatchObject({ exercised: 2, total: 5, percent: 40 })
    expect(coverage.rules.filter(({ exercised }) => !exercised).map(({ origin }) => nameOrigin(origin))).toEqual([
      'SubjectCeiling shop',
      'SubjectPolicy shop/one',
      'SubjectPolicy shop/two',
    ])
  })

  test('of a policy without rules is whole', () => {
    expect(coverageOf(snapshotOf({}), [])).toEqual({ rules: [], exercised: 0, total: 0, percent: 100 })
  })
})
