/** What lint believes of two matchers, held against every principal of a small world. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { coversEntry, isEverybody, neverMeet } from '../../src/lint/principals.ts'
import { matchesEntry } from '../../src/policy/match-principal.ts'
import type { MatcherEntry } from '../../src/policy/matcher.ts'
import { anyMatcherEntry, anyPrincipal, trustDomains } from '../support/policy-arbitraries.ts'

const RUNS = { numRuns: 10_000 }

describe('two matchers', () => {
  test('whoever matches the narrow one matches the one that covers it', () => {
    let covered = 0
    fc.assert(
      fc.property(anyMatcherEntry, anyMatcherEntry, anyPrincipal, (wide, narrow, principal) => {
        if (!coversEntry(wide, narrow, trustDomains)) return
        covered += 1
        if (matchesEntry(narrow, principal, trustDomains))
          expect(matchesEntry(wide, principal, trustDomains)).toBe(true)
      }),
      RUNS,
    )
    expect(covered).toBeGreaterThan(100)
  })

  test('nobody matches two that never meet', () => {
    let apart = 0
    fc.assert(
      fc.property(anyMatcherEntry, anyMatcherEntry, anyPrincipal, (a, b, principal) => {
        if (!neverMeet(a, b, trustDomains)) return
        apart += 1
        expect(matchesEntry(a, principal, trustDomains) && matchesEntry(b, principal, trustDomains)).toBe(false)
      }),
      RUNS,
    )
    expect(apart).toBeGreaterThan(100)
  })

  test('an entry covers itself, and meets itself', () => {
    fc.assert(
      fc.property(anyMatcherEntry, (entry) => {
        expect(coversEntry(entry, entry, trustDomains)).toBe(true)
        expect(neverMeet(entry, entry, trustDomains)).toBe(false)
      }),
    )
  })

  test.for<[MatcherEntry, MatcherEntry]>([
    [{ namespace: 'shop' }, { serviceAccount: { namespace: 'shop', name: 'orders' } }],
    [{ serviceAccount: { namespace: '*', name: 'orders' } }, { serviceAccount: { namespace: 'shop', name: 'orders' } }],
    [{ group: 'system:serviceaccounts:shop' }, { serviceAccount: { namespace: 'shop', name: 'orders' } }],
    [{ group: 'system:authenticated' }, { namespace: 'shop' }],
    [{ group: 'system:authenticated' }, { issuer: 'https://login.example' }],
    [{ group: 'system:serviceaccounts' }, { namespace: 'shop' }],
    [{ authenticated: true }, { issuer: 'https://login.example' }],
    [{ issuer: 'https://login.example' }, { requestPrincipal: 'https://login.example/alice' }],
    [{ spiffeId: { prefix: 'spiffe://other.example/' } }, { spiffeId: { prefix: 'spiffe://other.example/ns/shop/' } }],
    [{ claims: { role: 'admin' } }, { claims: { role: 'admin', team: 'shop' } }],
  ])('%j covers %j', ([wide, narrow]) => {
    expect(coversEntry(wide, narrow, trustDomains)).toBe(true)
    expect(coversEntry(narrow, wide, trustDomains)).toBe(false)
  })

  test('the group of the ServiceAccounts of a namespace is the namespace, in the same trust domain', () => {
    const group = { group: 'system:serviceaccounts:shop' }
    const namespace = { namespace: 'shop' }
    const foreign = { ...namespace, trustDomain: 'other.example' }
    expect(coversEntry(namespace, group, trustDomains)).toBe(true)
    expect(coversEntry(group, namespace, trustDomains)).toBe(true)
    expect(coversEntry(group, foreign, trustDomains)).toBe(false)
    expect(coversEntry({ group: 'system:authenticated' }, foreign, trustDomains)).toBe(false)
    expect(coversEntry({ ...group, trustDomain: 'other.example' }, foreign, trustDomains)).toBe(true)
    expect(neverMeet(group, foreign, trustDomains)).toBe(true)
  })

  test.for<[MatcherEntry, MatcherEntry]>([
    [{ namespace: 'shop' }, { namespace: 'tools' }],
    [{ namespace: 'shop' }, { group: 'staff' }],
    [{ namespace: 'shop' }, { namespace: 'shop', trustDomain: 'other.example' }],
    [{ issuer: 'https://a.example' }, { requestPrincipal: 'https://b.example/alice' }],
    [{ spiffeId: { exact: 'spiffe://shop.example/ns/shop/sa/a' } }, { serviceAccount: { namespace: '*', name: 'b' } }],
  ])('%j and %j never meet', ([a, b]) => {
    expect(neverMeet(a, b, trustDomains)).toBe(true)
  })

  test('only a matcher that asks for nothing but an identity is everybody', () => {
    const everybody: MatcherEntry[] = [
      { authenticated: true },
      { serviceAccount: { namespace: '*', name: '*' } },
      { group: 'system:authenticated' },
      { requestPrincipal: '*' },
      { spiffeId: { prefix: 'spiffe://shop.example/ns/' } },
    ]
    const some: MatcherEntry[] = [
      { serviceAccount: { namespace: '*', name: 'orders' } },
      { namespace: 'shop' },
      { group: 'staff' },
      { spiffeId: { prefix: 'spiffe://shop.example/ns/shop/' } },
      { authenticated: true, issuer: 'https://login.example' },
    ]
    expect(everybody.filter((entry) => !isEverybody(entry))).toEqual([])
    expect(some.filter(isEverybody)).toEqual([])
  })
})
