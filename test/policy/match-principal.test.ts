/** Which principals a matcher means: policy.md section 2. */
import { describe, expect, test } from 'vitest'
import { requestPrincipal, type Principal } from '../../src/identity/principal.ts'
import type { JsonObject } from '../../src/lib/json.ts'
import { matchesPrincipal } from '../../src/policy/match-principal.ts'
import type { MatcherEntry } from '../../src/policy/matcher.ts'
import { trustDomains, workload } from '../support/policy-arbitraries.ts'

const orders = workload('spiffe://shop.example/ns/shop/sa/orders')
const aliasOrders = workload('spiffe://old.shop.example/ns/shop/sa/orders')
const foreignOrders = workload('spiffe://other.example/ns/shop/sa/orders')
const taskRun = workload('spiffe://shop.example/ns/ci/taskrun/build')
const alice = endUser({})

function endUser(claims: JsonObject, groups: readonly string[] = []): Principal {
  return requestPrincipal({ issuer: 'https://login.example', subject: 'alice', claims }, groups)
}

function matches(entry: MatcherEntry, principal: Principal): boolean {
  return matchesPrincipal([entry], principal, trustDomains)
}

const cases: [string, MatcherEntry, Principal, boolean][] = [
  ['a ServiceAccount by name', { serviceAccount: { namespace: 'shop', name: 'orders' } }, orders, true],
  [
    'a ServiceAccount of the same name in another namespace',
    { serviceAccount: { namespace: 'tools', name: 'orders' } },
    orders,
    false,
  ],
  [
    'a ServiceAccount whose name only begins alike',
    { serviceAccount: { namespace: 'shop', name: 'order' } },
    orders,
    false,
  ],
  ['any ServiceAccount of a namespace', { serviceAccount: { namespace: 'shop', name: '*' } }, orders, true],
  ['a ServiceAccount name in any namespace', { serviceAccount: { namespace: '*', name: 'orders' } }, orders, true],
  ['any ServiceAccount, but no end user', { serviceAccount: { namespace: '*', name: '*' } }, alice, false],
  [
    'any ServiceAccount, but no workload of another shape',
    { serviceAccount: { namespace: '*', name: '*' } },
    taskRun,
    false,
  ],
  [
    'a ServiceAccount under an alias of the trust domain',
    { serviceAccount: { namespace: 'shop', name: 'orders' } },
    aliasOrders,
    true,
  ],
  [
    'the same ServiceAccount of another cluster',
    { serviceAccount: { namespace: 'shop', name: 'orders' } },
    foreignOrders,
    false,
  ],
  [
    'a ServiceAccount of a named trust domain',
    { serviceAccount: { namespace: 'shop', name: 'orders' }, trustDomain: 'other.example' },
    foreignOrders,
    true,
  ],
  [
    'a named trust domain without its aliases',
    { serviceAccount: { namespace: 'shop', name: 'orders' }, trustDomain: 'shop.example' },
    aliasOrders,
    false,
  ],
  ['a namespace', { namespace: 'shop' }, orders, true],
  ['another namespace', { namespace: 'tools' }, orders, false],
  ['a namespace of another cluster', { namespace: 'shop' }, foreignOrders, false],
  ['a namespace of a named trust domain', { namespace: 'shop', trustDomain: 'other.example' }, foreignOrders, true],
  ['a namespace spelled as a star, which is no wildcard here', { namespace: '*' }, orders, false],
  ['a trust domain', { trustDomain: 'other.example' }, foreignOrders, true],
  ['a trust domain, of which an end user has none', { trustDomain: 'shop.example' }, alice, false],
  ['a SPIFFE ID', { spiffeId: { exact: 'spiffe://shop.example/ns/ci/taskrun/build' } }, taskRun, true],
  ['a SPIFFE ID whose beginning it is', { spiffeId: { exact: 'spiffe://shop.example/ns/ci/taskrun' } }, taskRun, false],
  ['a SPIFFE ID by its first segments', { spiffeId: { prefix: 'spiffe://shop.example/ns/ci/' } }, taskRun, true],
  [
    'a SPIFFE ID by its first segments, however the prefix ends',
    { spiffeId: { prefix: 'spiffe://shop.example/ns/ci' } },
    taskRun,
    true,
  ],
  ['a SPIFFE ID by half a segment', { spiffeId: { prefix: 'spiffe://shop.example/ns/c' } }, taskRun, false],
  [
    'a SPIFFE ID by all of it, with nothing behind',
    { spiffeId: { prefix: 'spiffe://shop.example/ns/ci/taskrun/build/' } },
    taskRun,
    false,
  ],
  [
    'a SPIFFE ID by a prefix, which an end user has not',
    { spiffeId: { prefix: 'spiffe://shop.example/' } },
    alice,
    false,
  ],
  ['a request principal', { requestPrincipal: 'https://login.example/alice' }, alice, true],
  ['a request principal, which a workload has not', { requestPrincipal: '*' }, orders, false],
  ['an issuer', { issuer: 'https://login.example' }, alice, true],
  ['an issuer that is only the beginning', { issuer: 'https://login' }, alice, false],
  ['a group of a ServiceAccount', { group: 'system:serviceaccounts:shop' }, orders, true],
  ['a group of a ServiceAccount under an alias', { group: 'system:serviceaccounts:shop' }, aliasOrders, true],
  ['a group of a ServiceAccount of another cluster', { group: 'system:serviceaccounts:shop' }, foreignOrders, false],
  [
    'the group of all ServiceAccounts, but not of another cluster',
    { group: 'system:serviceaccounts' },
    foreignOrders,
    false,
  ],
  ['the group of all who are authenticated here', { group: 'system:authenticated' }, foreignOrders, false],
  [
    'a group of a ServiceAccount of a named trust domain',
    { group: 'system:serviceaccounts:shop', trustDomain: 'other.example' },
    foreignOrders,
    true,
  ],
  ['an end user by the group of all who are authenticated', { group: 'system:authenticated' }, alice, true],
  ['a group of an end user', { group: 'staff' }, endUser({}, ['staff']), true],
  ['a group that it is not in', { group: 'admins' }, endUser({}, ['staff']), false],
  ['whoever is authenticated: a workload', { authenticated: true }, taskRun, true],
  ['whoever is authenticated: an end user', { authenticated: true }, alice, true],
  ['two fields that both match', { namespace: 'shop', group: 'system:authenticated' }, orders, true],
  ['two fields of which one matches', { namespace: 'shop', group: 'admins' }, orders, false],
  [
    'a workload and a token where there is a workload alone',
    { namespace: 'shop', issuer: 'https://login.example' },
    orders,
    false,
  ],
]

describe('a matcher', () => {
  test.each(cases)('knows %s', (_title, entry, principal, expected) => {
    expect(matches(entry, principal)).toBe(expected)
  })

  test('matches when one of its entries does', () => {
    const either = [{ namespace: 'tools' }, { issuer: 'https://login.example' }]
    expect([orders, alice].map((principal) => matchesPrincipal(either, principal, trustDomains))).toEqual([false, true])
  })

  test('matches nobody when it is empty, or has an entry without fields', () => {
    expect(matchesPrincipal([], orders, trustDomains)).toBe(false)
    expect(matchesPrincipal([{}], orders, trustDomains)).toBe(false)
  })
})

const inherited: JsonObject = Object.create({ role: 'admin' })

describe('a claim', () => {
  test.each<[string, Record<string, string>, JsonObject, boolean]>([
    ['equal to the value', { role: 'admin' }, { role: 'admin' }, true],
    ['different in case', { role: 'admin' }, { role: 'Admin' }, false],
    ['that is a list with the value', { roles: 'admin' }, { roles: ['viewer', 'admin'] }, true],
    ['that is a list without it', { roles: 'admin' }, { roles: ['viewer'] }, false],
    ['that is an empty list', { roles: 'admin' }, { roles: [] }, false],
    ['that is missing', { role: 'admin' }, {}, false],
    ['inside an object', { 'realm_access.roles': 'admin' }, { realm_access: { roles: ['admin'] } }, true],
    [
      'whose name has dots',
      { 'https://shop.example/roles': 'admin' },
      { 'https://shop.example/roles': ['admin'] },
      true,
    ],
    [
      'inside an object whose name has dots',
      { 'kubernetes.io.namespace': 'shop' },
      { 'kubernetes.io': { namespace: 'shop' } },
      true,
    ],
    ['inside a list of objects', { 'roles.name': 'admin' }, { roles: [{ name: 'admin' }] }, false],
    ['addressed by its place in a list', { 'roles.0': 'admin' }, { roles: ['admin'] }, false],
    ['that is a list in a list', { roles: 'admin' }, { roles: [['admin']] }, false],
    ['that is a number', { level: '3' }, { level: 3 }, false],
    ['that is a boolean', { verified: 'true' }, { verified: true }, false],
    ['that is null', { role: 'null' }, { role: null }, false],
    ['that is an object', { role: 'admin' }, { role: { name: 'admin' } }, false],
    ['that every object inherits', { 'constructor.name': 'Object' }, {}, false],
    ['that it only inherits', { role: 'admin' }, inherited, false],
    ['that every text has', { 'role.length': '5' }, { role: 'admin' }, false],
    ['beside another that does not match', { role: 'admin', team: 'b' }, { role: 'admin', team: 'a' }, false],
    ['beside another that matches too', { role: 'admin', team: 'a' }, { role: 'admin', team: 'a' }, true],
  ])('%s: %j in %j is %s', (_title, claims, own, expected) => {
    expect(matches({ claims }, endUser(own))).toBe(expected)
  })
})
