import { describe, expect, test } from 'vitest'
import { reviewAccount, type Review } from '../../src/audit/review.ts'
import { createWhoCan } from '../../src/audit/who-can.ts'
import type { ServiceAccountRef } from '../../src/identity/spiffe-id.ts'
import { createDecide } from '../../src/policy/decide.ts'
import type { Matcher, MatcherEntry } from '../../src/policy/matcher.ts'
import type { AccountRule, Grant, GrantRule, Model } from '../../src/policy/model.ts'
import { nameOrigin } from '../../src/policy/origin.ts'
import { pattern, sha256Hex, snapshotOf } from '../support/policy-arbitraries.ts'

const shop: MatcherEntry = { namespace: 'shop', trustDomain: 'shop.example' }
const staff: MatcherEntry = { group: 'staff' }

function sa(name: string): MatcherEntry {
  return { serviceAccount: { namespace: 'shop', name }, trustDomain: 'shop.example' }
}

function account(name: string, principals: Matcher): AccountRule {
  return { account: name, principals, inbox: 'private', origin: { kind: 'AccountMap', name } }
}

function rule(effect: 'allow' | 'deny', name: string, principals: Matcher, grant: Grant): GrantRule {
  return { effect, principals, grant, origin: { kind: 'SubjectPolicy', namespace: 'shop', name } }
}

function publish(...texts: string[]): Grant {
  return { verb: 'publish', patterns: texts.map(pattern) }
}

const model: Partial<Model> = {
  accounts: [account('SHOP', [shop, staff]), account('HR', [{ namespace: 'hr' }, sa('both')])],
  grants: [
    rule('allow', 'all', [sa('admin'), staff], publish('>')),
    rule('deny', 'not', [sa('admin')], publish('secret.>')),
    rule('allow', 'web', [sa('web'), sa('both')], { verb: 'request', patterns: [pattern('orders.*')] }),
    rule('deny', 'far', [{ namespace: 'hr' }], publish('b')),
    rule('allow', 'hr', [{ serviceAccount: { namespace: 'hr', name: 'boss' } }], publish('hr.>')),
  ],
}

const KNOWN: readonly ServiceAccountRef[] = [{ namespace: 'shop', name: 'idle' }]
const decide = createDecide(sha256Hex)

function review(accountName: string, more: Partial<Model> = {}): Review {
  return reviewAccount(snapshotOf({ ...model, ...more }), KNOWN, decide, accountName)
}

describe('the review of an account', () => {
  test('has everybody who lives there, by name and by description, also who may do nothing', () => {
    expect(review('SHOP').members.map(({ principal, known }) => [principal, known])).toEqual([
      ['spiffe://shop.example/ns/shop/sa/admin', true],
      ['spiffe://shop.example/ns/shop/sa/idle', true],
      ['spiffe://shop.example/ns/shop/sa/web', true],
      ['any ServiceAccount of namespace shop of trust domain shop.example', false],
      ['any end user in group staff', false],
    ])
    expect(review('NONE')).toMatchObject({ members: [], refused: [], denies: [], summary: { principals: 0 } })
  })

  test('tells who would live there and is refused', () => {
    expect(review('SHOP').refused).toMatchObject([
      { principal: 'spiffe://shop.example/ns/shop/sa/both', known: true, code: 'ACCOUNT_CONFLICT' },
    ])
  })

  test('has the entries of each user JWT with the rules behind them', () => {
    const [admin, , web] = review('SHOP').members
    expect(
      admin?.entries.map(({ action, effect, entry, rules }) => [action, effect, entry, rules.map(nameOrigin)]),
    ).toEqual([
      ['publish', 'allow', '>', ['SubjectPolicy shop/all']],
      ['publish', 'deny', 'secret.>', ['SubjectPolicy shop/not']],
      ['subscribe', 'deny', '>', []],
    ])
    expect(admin?.accountRules.map(nameOrigin)).toEqual(['AccountMap SHOP'])
    expect(web?.entries.map(({ entry }) => entry)).toEqual([
      'orders.*',
      expect.stringMatching(/^_INBOX_[0-9a-f]{32}\.>$/),
    ])
  })

  test('sums up', () => {
    const { summary, denies } = review('SHOP')
    expect(summary).toEqual({
      principals: 3,
      patterns: 2,
      idle: 2,
      refused: 1,
      wildcards: 3,
      publishEverything: [
        { principal: 'spiffe://shop.example/ns/shop/sa/admin', without: ['secret.>'] },
        { principal: 'any end user in group staff', without: [] },
      ],
      subscribeEverything: [],
      denies: 1,
    })
    expect(denies.map(nameOrigin)).toEqual(['SubjectPolicy shop/not'])
  })

  test('says what it does not know, and only of this account', () => {
    expect(review('SHOP')).toMatchObject({ complete: true, gaps: [] })
    const interns = rule('deny', 'interns', [{ group: 'interns' }], publish('a'))
    const grants = [...(model.grants ?? []), interns]
    expect(review('SHOP', { grants }).gaps.map(({ code }) => code)).toEqual(['members-denied'])
    expect(review('HR', { grants }).gaps).toEqual([])
  })

  test('tells a principal once under all its names', () => {
    const anywhere: MatcherEntry = { serviceAccount: { namespace: 'hr', name: 'boss' } }
    const { members } = review('HR')
    expect(members.map(({ principal, alsoAs }) => [principal, alsoAs])).toEqual([
      ['spiffe://shop.example/ns/hr/sa/boss', ['spiffe://old.shop.example/ns/hr/sa/boss']],
      ['any ServiceAccount of namespace hr', ['any ServiceAccount of namespace hr of trust domain old.shop.example']],
    ])
    const local = rule('allow', 'more', [{ ...anywhere, trustDomain: 'shop.example' }], publish('more'))
    const apart = review('HR', { grants: [...(model.grants ?? []), local] })
    expect(apart.members.filter(({ known }) => known).map(({ principal }) => principal)).toEqual([
      'spiffe://old.shop.example/ns/hr/sa/boss',
      'spiffe://shop.example/ns/hr/sa/boss',
    ])
  })

  test('agrees with who-can: whoever it says publishes something is a holder of everything', () => {
    const snapshot = snapshotOf(model)
    const { holders } = createWhoCan(snapshot, KNOWN, decide)({ action: 'publish', pattern: pattern('>') })
    const publishing = ['SHOP', 'HR'].flatMap((name) =>
      reviewAccount(snapshot, KNOWN, decide, name)
        .members.filter(({ entries }) =>
          entries.some(({ action, effect }) => action === 'publish' && effect === 'allow'),
        )
        .map(({ principal }) => principal),
    )
    expect(holders.map(({ principal }) => principal).toSorted()).toEqual(publishing.toSorted())
  })

  test('does not depend on the order of documents', () => {
    const { accounts = [], grants = [] } = model
    const turned = { accounts: accounts.toReversed(), grants: grants.toReversed() }
    expect(JSON.stringify(review('SHOP', turned))).toBe(JSON.stringify(review('SHOP')))
  })
})
