/**
 * The proposed remedies, put into the documents and compiled again: what was asked for is then allowed, and nobody gained anything
 * that the remedy does not say.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments, stringify } from 'yaml'
import { compareSnapshots } from '../../src/audit/compare.ts'
import { OWN_INBOX } from '../../src/audit/remedy/trial.ts'
import type { Step } from '../../src/audit/remedy/step.ts'
import { wholeWhy, type WholeWhy } from '../../src/audit/whole-why.ts'
import type { Question } from '../../src/audit/why.ts'
import { createCompiler, type SourceText } from '../../src/compile/index.ts'
import type { Principal } from '../../src/identity/principal.ts'
import { requestPrincipal } from '../../src/identity/principal.ts'
import { createDecide } from '../../src/policy/decide.ts'
import type { Snapshot } from '../../src/policy/snapshot.ts'
import { covers } from '../../src/subject/index.ts'
import { fcRuns } from '../support/fc-runs.ts'
import { pattern, sha256Hex, workload } from '../support/policy-arbitraries.ts'

const runs = fcRuns(60)
const decide = createDecide(sha256Hex)
const compile = createCompiler({
  trustDomains: { local: 'shop.example', aliases: [] },
  forbiddenAccounts: [],
  hash: sha256Hex,
})
const API_VERSION = 'nats-identity-bridge.dev/v1alpha1'

interface Document {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
  readonly spec: object
}

function textsOf(documents: readonly unknown[]): readonly SourceText[] {
  return [
    {
      file: 'policy.yaml',
      text: documents.map((document) => stringify(document, { aliasDuplicateObjects: false })).join('---\n'),
    },
  ]
}

function snapshotOf(documents: readonly unknown[]): Snapshot {
  const { snapshot, diagnostics } = compile(textsOf(documents))
  const errors = diagnostics.filter(({ severity }) => severity === 'error')
  if (snapshot === undefined || errors.length > 0) throw new Error(JSON.stringify(errors))
  return snapshot
}

/** As whoever follows the advice would do it, in the text. */
function applied(documents: readonly unknown[], steps: readonly Step[]): readonly unknown[] {
  const [{ text } = { text: '' }] = textsOf(documents)
  const parsed = parseAllDocuments(text)
  const added: unknown[] = []
  for (const step of steps) {
    if (step.kind === 'new-document') {
      added.push(...parseAllDocuments(step.yaml).map((one): unknown => one.toJS()))
      continue
    }
    const { kind, name, namespace } = step.origin
    const path = step.field.split(/[.[\]]+/).filter((part) => part !== '')
    const found = parsed.filter((one) => {
      const has = (...at: readonly string[]): unknown => one.getIn(at)
      return has('kind') === kind && has('metadata', 'name') === name && has('metadata', 'namespace') === namespace
    })
    expect(found).toHaveLength(1)
    found[0]?.addIn(
      path.map((part) => (/^\d+$/.test(part) ? Number(part) : part)),
      step.add,
    )
  }
  return [...parsed.map((one): unknown => one.toJS()), ...added]
}

const anyToken = fc.constantFrom('a', 'b', '*')
const anyPattern = fc
  .tuple(fc.constantFrom('a', 'b'), fc.array(anyToken, { maxLength: 2 }), fc.boolean())
  .map(([first, rest, isOpen]) => [first, ...rest, ...(isOpen ? ['>'] : [])].join('.'))
const patterns = fc.uniqueArray(anyPattern, { minLength: 1, maxLength: 2 })
const anyEntry = fc.constantFrom(
  { serviceAccount: 'shop/orders' },
  { serviceAccount: 'shop/payments' },
  { serviceAccount: 'tools/orders' },
  { namespace: 'shop' },
  { group: 'staff' },
  { authenticated: true },
)
const entries = fc.uniqueArray(anyEntry, { minLength: 1, maxLength: 2, selector: (entry) => JSON.stringify(entry) })
const queue = fc.option(fc.constantFrom(['q'], ['q', 'r']), { nil: undefined })

const anyGrant = fc.oneof(
  fc.record({ publish: patterns }),
  fc.record({ request: patterns }),
  fc
    .tuple(patterns, queue)
    .map(([subscribe, group]) => ({ subscribe, ...(group === undefined ? {} : { queue: group }) })),
  fc.record({ respond: patterns }),
)

const anyDocuments: fc.Arbitrary<readonly Document[]> = fc
  .record({
    homes: entries,
    policies: fc.array(
      fc.record({
        action: fc.constantFrom('ALLOW', 'ALLOW', 'ALLOW', 'DENY'),
        principals: entries,
        grants: fc.array(anyGrant, { minLength: 1, maxLength: 2 }),
      }),
      { maxLength: 4 },
    ),
    ceilings: fc.array(fc.record({ principals: entries, publish: patterns, subscribe: patterns }), { maxLength: 1 }),
  })
  .map(({ homes, policies, ceilings }) => [
    {
      apiVersion: API_VERSION,
      kind: 'AccountMap',
      metadata: { name: 'accounts' },
      spec: { accounts: [{ account: 'SHOP', inbox: 'private', principals: homes }] },
    },
    ...policies.map(({ action, principals, grants }, i) => ({
      apiVersion: API_VERSION,
      kind: 'SubjectPolicy',
      metadata: { name: `policy-${i}`, namespace: 'shop' },
      // Who denies grants no answers.
      spec: { action, principals, grants },
    })),
    ...ceilings.map((spec) => ({ apiVersion: API_VERSION, kind: 'SubjectCeiling', metadata: { name: 'low' }, spec })),
  ])

const anyPrincipal: fc.Arbitrary<Principal> = fc.constantFrom(
  workload('spiffe://shop.example/ns/shop/sa/orders'),
  workload('spiffe://shop.example/ns/shop/sa/crawler'),
  workload('spiffe://shop.example/ns/tools/sa/orders'),
  workload('spiffe://other.example/ns/shop/sa/orders'),
  workload('spiffe://shop.example/vm/7'),
  workload('spiffe://shop.example/ns/Shop/sa/Orders_1'),
  requestPrincipal(
    { issuer: 'https://login.example', subject: 'anna', claims: { iss: 'https://login.example', sub: 'anna' } },
    [],
  ),
  requestPrincipal(
    { issuer: 'https://login.example', subject: 'ben', claims: { iss: 'https://login.example', sub: 'ben' } },
    ['staff'],
  ),
)

const anyQuestion: fc.Arbitrary<Question> = fc.oneof(
  fc
    .record({ principal: anyPrincipal, subject: fc.constantFrom('a', 'a.b', 'a.a', 'b.c', 'b.a.b', 'c.d') })
    .map(({ principal, subject }) => ({ principal, action: 'publish' as const, subject: pattern(subject) })),
  fc
    .record({
      principal: anyPrincipal,
      subject: fc.oneof(anyPattern, fc.constantFrom('a.b', 'c.d')),
      group: fc.constantFrom(undefined, 'q', 'r', 'no group'),
    })
    .map(({ principal, subject, group }) => ({
      principal,
      action: 'subscribe' as const,
      subject: pattern(subject),
      ...(group === undefined ? {} : { queue: group }),
    })),
)

/** Somebody denies what is asked for. */
const anyDenied: fc.Arbitrary<readonly [documents: readonly Document[], question: Question]> = fc
  .tuple(anyDocuments, anyQuestion)
  .map(([documents, question]) => {
    const spec = {
      action: 'DENY',
      principals: [{ authenticated: true }],
      grants: [{ [question.action]: [question.subject.text] }],
    }
    const metadata = { name: 'no', namespace: 'security' }
    return [[...documents, { apiVersion: API_VERSION, kind: 'SubjectPolicy', metadata, spec }], question]
  })

function holdsAll(subject: Question['subject'], entry: string): boolean {
  return covers(subject, pattern(entry.split(' ')[0] ?? ''))
}

/** What somebody gained that was neither asked for nor told. */
function untold(
  before: Snapshot,
  after: Snapshot,
  { principal, action, subject }: Question,
  { remedy }: WholeWhy,
): string[] {
  return compareSnapshots(before, after, [], decide).changes.flatMap((change) => {
    const isAsker = change.principal === principal.name || change.endUser === principal.name
    const who = isAsker ? principal.name : change.principal
    const isTold = (what: string): boolean =>
      remedy?.alsoGrants.some((one) => one.principal === who && one.what === what) === true
    const logins = change.login === 'gained' && !isTold('a login to account SHOP') ? [`${who} login`] : []
    const gained = change.gained
      .filter(({ entry, inbox }) => !isTold(inbox ? OWN_INBOX : entry))
      .filter((one) => !(isAsker && one.action === action && !one.inbox && holdsAll(subject, one.entry)))
    return [...logins, ...gained.map((one) => `${who} ${one.action} ${one.entry}`)]
  })
}

describe(`a remedy (${runs.said})`, () => {
  test(
    'that nothing blocks, put into the documents, grants what was asked and no more than it says',
    { timeout: runs.timeoutMs },
    () => {
      let followed = 0
      fc.assert(
        fc.property(anyDocuments, anyQuestion, (documents, question) => {
          const before = snapshotOf(documents)
          const answer = wholeWhy(before, decide, question)
          if (answer.allowed) {
            expect(answer.remedy).toBeUndefined()
            return
          }
          const { steps = [], blockedBy = [] } = answer.remedy ?? {}
          if (steps.length === 0 || blockedBy.length > 0) return
          followed += 1
          const after = snapshotOf(applied(documents, steps))
          expect(wholeWhy(after, decide, question)).toMatchObject({ allowed: true })
          expect(untold(before, after, question, answer)).toEqual([])
        }),
        runs,
      )
      expect(followed).toBeGreaterThan(runs.numRuns / 4)
    },
  )

  test('that a DENY blocks grants it once the DENY is gone, and not before', { timeout: runs.timeoutMs }, () => {
    let blocked = 0
    fc.assert(
      fc.property(anyDenied, ([documents, question]) => {
        const answer = wholeWhy(snapshotOf(documents), decide, question)
        const { steps = [], blockedBy = [] } = answer.remedy ?? {}
        if (blockedBy.length === 0) return
        blocked += 1
        const changed = applied(documents, steps)
        const still = wholeWhy(snapshotOf(changed), decide, question)
        expect([still.allowed && still.partly !== true, blockedBy.length > 0]).toEqual([false, true])
        const owners = new Set(blockedBy.map(({ name }) => name))
        const lifted = documents.filter(({ metadata }) => !owners.has(metadata.name))
        // No document can name that queue group.
        if (question.queue === 'no group') return
        expect(wholeWhy(snapshotOf(applied(lifted, steps)), decide, question)).toMatchObject({ allowed: true })
      }),
      runs,
    )
    expect(blocked).toBeGreaterThan(runs.numRuns / 2)
  })

  test('of a grant is there for every denial of a plain subject to a principal that can be named', () => {
    fc.assert(
      fc.property(anyDocuments, anyQuestion, (documents, question) => {
        const { remedy, allowed } = wholeWhy(snapshotOf(documents), decide, question)
        if (allowed || question.action === 'subscribe') return
        expect([...(remedy?.steps ?? []), ...(remedy?.blockedBy ?? [])]).not.toEqual([])
      }),
      runs,
    )
  })
})

describe('a remedy', () => {
  const orders = workload('spiffe://shop.example/ns/shop/sa/orders')

  function policy(name: string, who: string, ...grants: readonly object[]): Document {
    const spec = { principals: [{ serviceAccount: who }], grants }
    return { apiVersion: API_VERSION, kind: 'SubjectPolicy', metadata: { name, namespace: 'shop' }, spec }
  }

  const home: Document = {
    apiVersion: API_VERSION,
    kind: 'AccountMap',
    metadata: { name: 'accounts' },
    spec: { accounts: [{ account: 'SHOP', principals: [{ namespace: 'shop' }] }] },
  }

  function ask(documents: readonly Document[], subject: string): WholeWhy {
    const question: Question = { principal: orders, action: 'publish', subject: pattern(subject) }
    return wholeWhy(snapshotOf([home, ...documents]), decide, question)
  }

  test('puts no pattern into a grant that is written in other words: a bucket, a service', () => {
    const bucket = policy('carts', 'shop/orders', { kv: { bucket: 'carts', read: ['a'], write: ['a'] } })
    expect(ask([bucket], 'shop.a').remedy?.steps).toMatchObject([{ kind: 'new-document' }])
    const service = policy('service', 'shop/orders', { service: { call: ['shop.orders.get'] } })
    expect(ask([service], 'shop.a').remedy?.steps).toMatchObject([{ kind: 'new-document' }])
    const stream = policy('stream', 'shop/orders', { jetstream: { stream: 'ORDERS', publish: ['shop.orders.new'] } })
    expect(ask([stream], 'shop.a').remedy?.steps).toMatchObject([{ kind: 'new-document' }])
  })

  test('says what a document of others would grant besides, all of its grants', () => {
    const others = policy('payments', 'shop/payments', { publish: ['shop.a'] }, { publish: ['shop.b'] })
    expect(ask([others], 'shop.a').remedy).toMatchObject({
      steps: [{ kind: 'new-document' }],
      others: [
        'add serviceAccount: shop/orders to spec.principals of SubjectPolicy shop/payments (policy.yaml:20); that also grants publish shop.b to spiffe://shop.example/ns/shop/sa/orders',
      ],
    })
  })

  test('prefers a document of others that grants nothing else to a new one', () => {
    const others = policy('payments', 'shop/payments', { publish: ['shop.a'] })
    expect(ask([others], 'shop.a').remedy?.steps).toMatchObject([{ kind: 'add-principal', field: 'spec.principals' }])
  })

  test('gives a new document a name that no other has', () => {
    const taken = policy('orders-publish-shop-a', 'shop/payments', { subscribe: ['shop.c'] })
    expect(ask([taken], 'shop.a').remedy?.steps).toMatchObject([{ origin: { name: 'orders-publish-shop-a-2' } }])
  })
})
