/** A responder that can send itself a request: what is told, and what ends it. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DEFAULT_MESH } from '../../src/istio/index.ts'
import type { Estate } from '../../src/lint/estate.ts'
import { respondToItself } from '../../src/lint/nats/self-request.ts'
import { createDecide } from '../../src/policy/decide.ts'
import { delivers, permits } from '../../src/policy/effective.ts'
import { anyModel, anyPrincipal, sha256Hex, snapshotOf, trustDomains, universe } from '../support/policy-arbitraries.ts'
import { codesOf, lintText } from './support.ts'

const document = (name: string, principals: string, action: string, grants: string) => `---
apiVersion: nats-identity-bridge.dev/v1alpha1
kind: SubjectPolicy
metadata: { name: ${name}, namespace: shop }
spec:
  action: ${action}
  principals: ${principals}
  grants: ${grants}
`
const ACCOUNT = `apiVersion: nats-identity-bridge.dev/v1alpha1
kind: AccountMap
metadata: { name: shop }
spec: { accounts: [{ account: SHOP, principals: [{ namespace: shop }] }] }
`
const STOCK = '[{ serviceAccount: shop/stock }]'
const BOTH = document('stock', STOCK, 'ALLOW', "[{ publish: ['shop.stock.*'] }, { respond: [shop.stock.>] }]")

const isTold = (...documents: string[]) =>
  codesOf(lintText([ACCOUNT, ...documents].join(''))).includes('respond-to-itself')

test('is told where what is published and what is heard meet, in whatever rules that stands', () => {
  expect(isTold(BOTH)).toBe(true)
  const published = document('all', '[{ namespace: shop }]', 'ALLOW', '[{ publish: [shop.stock.get] }]')
  expect(isTold(published, document('stock', STOCK, 'ALLOW', '[{ respond: [shop.stock.get] }]'))).toBe(true)
})

test('is told of what is heard by a subscription as well, as each message has a reply subject', () => {
  const grants = '[{ publish: [shop.news] }, { subscribe: [shop.news] }, { respond: [shop.stock.get] }]'
  expect(isTold(document('stock', STOCK, 'ALLOW', grants))).toBe(true)
})

test('is not told of who answers nobody, nor where the two do not meet', () => {
  expect(isTold(document('stock', STOCK, 'ALLOW', '[{ publish: [shop.a] }, { subscribe: [shop.a] }]'))).toBe(false)
  expect(isTold(document('stock', STOCK, 'ALLOW', '[{ request: [shop.a] }, { respond: [shop.b] }]'))).toBe(false)
})

test('ends with a DENY of either side for all that they share, and not with one for a part of it or for a queue', () => {
  const denied = (grants: string) => isTold(BOTH, document('no-calls', STOCK, 'DENY', grants))
  expect(denied('[{ publish: [shop.stock.>] }]')).toBe(false)
  expect(denied('[{ subscribe: [shop.stock.>] }]')).toBe(false)
  expect(denied('[{ publish: [shop.stock.get] }]')).toBe(true)
  expect(denied('[{ subscribe: [shop.stock.>], queue: [stock] }]')).toBe(true)
})

test('is told of exactly those who are delivered what they may publish, asked of every subject there is to tell apart', () => {
  const decide = createDecide(sha256Hex)
  let told = 0
  fc.assert(
    fc.property(anyModel, anyPrincipal, (model, principal) => {
      const decision = decide(snapshotOf(model), principal)
      const [rule] = model.grants
      if (decision.effect === 'deny' || rule === undefined) return
      const { filtering } = decision.permissions
      const estate: Estate = {
        documents: [],
        policies: [],
        model,
        trustDomains,
        mesh: DEFAULT_MESH,
        representatives: [{ principal, decision, rule }],
        isWritten: () => true,
      }
      const { subjects, queues } = universe(decision.inboxPrefix)
      const hears = (subject: string, queue?: string) =>
        delivers(filtering, queue === undefined ? { subject } : { subject, queue }, subject, 'filtering')
      const below = subjects.map((subject) => `${decision.inboxPrefix}.${subject}`)
      const isOpen = [...subjects, ...below].some(
        (subject) =>
          permits(filtering, 'publish', subject) && [undefined, ...queues].some((queue) => hears(subject, queue)),
      )
      const expected = filtering.resp !== undefined && isOpen
      if (expected) told += 1
      expect(respondToItself.check(estate).length > 0).toBe(expected)
    }),
    { numRuns: 500 },
  )
  expect(told).toBeGreaterThan(20)
})
