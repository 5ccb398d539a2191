/** Laws of who-can: whoever holds something of a pattern is named or described, nobody else is, or a gap says why. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { extentOf } from '../../src/audit/extent.ts'
import { createHolders, createLines } from '../../src/audit/holders/holders.ts'
import { isMember } from '../../src/audit/population/described.ts'
import { Population } from '../../src/audit/population/population.ts'
import { createWhoCan } from '../../src/audit/who-can.ts'
import type { WhoCanQuestion } from '../../src/audit/holders/holder.ts'
import { requestPrincipal, type Principal } from '../../src/identity/principal.ts'
import type { CallerTerm } from '../../src/istio/index.ts'
import { canonicalJson } from '../../src/lib/json.ts'
import { createDecide } from '../../src/policy/decide.ts'
import type { Decision } from '../../src/policy/decision.ts'
import { permits } from '../../src/policy/effective.ts'
import type { MatcherEntry } from '../../src/policy/matcher.ts'
import type { AccountRule, Model } from '../../src/policy/model.ts'
import { isLiteral, matches, type Pattern } from '../../src/subject/index.ts'
import { fcRuns } from '../support/fc-runs.ts'
import {
  anyMatcherEntry,
  anyModel,
  anyModelWithHoles,
  anyPattern,
  anyPrincipal,
  pattern,
  sha256Hex,
  snapshotOf,
} from '../support/policy-arbitraries.ts'

const exact = (value: string) => ({ is: 'exact', value }) as const

const anyTerm: fc.Arbitrary<CallerTerm> = fc
  .tuple(
    fc.constantFrom<CallerTerm[]>(
      { field: 'namespace', values: [{ pieces: ['shop'] }], not: false },
      { field: 'namespace', values: [{ pieces: ['tools'] }, { pieces: ['ci'] }], not: false },
      { field: 'principal', values: [exact('shop.example/ns/shop/sa/orders'), { is: 'presence' }], not: false },
      { field: 'principal', values: [{ is: 'prefix', value: 'shop.example/ns/sh' }], not: false },
      { field: 'principal', values: [{ is: 'suffix', value: '/sa/orders' }], not: false },
      { field: 'trustDomain', values: [exact('shop.example')], not: false },
      { field: 'serviceAccount', values: [{ namespace: 'shop', name: 'orders' }], not: false },
      {
        field: 'requestPrincipal',
        values: [{ issuer: exact('https://login.example'), subject: { is: 'presence' } }],
        not: false,
      },
      { field: 'claim', path: ['role'], values: [exact('admin')], not: false },
      { field: 'claim', path: ['realm', 'role'], values: [{ is: 'prefix', value: 'ad' }], not: false },
    ),
    fc.boolean(),
  )
  .map(([term, not]): CallerTerm => ({ ...term, not }))

const anyIstioEntry: fc.Arbitrary<MatcherEntry> = fc
  .record({ terms: fc.array(anyTerm, { maxLength: 2 }), whenUnknown: fc.boolean() })
  .map((istio) => ({ istio }))

const anyNaming: fc.Arbitrary<MatcherEntry> = fc.constantFrom<MatcherEntry[]>(
  { serviceAccount: { namespace: 'shop', name: 'orders' } },
  { requestPrincipal: 'https://login.example/alice' },
  { issuer: 'https://login.example', claims: { sub: 'bob' } },
)

const anyEntry = fc.oneof(
  { weight: 4, arbitrary: anyMatcherEntry },
  { weight: 2, arbitrary: anyIstioEntry },
  { weight: 1, arbitrary: anyNaming },
)

const anyAccounts: fc.Arbitrary<readonly AccountRule[]> = fc.array(
  fc
    .record({
      account: fc.constantFrom('SHOP', 'SHOP', 'TOOLS'),
      principals: fc.array(fc.oneof(anyMatcherEntry, anyNaming), { minLength: 1, maxLength: 2 }),
      inbox: fc.constantFrom('private' as const, 'shared' as const),
    })
    .map((rule) => ({ ...rule, origin: { kind: 'AccountMap', name: 'accounts' } })),
  { minLength: 1, maxLength: 4 },
)

/** Rules of every kind that speak of some principals, with conditions of every kind. */
const anyMixedModel: fc.Arbitrary<Model> = fc
  .tuple(
    fc.oneof(anyModel, anyModelWithHoles),
    anyAccounts,
    fc.infiniteStream(fc.array(anyEntry, { minLength: 1, maxLength: 2 })),
    fc.infiniteStream(fc.array(anyMatcherEntry, { minLength: 1, maxLength: 2 })),
    fc.infiniteStream(fc.constantFrom({}, {}, {}, { needsCeiling: true as const }, { withinAccount: 'SHOP' })),
  )
  .map(([model, accounts, matchers, own, forces]) => ({
    ...model,
    accounts,
    grants: model.grants.map((rule, i) => ({
      ...rule,
      ...forces.next().value,
      principals: matchers.next().value,
      origin: { ...rule.origin, rule: i },
    })),
    ceilings: model.ceilings.map((rule) => ({ ...rule, principals: own.next().value })),
  }))

const anySubject = fc.oneof(
  { weight: 4, arbitrary: anyPattern },
  { weight: 1, arbitrary: fc.constantFrom('>', '_INBOX.a', '_INBOX.>', '*.a', 'a.b.c.d').map(pattern) },
)

const anyQuestion: fc.Arbitrary<WhoCanQuestion> = fc.oneof(
  anySubject.map((subject): WhoCanQuestion => ({ action: 'publish', pattern: subject })),
  fc
    .tuple(anySubject, fc.option(fc.constantFrom('q', 'v.1', 'v.*', '>').map(pattern), { nil: undefined, freq: 3 }))
    .map(([subject, queue]): WhoCanQuestion => ({
      action: 'subscribe',
      pattern: subject,
      ...(queue === undefined ? {} : { queue }),
    })),
)

const anyServiceAccounts = fc.subarray([
  { namespace: 'shop', name: 'payments' },
  { namespace: 'tools', name: 'orders' },
])

/** As many kinds of members as there are conditions to meet. */
const anyMember: fc.Arbitrary<Principal> = fc.oneof(
  anyPrincipal.filter(({ workload }) => workload !== undefined),
  // A verified token says in its claims, too, who it is about.
  fc
    .record({
      issuer: fc.constantFrom('https://login.example', 'https://login.example/realms/shop'),
      subject: fc.constantFrom('alice', 'bob', 'price'),
      groups: fc.subarray(['staff', 'admins']),
      claims: fc.constantFrom(
        {},
        { role: 'admin' },
        { roles: ['viewer'], role: ['admin', 'x'] },
        { realm: { role: 'admin' } },
      ),
    })
    .map(({ issuer, subject, groups, claims }) =>
      requestPrincipal({ issuer, subject, claims: { iss: issuer, sub: subject, ...claims } }, groups),
    ),
)

/** What may be missing for the one, and what may be too much for the other. */
const MAY_HIDE = ['principals-unsure', 'principals-too-many', 'members-given-less', 'inbox-owner-unknown']
const MAY_FAIL = [
  'members-denied',
  'members-capped',
  'members-elsewhere',
  'members-excluded',
  'members-combine',
  'principals-unsure',
  'principals-too-many',
]

function holds(decision: Decision, { action, pattern, queue }: WhoCanQuestion): boolean {
  return (
    decision.effect === 'allow' && extentOf(decision.permissions.filtering, action, pattern, queue).extent !== 'none'
  )
}

/** Literal subjects of the pattern, of each kind one. */
function subjectsIn(wide: Pattern): readonly Pattern[] {
  return SUBJECTS.filter((subject) => matches(wide, subject))
}

const SUBJECTS = ['a', 'b', 'c', 'a.a', 'a.b', 'b.a', 'b.c', 'c.b', 'a.b.a', 'a.b.c', 'b.b.b', 'c.c.a', 'a.b.c.d'].map(
  pattern,
)

const decide = createDecide(sha256Hex)

function identity({ name, groups, requestAuth }: Principal): string {
  return canonicalJson([name, groups, requestAuth?.claims])
}

const runs = fcRuns(200)

describe(`who-can (${runs.said})`, () => {
  test(
    'holds a known principal exactly if its decision permits it, and as much of it',
    { timeout: runs.timeoutMs },
    () => {
      fc.assert(
        fc.property(anyMixedModel, anyServiceAccounts, anyQuestion, (model, serviceAccounts, question) => {
          const snapshot = snapshotOf(model)
          const { action, pattern, queue } = question
          const { holders } = createWhoCan(snapshot, serviceAccounts, decide)(question)
          const listed = new Map(
            holders
              .filter(({ known }) => known)
              .flatMap((one) => [one.principal, ...(one.alsoAs ?? [])].map((name) => [name, one])),
          )
          const wrong = new Population(snapshot, serviceAccounts).known.flatMap((principal) => {
            const decision = decide(snapshot, principal)
            const expected =
              decision.effect === 'allow'
                ? extentOf(decision.permissions.filtering, action, pattern, queue).extent
                : 'none'
            const found = listed.get(principal.name)?.extent ?? 'none'
            const isOne = isLiteral(pattern) && (queue === undefined || isLiteral(queue))
            const permitted =
              decision.effect === 'allow' && permits(decision.permissions.filtering, action, pattern.text, queue?.text)
            return found === expected && (!isOne || permitted === (found === 'all'))
              ? []
              : [{ principal, found, expected }]
          })
          expect(wrong).toEqual([])
        }),
        runs,
      )
    },
  )

  test(
    'names or describes whoever holds something, and nobody else, or says why not',
    { timeout: runs.timeoutMs },
    () => {
      fc.assert(
        fc.property(
          anyMixedModel,
          anyServiceAccounts,
          anyQuestion,
          fc.array(anyMember, { minLength: 8, maxLength: 8 }),
          (model, serviceAccounts, question, members) => {
            const snapshot = snapshotOf(model)
            const population = new Population(snapshot, serviceAccounts)
            const { holders, gaps } = createHolders(population, decide)(question)
            const names = new Set(holders.flatMap(({ principal, alsoAs = [] }) => [principal, ...alsoAs]))
            // Lines that were folded into others do not count: who is on one must be on another, too.
            const lines = createLines(
              population,
              decide,
            )(question).lines.filter(({ principal, described }) => names.has(described?.description ?? principal.name))
            const known = new Set(population.known.map(identity))
            const told = new Set(gaps.map(({ code }) => code))
            const unknown = members.filter((member) => !known.has(identity(member)))
            const wrong = unknown.flatMap((member) => {
              const own = lines.filter(({ principal, described }) =>
                described === undefined
                  ? principal.name === member.name
                  : isMember(member, described, snapshot.trustDomains),
              )
              return [question.pattern, ...subjectsIn(question.pattern)].flatMap((subject) => {
                const asked = { ...question, pattern: subject }
                const isHeld = holds(decide(snapshot, member), asked)
                const isListed = own.some(({ decision }) => holds(decision, asked))
                const excuses = isHeld ? MAY_HIDE : MAY_FAIL
                return isHeld === isListed || excuses.some((code) => told.has(code))
                  ? []
                  : [
                      {
                        member: identity(member),
                        subject: subject.text,
                        isHeld,
                        listedAs: own.map(({ described }) => described?.description),
                      },
                    ]
              })
            })
            expect({ wrong, gaps: wrong.length === 0 ? [] : gaps }).toEqual({ wrong: [], gaps: [] })
          },
        ),
        runs,
      )
    },
  )
})
