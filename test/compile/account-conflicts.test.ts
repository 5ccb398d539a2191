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

const ADMIN = { issuer: 'https://a.example', subject: 'alice', claims: { role: 'admin' } }

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
  { ...workload('cluster.local/ns/shop/sa/orders'), requestAuth: ADMIN },
  { ...workload('other.example/ns/pay/sa/api'), requestAuth: ADMIN },
  ...['admin', 'guest'].flatMap((role) =>
    ['https://a.example', 'https://b.example'].map((issuer) =>
      requestPrincipal({ issuer, subject: 'alice', claims: { role } }, [`${role}s`]),
    ),
  ),
]

const field: fc.Arbitrary<MatcherEntry> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ serviceAccount: fc.constantFrom(...accountsNamed('shop', '*')) }) },
  { weight: 2, arbitrary: fc.record({ namespace: fc.constantFrom('shop', 'pay') }) },
  { weight: 2, arbitrary: fc.record({ trustDomain: fc.constantFrom('cluster.local', 'other.example') }) },
  fc.record({ spiffeId: fc.constant({ prefix: 'spiffe://cluster.local/ns/shop/' }) }),
  fc.record({ issuer: fc.constantFrom('https://a.example', 'https://b.example') }),
  fc.record({ claims: fc.constantFrom({ role: 'admin' }, { role: 'guest' }) }),
  fc.record({ group: fc.constantFrom('admins', 'system:serviceaccounts') }),
  fc.record({ authenticated: fc.constant<true>(true) }),
)

const fields = fc.uniqueArray(field, { minLength: 1, maxLength: 3, selector: (one) => Object.keys(one)[0] })

/** Two entries that have fields in common, so that they mostly have to do with each other. */
const pairs = fc
  .tuple(fields, fc.nat(2), fc.array(field, { maxLength: 1 }))
  .map(([one, drop, more]) => [merge(one), merge([...one.toSpliced(drop, 1), ...more])] as const)
  .filter(([one, two]) => isConsistent(one) && isConsistent(two))

function accountsNamed(...namespaces: string[]): { namespace: string; name: string }[] {
  return namespaces.flatMap((namespace) => ['orders', 'api', '*'].map((name) => ({ namespace, name })))
}

function merge(parts: readonly MatcherEntry[]): MatcherEntry {
  return Object.assign({}, ...parts)
}

/** The compiler refuses an entry that is empty or contradicts itself. */
function isConsistent(entry: MatcherEntry): boolean {
  const { namespace, serviceAccount } = entry
  if (Object.keys(entry).length === 0) return false
  return namespace === undefined || serviceAccount === undefined || ['*', namespace].includes(serviceAccount.namespace)
}

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
      fc.property(pairs, ([one, two]) => {
        for (const { code, name } of accountConflicts([rule('A', one), rule('B', two)])) {
          const [narrow, wide] = name === 'a' ? [one, two] : [two, one]
          if (!matched(narrow).every((principal) => matched(wide).includes(principal))) return false
          if (code === 'account-conflict' && matched(narrow).length !== matched(wide).length) return false
          kinds[code === 'account-conflict' ? 'conflict' : 'overlap']++
        }
        return true
      }),
      { numRuns: 1000 },
    )
    expect(kinds.conflict).toBeGreaterThan(5)
    expect(kinds.overlap).toBeGreaterThan(20)
  })

  test('never conflict within one account', () => {
    fc.assert(
      fc.property(pairs, ([entry]) => {
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
