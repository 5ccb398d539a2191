/** The static conflicts of AccountMaps against the matcher that decides at login. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { accountConflicts } from '../../src/compile/account-conflicts.ts'
import { requestPrincipal, workloadPrincipal, type Principal } from '../../src/identity/principal.ts'
import { parseSpiffeId } from '../../src/identity/spiffe-id.ts'
import { matchesEntry } from '../../src/policy/match-principal.ts'
import type { MatcherEntry } from '../../src/policy/matcher.ts'
import type { AccountRule } from '../../src/policy/model.ts'

const TRUST_DOMAINS = { local: 'cluster.local', aliases: [] }

function workload(path: string): Principal {
  const parsed = parseSpiffeId(`spiffe://${path}`)
  if (!parsed.ok) throw new Error(parsed.error)
  return workloadPrincipal(parsed.value)
}

const UNIVERSE: readonly Principal[] = [
  ...['cluster.local', 'other.example'].flatMap((trustDomain) =>
    ['shop', 'pay'].flatMap((namespace) =>
      ['orders', 'api'].map((name) => workload(`${trustDomain}/ns/${namespace}/sa/${name}`)),
    ),
  ),
  workload('cluster.local/ns/shop/taskrun/build'),
  ...['admin', 'guest'].flatMap((role) =>
    ['https://a.example', 'https://b.example'].map((issuer) =>
      requestPrincipal({ issuer, subject: 'alice', claims: { role } }, [`${role}s`]),
    ),
  ),
]

const entries: fc.Arbitrary<MatcherEntry> = fc
  .record(
    {
      serviceAccount: fc.record({
        namespace: fc.constantFrom('shop', 'pay', '*'),
        name: fc.constantFrom('orders', 'api', '*'),
      }),
      namespace: fc.constantFrom('shop', 'pay'),
      trustDomain: fc.constantFrom('cluster.local', 'other.example'),
      spiffeId: fc.constantFrom(
        { prefix: 'spiffe://cluster.local/ns/shop/' },
        { exact: 'spiffe://other.example/ns/pay/sa/api' },
      ),
      issuer: fc.constantFrom('https://a.example', 'https://b.example'),
      claims: fc.constantFrom({ role: 'admin' }, { role: 'guest' }),
      group: fc.constantFrom('admins', 'system:serviceaccounts'),
      authenticated: fc.constant<true>(true),
    },
    { requiredKeys: [] },
  )
  .filter(
    (entry) =>
      Object.keys(entry).length > 0 &&
      // The compiler refuses an entry that contradicts itself.
      (entry.namespace === undefined ||
        entry.serviceAccount === undefined ||
        ['*', entry.namespace].includes(entry.serviceAccount.namespace)),
  )

function rule(account: string, ...principals: MatcherEntry[]): AccountRule {
  return { account, principals, inbox: 'private', origin: { kind: 'AccountMap', name: account.toLowerCase() } }
}

function matched(entry: MatcherEntry): Principal[] {
  return UNIVERSE.filter((principal) => matchesEntry(entry, principal, TRUST_DOMAINS))
}

describe('two AccountMap entries', () => {
  test('conflict only when they match the same principals, and overlap only when one matches all of the other', () => {
    const kinds = { conflict: 0, overlap: 0 }
    fc.assert(
      fc.property(entries, entries, (one, two) => {
        for (const { code, name } of accountConflicts([rule('A', one), rule('B', two)])) {
          const [narrow, wide] = name === 'a' ? [one, two] : [two, one]
          expect(matched(wide)).toEqual(expect.arrayContaining(matched(narrow)))
          if (code === 'account-conflict') expect(matched(narrow)).toEqual(matched(wide))
          kinds[code === 'account-conflict' ? 'conflict' : 'overlap']++
        }
      }),
      { numRuns: 5000 },
    )
    expect(kinds.conflict).toBeGreaterThan(0)
    expect(kinds.overlap).toBeGreaterThan(0)
  })

  test('never conflict within one account', () => {
    fc.assert(
      fc.property(entries, (entry) => {
        expect(accountConflicts([rule('A', entry), rule('A', entry)])).toEqual([])
        expect(accountConflicts([rule('A', entry), rule('B', entry)]).map(({ code }) => code)).toEqual([
          'account-conflict',
          'account-conflict',
        ])
      }),
    )
  })

  test('that name a whole namespace in two ways conflict', () => {
    const one = rule('A', { namespace: 'shop' })
    const two = rule('B', { serviceAccount: { namespace: 'shop', name: '*' } })
    expect(accountConflicts([one, two])).toMatchObject([{ severity: 'error' }, { severity: 'error' }])
  })
})
