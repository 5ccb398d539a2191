/** Made-up principals stand for those whom entries describe: members themselves, and matched by nothing that not all members match. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  describe as describePrincipals,
  isMember,
  mayMeet,
  type Described,
  type World,
} from '../../src/audit/population/described.ts'
import { freshWord } from '../../src/audit/population/fresh-word.ts'
import { oppositesOf } from '../../src/audit/population/opposites.ts'
import { Population, populationOf } from '../../src/audit/population/population.ts'
import { requestPrincipal } from '../../src/identity/principal.ts'
import type { CallerTerm } from '../../src/istio/index.ts'
import { matchesEntry } from '../../src/policy/match-principal.ts'
import type { MatcherEntry } from '../../src/policy/matcher.ts'
import {
  anyMatcherEntry,
  anyPrincipal,
  ruleOf,
  pattern,
  snapshotOf,
  trustDomains,
  workload,
} from '../support/policy-arbitraries.ts'

const world: World = { trustDomains, fresh: 'nobody' }

function described(...entries: MatcherEntry[]): readonly Described[] {
  return describePrincipals(entries, world).described
}

function words(...entries: MatcherEntry[]): string[] {
  return described(...entries).map(({ description }) => description)
}

function istio(...terms: CallerTerm[]): MatcherEntry {
  return { istio: { terms, whenUnknown: false } }
}

const exact = (value: string) => ({ is: 'exact', value }) as const

const anyMember = fc.oneof(
  anyPrincipal.filter((one) => one.workload !== undefined),
  // A verified token says in its claims, too, who it is about.
  fc
    .record({
      issuer: fc.constantFrom('https://login.example', 'https://login.example/realms/shop'),
      subject: fc.constantFrom('alice', 'bob', 'price'),
      groups: fc.subarray(['staff', 'admins']),
      claims: fc.constantFrom(
        {},
        { role: 'admin' },
        { roles: ['viewer'], role: 'admin' },
        { realm: { role: 'admin' } },
      ),
    })
    .map(({ issuer, subject, groups, claims }) =>
      requestPrincipal({ issuer, subject, claims: { iss: issuer, sub: subject, ...claims } }, groups),
    ),
)

describe('who is made up', () => {
  test('is a member, and whoever matches all entries is a member of one description', () => {
    fc.assert(
      fc.property(fc.array(anyMatcherEntry, { minLength: 1, maxLength: 3 }), anyMember, (entries, principal) => {
        const found = described(...entries)
        for (const one of found) expect(isMember(one.representative, one, trustDomains)).toBe(true)
        const matches = entries.every((entry) => matchesEntry(entry, principal, trustDomains))
        expect(found.some((one) => isMember(principal, one, trustDomains))).toBe(matches)
      }),
      { numRuns: 1000 },
    )
  })

  test('matches no entry that some member does not match', () => {
    fc.assert(
      fc.property(
        fc.array(anyMatcherEntry, { minLength: 1, maxLength: 2 }),
        anyMatcherEntry,
        fc.array(anyMember, { minLength: 10, maxLength: 10 }),
        (entries, other, members) => {
          for (const one of described(...entries)) {
            if (!matchesEntry(other, one.representative, trustDomains)) continue
            const exceptions = members
              .filter((member) => isMember(member, one, trustDomains))
              .filter((member) => !matchesEntry(other, member, trustDomains))
            expect(exceptions).toEqual([])
          }
        },
      ),
      { numRuns: 1000 },
    )
  })

  test('tells whether a member can match an entry besides', () => {
    fc.assert(
      fc.property(anyMatcherEntry, anyMatcherEntry, anyMember, (entry, other, member) => {
        if (!matchesEntry(other, member, trustDomains)) return
        for (const one of described(entry)) {
          if (isMember(member, one, trustDomains)) expect(mayMeet(one, other, world)).toBe(true)
        }
      }),
      { numRuns: 1000 },
    )
    const [shop] = described({ namespace: 'shop' })
    expect(shop && mayMeet(shop, { namespace: 'tools' }, world)).toBe(false)
    expect(shop && mayMeet(shop, { group: 'system:serviceaccounts:tools' }, world)).toBe(false)
    expect(shop && mayMeet(shop, { serviceAccount: { namespace: '*', name: 'web' } }, world)).toBe(true)
    expect(shop && mayMeet(shop, { group: 'staff' }, world)).toBe(false)
  })

  test('has a name that no rule means', () => {
    const taken = [[{ group: 'somebody' }], [{ requestPrincipal: 'https://a/z*' }], [{ requestPrincipal: '*/y' }]]
    const word = freshWord(taken)
    expect(word).toMatch(/^[a-y0-9]somebody[a-z0-9]$/)
    expect(word.endsWith('y')).toBe(false)
    expect(freshWord([])).toBe('somebody')
  })
})

describe('a description', () => {
  test.for<[string, MatcherEntry[]]>([
    [
      'any ServiceAccount of namespace shop',
      [{ namespace: 'shop', trustDomain: 'shop.example' }, { authenticated: true }],
    ],
    ['any ServiceAccount named web', [{ serviceAccount: { namespace: '*', name: 'web' } }]],
    ['any workload of trust domain other.example', [{ trustDomain: 'other.example' }]],
    ['any workload below spiffe://other.example/ci/', [{ spiffeId: { prefix: 'spiffe://other.example/ci/' } }]],
    ['any end user in group staff', [{ group: 'staff' }]],
    ['any end user of issuer https://a with claim team=a', [{ issuer: 'https://a', claims: { team: 'a' } }]],
    ['any end user like https://a/*', [{ requestPrincipal: 'https://a/*' }]],
    ['any workload of namespace ci', [istio({ field: 'namespace', values: [{ pieces: ['ci'] }], not: false })]],
    [
      'any end user of issuer https://a with claim realm.role=admin',
      [
        istio(
          {
            field: 'requestPrincipal',
            values: [{ issuer: exact('https://a'), subject: { is: 'presence' } }],
            not: false,
          },
          { field: 'claim', path: ['realm', 'role'], values: [exact('admin')], not: false },
        ),
      ],
    ],
    [
      'any workload of namespace ci but not principals b/c',
      [
        istio(
          { field: 'namespace', values: [{ pieces: ['ci'] }], not: false },
          { field: 'principal', values: [exact('b/c')], not: true },
        ),
      ],
    ],
  ])('%s', ([expected, entries]) => {
    expect(words(...entries)[0]?.replace(' of trust domain shop.example', '')).toBe(expected)
  })

  test('has no control characters, whatever a rule says', () => {
    expect(words({ group: 'a\u001b[2J\nb' })).toEqual(['any end user in group "a\\u001b[2J\\nb"'])
  })

  test('is one for each kind of principal, and for each name of the local trust domain', () => {
    expect(words({ authenticated: true })).toEqual(['any workload', 'any end user'])
    expect(words({ namespace: 'shop' })).toEqual([
      'any ServiceAccount of namespace shop',
      'any ServiceAccount of namespace shop of trust domain old.shop.example',
    ])
    expect(words({ namespace: 'shop' }, { group: 'staff' })).toEqual([])
    // No token brings a group of Kubernetes.
    expect(words({ group: 'system:serviceaccounts:shop' })).toEqual(words({ namespace: 'shop' }))
    expect(words({ group: 'system:masters' })).toEqual([])
  })
})

test('whoever a condition excludes matches its opposite, and nobody else does', () => {
  expect(oppositesOf(istio({ field: 'namespace', values: [{ pieces: ['shop'] }], not: false }))).toEqual([])
  const entry = istio(
    { field: 'namespace', values: [{ pieces: ['shop'] }, { pieces: ['ci'] }], not: true },
    { field: 'claim', path: ['role'], values: [exact('admin')], not: true },
  )
  fc.assert(
    fc.property(anyMember, (member) => {
      const isOpposite = oppositesOf(entry).some((one) => matchesEntry(one, member, trustDomains))
      expect(isOpposite).toBe(!matchesEntry(entry, member, trustDomains))
    }),
  )
})

describe('a population', () => {
  const named: MatcherEntry = { serviceAccount: { namespace: 'shop', name: 'web' } }
  const grant = ruleOf('allow', { verb: 'publish', patterns: [pattern('a')] })

  test('knows a ServiceAccount under all names of the local trust domain', () => {
    const population = new Population(snapshotOf({ grants: [{ ...grant, principals: [named] }] }), [
      { namespace: 'tools', name: 'ci' },
    ])
    expect(population.known.map(({ name }) => name)).toEqual([
      'spiffe://old.shop.example/ns/shop/sa/web',
      'spiffe://old.shop.example/ns/tools/sa/ci',
      'spiffe://shop.example/ns/shop/sa/web',
      'spiffe://shop.example/ns/tools/sa/ci',
    ])
    expect(population.aliases.get('spiffe://old.shop.example/ns/shop/sa/web')).toBe(
      'spiffe://shop.example/ns/shop/sa/web',
    )
    expect(population.knownIn(named)).toHaveLength(2)
    expect(population.isKnownExactly(workload('spiffe://old.shop.example/ns/tools/sa/ci'))).toBe(true)
  })

  test('does not describe workloads that an AuthorizationPolicy lists, however many', () => {
    const values = Array.from({ length: 150 }, (_, i) => exact(`shop.example/ns/shop/sa/w${i}`))
    const entry = istio({ field: 'principal', values, not: false })
    const population = new Population(snapshotOf({ grants: [{ ...grant, principals: [entry] }] }), [])
    expect(population.describedIn(entry)).toEqual({ described: [], isUnsure: false })
    expect(population.knownIn(entry)).toHaveLength(150)
  })

  test('is counted once for a snapshot', () => {
    const snapshot = snapshotOf({})
    expect(populationOf(snapshot, [])).not.toBe(populationOf(snapshot, []))
    const serviceAccounts = [{ namespace: 'a', name: 'b' }]
    expect(populationOf(snapshot, serviceAccounts)).toBe(populationOf(snapshot, serviceAccounts))
  })
})
