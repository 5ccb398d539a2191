/** A comparison of two snapshots, against the difference of their decisions, principal by principal and literal by literal. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { comparePrincipal, compareSnapshots } from '../../src/audit/compare.ts'
import type { ChangedEntry } from '../../src/audit/decision-change.ts'
import { knownPrincipals } from '../../src/audit/known-principals.ts'
import type { Principal } from '../../src/identity/principal.ts'
import type { ServiceAccountRef } from '../../src/identity/spiffe-id.ts'
import { createDecide } from '../../src/policy/decide.ts'
import { permits, type Action } from '../../src/policy/effective.ts'
import type { AccountRule, GrantRule, LimitRule, Model } from '../../src/policy/model.ts'
import type { Snapshot } from '../../src/policy/snapshot.ts'
import { matches } from '../../src/subject/index.ts'
import { fcRuns } from '../support/fc-runs.ts'
import {
  anyAllowRule,
  anyCeiling,
  anyDenyRule,
  anyGrantWithHoles,
  anyMatcherEntry,
  anyPrincipal,
  pattern,
  ruleOf,
  sha256Hex,
  snapshotOf,
  universe,
} from '../support/policy-arbitraries.ts'

const runs = fcRuns(80)
const decide = createDecide(sha256Hex)

const anyMatcher = fc.array(anyMatcherEntry, { minLength: 1, maxLength: 2 })

function spokenOf<Rule extends object>(rules: fc.Arbitrary<Rule>): fc.Arbitrary<Rule> {
  return fc.tuple(rules, anyMatcher).map(([rule, principals]) => ({ ...rule, principals }))
}

const anyAccount: fc.Arbitrary<AccountRule> = fc
  .record({
    account: fc.constantFrom('SHOP', 'SHOP', 'SHOP', 'TOOLS'),
    principals: fc.oneof(anyMatcher, fc.constant([{ authenticated: true as const }])),
    inbox: fc.constantFrom('private' as const, 'shared' as const),
  })
  .map((rule) => ({ ...rule, origin: { kind: 'AccountMap', name: 'accounts', rule: 0 } }))

const anyLimit: fc.Arbitrary<LimitRule> = fc
  .record({
    principals: anyMatcher,
    limits: fc.oneof(
      fc.record({ maxSessionSeconds: fc.constantFrom(60, 3600) }),
      fc.record({ connectionTypes: fc.subarray(['nats', 'websocket'] as const, { minLength: 1 }) }),
    ),
  })
  .map((rule) => ({ ...rule, origin: { kind: 'SubjectPolicy', namespace: 'shop', name: 'limits' } }))

const anyGrantRule: fc.Arbitrary<GrantRule> = fc.oneof(
  spokenOf(anyAllowRule),
  spokenOf(anyDenyRule),
  spokenOf(anyGrantWithHoles.map((grant) => ruleOf('allow', grant, 'holes'))),
)

const anyModel: fc.Arbitrary<Model> = fc.record({
  accounts: fc.array(anyAccount, { minLength: 1, maxLength: 2 }),
  grants: fc.array(anyGrantRule, { maxLength: 5 }),
  limits: fc.array(anyLimit, { maxLength: 1 }),
  ceilings: fc.array(spokenOf(anyCeiling), { maxLength: 1 }),
})

/** Some rules stay the same objects, some are the same in other words, some go, some come. */
function editedFrom<Rule extends object>(
  before: readonly Rule[],
  others: readonly Rule[],
): fc.Arbitrary<readonly Rule[]> {
  return fc
    .tuple(fc.subarray([...before]), fc.boolean(), fc.subarray([...others]))
    .map(([kept, copied, come]) => [...(copied ? kept.map((rule) => ({ ...rule })) : kept), ...come])
}

const renamed = { trustDomains: { local: 'other.example', aliases: ['shop.example'] } }

const anyPair: fc.Arbitrary<readonly [before: Snapshot, after: Snapshot]> = fc
  .tuple(anyModel, anyModel)
  .chain(([before, other]) =>
    fc
      .record({
        accounts: fc.oneof(fc.constant(before.accounts), editedFrom(before.accounts, other.accounts)),
        grants: editedFrom(before.grants, other.grants),
        limits: editedFrom(before.limits, other.limits),
        ceilings: editedFrom(before.ceilings, other.ceilings),
        trustDomains: fc.oneof(
          { weight: 4, arbitrary: fc.constant({}) },
          { weight: 1, arbitrary: fc.constant(renamed) },
        ),
      })
      .map(({ trustDomains, ...after }): readonly [Snapshot, Snapshot] => [
        snapshotOf(before),
        { ...snapshotOf(after), ...trustDomains },
      ]),
  )

const population: readonly ServiceAccountRef[] = [
  { namespace: 'shop', name: 'payments' },
  { namespace: 'tools', name: 'orders' },
]

/** Whoever is made up has a name: rules that only the nameless escape are not shown by them. */
const anybody = anyPrincipal.filter(({ requestAuth }) => requestAuth?.subject !== '')

type Literal = readonly [action: Action, subject: string, queue: string | undefined]

function literalsOf(pair: readonly [Snapshot, Snapshot], principal: Principal): readonly Literal[] {
  const prefixes = pair.flatMap((snapshot) => {
    const decision = decide(snapshot, principal)
    return decision.effect === 'allow' ? [decision.inboxPrefix] : []
  })
  return [...new Set(prefixes)].flatMap((prefix) => {
    const { subjects, queues } = universe(prefix)
    return subjects.flatMap((subject): Literal[] => [
      ['publish', subject, undefined],
      ...queues.map((queue): Literal => ['subscribe', subject, queue]),
    ])
  })
}

/** `SHOP publish a.b` for whatever one decision lets through and the other does not, in that account. */
function difference(own: Snapshot, other: Snapshot, principal: Principal, literals: readonly Literal[]): string[] {
  const [mine, theirs] = [decide(own, principal), decide(other, principal)]
  if (mine.effect === 'deny') return []
  const isSame = theirs.effect === 'allow' && theirs.account === mine.account
  return literals
    .filter(([action, subject, queue]) => permits(mine.permissions.filtering, action, subject, queue))
    .filter(([action, subject, queue]) => !isSame || !permits(theirs.permissions.filtering, action, subject, queue))
    .map((literal) => `${mine.account} ${literal.join(' ')}`)
}

function holds(text: string, [, subject, queue]: Literal): boolean {
  const [held = '', group] = text.split(' ')
  if (!matches(pattern(held), pattern(subject))) return false
  return group === undefined || (queue !== undefined && matches(pattern(group), pattern(queue)))
}

function said(entries: readonly ChangedEntry[], literals: readonly Literal[]): string[] {
  return literals.flatMap((literal) =>
    entries
      .filter(({ action, entry, except }) => {
        return action === literal[0] && holds(entry, literal) && !except.some((hole) => holds(hole, literal))
      })
      .map(({ account }) => `${account} ${literal.join(' ')}`),
  )
}

function sorted(texts: readonly string[]): string[] {
  return [...new Set(texts)].toSorted()
}

describe(`a comparison (${runs.said})`, () => {
  test(
    'of any principal, says what one decision lets through and the other does not',
    { timeout: runs.timeoutMs },
    () => {
      fc.assert(
        fc.property(anyPair, anyPrincipal, ([before, after], principal) => {
          const change = comparePrincipal(before, after, principal, decide)
          const literals = literalsOf([before, after], principal)
          const { gained = [], lost = [] } = change ?? {}
          expect(sorted(said(gained, literals))).toEqual(sorted(difference(after, before, principal, literals)))
          expect(sorted(said(lost, literals))).toEqual(sorted(difference(before, after, principal, literals)))
        }),
        runs,
      )
    },
  )

  test('names exactly the known principals whose login, rights or limits differ', { timeout: runs.timeoutMs }, () => {
    fc.assert(
      fc.property(anyPair, ([before, after]) => {
        const { changes } = compareSnapshots(before, after, population, decide)
        const known = [before, after].flatMap((snapshot) => knownPrincipals(snapshot, population).principals)
        const differing = known.filter((principal) => {
          const [was, is] = [decide(before, principal), decide(after, principal)]
          if (was.effect === 'deny' || is.effect === 'deny') {
            return was.effect !== is.effect || (was.effect === 'deny' && is.effect === 'deny' && was.code !== is.code)
          }
          const literals = literalsOf([before, after], principal)
          return (
            was.account !== is.account ||
            was.inboxPrefix !== is.inboxPrefix ||
            JSON.stringify(was.limits) !== JSON.stringify(is.limits) ||
            JSON.stringify(was.permissions.filtering.resp) !== JSON.stringify(is.permissions.filtering.resp) ||
            difference(before, after, principal, literals).length > 0 ||
            difference(after, before, principal, literals).length > 0
          )
        })
        const named = changes.filter(({ known: isKnown }) => isKnown).map(({ principal }) => principal)
        expect(named).toEqual(sorted(differing.map(({ name }) => name)))
      }),
      runs,
    )
  })

  test('gives each entry an example that is let through by the one decision only, and a changed rule', () => {
    fc.assert(
      fc.property(anyPair, ([before, after]) => {
        const { changes } = compareSnapshots(before, after, population, decide)
        const known = new Map(
          [before, after]
            .flatMap((snapshot) => knownPrincipals(snapshot, population).principals)
            .map((principal) => [principal.name, principal]),
        )
        const wrong = changes.flatMap((change) => {
          const principal = known.get(change.principal)
          if (!change.known || principal === undefined) return []
          return [[change.gained, after, before] as const, [change.lost, before, after] as const].flatMap(
            ([entries, own, other]) =>
              entries.filter(({ action, example: { subject, queue }, rules, account }) => {
                const literal = [action, subject, queue] as const
                const differs = difference(own, other, principal, [literal])
                return rules.length === 0 || differs[0] !== `${account} ${literal.join(' ')}`
              }),
          )
        })
        expect(wrong).toEqual([])
      }),
      runs,
    )
  })

  test('widens when anybody at all gains anything', { timeout: runs.timeoutMs }, () => {
    fc.assert(
      fc.property(anyPair, fc.array(anybody, { minLength: 5, maxLength: 5 }), ([before, after], somebody) => {
        const { widens, gaps } = compareSnapshots(before, after, population, decide)
        const gaining = somebody.filter((principal) => comparePrincipal(before, after, principal, decide)?.widens)
        if (gaining.length > 0) expect({ widens, gaps, gaining }).toMatchObject({ widens: true })
      }),
      runs,
    )
  })

  test('of a snapshot with itself, or with one that says the same, is empty', () => {
    fc.assert(
      fc.property(anyModel, (model) => {
        const again = {
          ...model,
          grants: model.grants.map((rule) => ({ ...rule, origin: { ...rule.origin, line: 7 } })),
        }
        const comparison = compareSnapshots(snapshotOf(model), snapshotOf(again), population, decide)
        expect(comparison).toMatchObject({ changes: [], rules: [], widens: false, complete: true })
      }),
    )
  })
})
