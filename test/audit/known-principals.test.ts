import fc from 'fast-check'
import { expect, test } from 'vitest'
import { knownPrincipals } from '../../src/audit/known-principals.ts'
import { matchesEntry } from '../../src/policy/match-principal.ts'
import type { Matcher, MatcherEntry } from '../../src/policy/matcher.ts'
import type { AccountRule, CeilingRule, LimitRule, Model } from '../../src/policy/model.ts'
import { spellMatcherEntry } from '../../src/policy/spell-matcher.ts'
import {
  anyMatcherEntry,
  anyModel,
  anyPrincipal,
  pattern,
  ruleOf,
  snapshotOf,
  trustDomains,
} from '../support/policy-arbitraries.ts'

function account(name: string, principals: Matcher): AccountRule {
  return { account: 'SHOP', principals, inbox: 'private', origin: { kind: 'AccountMap', name } }
}

function ceiling(name: string, principals: Matcher): CeilingRule {
  return { principals, publish: [], subscribe: [], origin: { kind: 'SubjectCeiling', name } }
}

function limit(name: string, principals: Matcher): LimitRule {
  return { principals, limits: {}, origin: { kind: 'SubjectPolicy', namespace: 'shop', name } }
}

function known(model: Partial<Model>): { principals: string[]; patterns: string[] } {
  const { principals, patterns } = knownPrincipals(snapshotOf(model))
  return {
    principals: principals.map(({ name }) => name),
    patterns: patterns.map(({ description, rules }) => `${description}: ${rules.map(({ name }) => name).join(' ')}`),
  }
}

test('whoever a rule of any kind names is known, each once and sorted', () => {
  const grant = ruleOf('allow', { verb: 'publish', patterns: [pattern('a')] })
  const found = known({
    accounts: [account('a', [{ serviceAccount: { namespace: 'shop', name: 'web' } }])],
    grants: [
      { ...grant, principals: [{ serviceAccount: { namespace: 'shop', name: 'orders' } }] },
      { ...grant, principals: [{ spiffeId: { exact: 'spiffe://shop.example/ns/shop/sa/orders' } }] },
      { ...grant, principals: [{ spiffeId: { exact: 'spiffe://other.example/build/7' } }] },
    ],
    limits: [limit('l', [{ requestPrincipal: 'https://login.example/realms/a/anna' }])],
    ceilings: [ceiling('c', [{ serviceAccount: { namespace: 'shop', name: 'web' }, trustDomain: 'other.example' }])],
  })
  expect(found).toEqual({
    principals: [
      'https://login.example/realms/a/anna',
      'spiffe://other.example/build/7',
      'spiffe://other.example/ns/shop/sa/web',
      'spiffe://shop.example/ns/shop/sa/orders',
      'spiffe://shop.example/ns/shop/sa/web',
    ],
    patterns: [],
  })
})

test('a principal that is only described is not made up: the description names the rules that give it', () => {
  const shop = { namespace: 'shop' }
  const found = known({
    accounts: [account('second', [shop, { group: 'staff' }]), account('first', [shop])],
    ceilings: [
      ceiling('stars', [
        { serviceAccount: { namespace: 'shop', name: '*' } },
        { serviceAccount: { namespace: '*', name: 'web' } },
        { spiffeId: { prefix: 'spiffe://shop.example/ns/shop/' } },
        { requestPrincipal: 'https://login.example/*' },
        { issuer: 'https://login.example', claims: { role: 'admin' } },
        { authenticated: true },
      ]),
    ],
  })
  expect(found).toEqual({
    principals: [],
    patterns: [
      'authenticated: stars',
      'group staff: second',
      'issuer https://login.example, claim role=admin: stars',
      'namespace shop: first second',
      'requestPrincipal https://login.example/*: stars',
      'serviceAccount */web: stars',
      'serviceAccount shop/*: stars',
      'spiffeId spiffe://shop.example/ns/shop/*: stars',
    ],
  })
})

test('a name that comes with a condition is known, and the condition is told', () => {
  const anna = 'https://login.example/anna'
  const found = known({ accounts: [account('a', [{ requestPrincipal: anna, claims: { role: 'admin' } }])] })
  expect(found).toEqual({ principals: [anna], patterns: [`requestPrincipal ${anna}, claim role=admin: a`] })
})

test('whoever an AuthorizationPolicy names is known, also who is left out, but for the spellings that aliases add', () => {
  const exact = (value: string) => ({ is: 'exact' as const, value })
  const entry: MatcherEntry = {
    istio: {
      whenUnknown: false,
      terms: [
        {
          field: 'principal',
          values: [exact('shop.example/ns/shop/sa/web'), exact('old.shop.example/ns/shop/sa/web'), { is: 'presence' }],
          not: false,
        },
        { field: 'principal', values: [exact('shop.example/ns/hr/sa/crawler')], not: true },
        { field: 'serviceAccount', values: [{ namespace: 'shop', name: 'orders' }], not: false },
        {
          field: 'requestPrincipal',
          values: [
            { issuer: exact('https://login.example'), subject: exact('anna') },
            { issuer: exact('https://login.example'), subject: { is: 'presence' } },
          ],
          not: false,
        },
      ],
    },
  }
  expect(known({ accounts: [account('a', [entry])] }).principals).toEqual([
    'https://login.example/anna',
    'spiffe://shop.example/ns/hr/sa/crawler',
    'spiffe://shop.example/ns/shop/sa/orders',
    'spiffe://shop.example/ns/shop/sa/web',
  ])
  const web: MatcherEntry = {
    istio: {
      whenUnknown: false,
      terms: [{ field: 'principal', values: [exact('shop.example/ns/shop/sa/web')], not: false }],
    },
  }
  expect(known({ accounts: [account('a', [web])] })).toEqual({
    principals: ['spiffe://shop.example/ns/shop/sa/web'],
    patterns: [],
  })
})

/** A ServiceAccount means every alias of the trust domain; it is named once, in the local one. */
function isNamed(name: string, names: ReadonlySet<string>): boolean {
  return names.has(name) || names.has(name.replace('//old.shop.example/', '//shop.example/'))
}

test('whomever an entry matches is named, or the entry is described', () => {
  const anyMatchers = fc.array(fc.array(anyMatcherEntry, { minLength: 1, maxLength: 2 }), {
    minLength: 6,
    maxLength: 6,
  })
  fc.assert(
    fc.property(anyModel, anyMatchers, anyPrincipal, (model, matchers, principal) => {
      const grants = model.grants.map((rule, i) => ({ ...rule, principals: matchers[i % 6] ?? [] }))
      const { principals, patterns } = knownPrincipals(snapshotOf({ ...model, grants }))
      const names = new Set(principals.map(({ name }) => name))
      const described = new Set(patterns.map(({ description }) => description))
      const overlooked = grants
        .flatMap((rule) => rule.principals)
        .filter((entry) => matchesEntry(entry, principal, trustDomains))
        .filter((entry) => !isNamed(principal.name, names) && !described.has(spellMatcherEntry(entry)))
      expect(overlooked).toEqual([])
    }),
  )
})
