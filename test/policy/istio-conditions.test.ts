/** Rules that speak of callers in Istio's terms: found by the index exactly when they hold, and unknown counts for a deny alone. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { requestPrincipal, type Principal } from '../../src/identity/principal.ts'
import {
  callerAttributesOf,
  callerTruth,
  compilePolicies,
  DEFAULT_MESH,
  parseAuthorizationPolicy,
  type CallerTerm,
} from '../../src/istio/index.ts'
import type { Json } from '../../src/lib/json.ts'
import { matchesPrincipal } from '../../src/policy/match-principal.ts'
import { MatcherIndex } from '../../src/policy/matcher-index.ts'
import { trustDomains, workload } from '../support/policy-arbitraries.ts'

const principals: readonly Principal[] = [
  workload('spiffe://cluster.local/ns/shop/sa/web'),
  workload('spiffe://cluster.local/ns/shop/sa/admin'),
  workload('spiffe://cluster.local/ns/tools/sa/web'),
  workload('spiffe://other/ns/shop/sa/web'),
  workload('spiffe://cluster.local/ns/shop/x/sa/web/y'),
  workload('spiffe://cluster.local/x/ns/shop/ns/tools/sa/a/sa/web'),
  workload('spiffe://ns/shop/a'),
  workload('spiffe://cluster.local/ns/shop'),
  requestPrincipal({ issuer: 'https://idp.example', subject: 'alice', claims: { role: 'admin' } }, ['staff']),
  requestPrincipal({ issuer: 'issuer-a/svc', subject: 'orders', claims: {} }, []),
]

const values = {
  principals: [
    'cluster.local/ns/shop/sa/web',
    'other/ns/shop/sa/web',
    '*',
    '*/web',
    'cluster.local/ns/shop/*',
    'cluster.local/ns/shop/x/sa/web/y',
  ],
  namespaces: ['shop', 'tools', '*', 'sh*', 's*p'],
  serviceAccounts: ['shop/web', 'web', 'tools/a', 'tools/web'],
  requestPrincipals: ['*', 'https://idp.example/alice', 'https://idp.example/*', '*/alice', 'issuer-a/svc/orders'],
} as const

const source = fc
  .tuple(
    fc.constantFrom('principals', 'namespaces', 'serviceAccounts', 'requestPrincipals'),
    fc.boolean(),
    fc.boolean(),
  )
  .chain(([field, not, both]) => {
    const name = not ? `not${field.charAt(0).toUpperCase()}${field.slice(1)}` : field
    const list = fc.uniqueArray(fc.constantFrom<string[]>(...values[field]), { minLength: 1, maxLength: 3 })
    const more = both && field === 'requestPrincipals' ? fc.constant({ namespaces: ['shop'] }) : fc.constant({})
    return fc.tuple(list, more).map(([chosen, other]): Json => ({ [name]: chosen, ...other }))
  })

const header: Json = { key: 'request.headers[x-a]', values: ['b'] }

const conditions = fc.tuple(source, fc.boolean()).map(([from, asksForHeader]): readonly (readonly CallerTerm[])[] => {
  const { policy, mistakes } = parseAuthorizationPolicy({
    metadata: { name: 'p', namespace: 'shop' },
    spec: { rules: [{ from: [{ source: from }], ...(asksForHeader ? { when: [header] } : {}) }] },
  })
  if (policy === undefined) throw new Error(JSON.stringify(mistakes))
  const { enforced } = compilePolicies([policy], { mesh: DEFAULT_MESH, transport: 'http' })
  return enforced.allow.flatMap(({ callers }) => callers)
})

test('the index finds a rule exactly when one of its alternatives holds, or may hold for a deny', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(conditions, fc.boolean()), { minLength: 1, maxLength: 5 }), (drawn) => {
      const rules = drawn.map(([alternatives, whenUnknown]) => ({
        principals: alternatives.map((terms) => ({ istio: { terms, whenUnknown } })),
        alternatives,
        whenUnknown,
      }))
      const index = new MatcherIndex(rules, trustDomains)
      for (const principal of principals) {
        const caller = callerAttributesOf(principal)
        const expected = rules.filter(({ alternatives, whenUnknown }) =>
          alternatives.some((terms) => callerTruth(terms, caller) ?? whenUnknown),
        )
        expect(index.matching(principal)).toEqual(expected)
        expect(rules.filter((rule) => matchesPrincipal(rule.principals, principal, trustDomains))).toEqual(expected)
      }
    }),
    { numRuns: 500 },
  )
})

test('what is not known never allows and always denies', () => {
  const terms: readonly CallerTerm[] = [
    { field: 'header', name: 'x-a', values: [{ is: 'exact', value: 'b' }], not: false },
  ]
  const principal = workload('spiffe://cluster.local/ns/shop/sa/web')
  expect(matchesPrincipal([{ istio: { terms, whenUnknown: false } }], principal, trustDomains)).toBe(false)
  expect(matchesPrincipal([{ istio: { terms, whenUnknown: true } }], principal, trustDomains)).toBe(true)
})
