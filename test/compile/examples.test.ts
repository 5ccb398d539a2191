/** The documents under `deploy/examples/policy` compile, without so much as a remark, and do what their comments say. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { compile, policyJsonSchemas } from '../../src/compile/index.ts'
import { requestPrincipal, workloadPrincipal, type Principal } from '../../src/identity/principal.ts'
import { parseSpiffeId } from '../../src/identity/spiffe-id.ts'
import { createDecide } from '../../src/policy/decide.ts'
import type { Allowed } from '../../src/policy/decision.ts'
import { permits } from '../../src/policy/effective.ts'
import { OPTIONS } from './support.ts'

const FOLDER = new URL('../../deploy/examples/policy/', import.meta.url)

const sources = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => ({ file, text: readFileSync(new URL(file, FOLDER), 'utf8') }))

const compilation = compile(sources, OPTIONS)
const decide = createDecide((text) => createHash('sha256').update(text).digest('hex'))

function decisionFor(principal: Principal): Allowed {
  const decision = decide(compilation.snapshot!, principal)
  if (decision.effect !== 'allow') throw new Error(decision.code)
  return decision
}

function serviceAccount(namespace: string, name: string): Principal {
  const parsed = parseSpiffeId(`spiffe://cluster.local/ns/${namespace}/sa/${name}`)
  if (!parsed.ok) throw new Error(parsed.error)
  return workloadPrincipal(parsed.value)
}

test('the examples compile without a remark', () => {
  expect(compilation.diagnostics).toEqual([])
  expect(compilation.snapshot?.model.grants.length).toBeGreaterThan(5)
})

test('there is an example of every kind', () => {
  const written = sources.flatMap(({ text }) => [...text.matchAll(/^kind: (\w+)$/gm)].map(([, kind]) => kind))
  expect(written).toEqual(expect.arrayContaining([...policyJsonSchemas().keys()]))
})

test('the orders service may do what its example says, and no more', () => {
  const { account, permissions } = decisionFor(serviceAccount('shop', 'orders'))
  expect(account).toBe('SHOP')
  expect(permits(permissions.filtering, 'publish', 'shop.orders.17.paid')).toBe(true)
  expect(permits(permissions.filtering, 'publish', 'shop.stock.reserve')).toBe(true)
  expect(permits(permissions.filtering, 'publish', 'shop.payments.done')).toBe(false)
  expect(permits(permissions.filtering, 'subscribe', 'shop.payments.done', 'orders')).toBe(true)
  expect(permits(permissions.filtering, 'subscribe', 'shop.payments.done')).toBe(false)
  expect(permits(permissions.filtering, 'subscribe', 'shop.payments.card.seen', 'orders')).toBe(false)
})

test('the dashboard shows the shop to operations, without card data, for an hour', () => {
  const claims = { realm_access: { roles: ['operations'] } }
  const decision = decisionFor(requestPrincipal({ issuer: 'https://login.example.com', subject: 'alice', claims }, []))
  expect(decision.account).toBe('STAFF')
  expect(decision.limits).toEqual({ maxSessionSeconds: 3600, connectionTypes: ['websocket'] })
  expect(permits(decision.permissions.filtering, 'subscribe', 'shop.orders.created')).toBe(true)
  expect(permits(decision.permissions.filtering, 'subscribe', 'shop.payments.card.seen')).toBe(false)
  expect(permits(decision.permissions.filtering, 'publish', 'shop.orders.created')).toBe(false)
})

test('the administrator of streams may use the JetStream API', () => {
  const { permissions } = decisionFor(serviceAccount('platform', 'streams'))
  expect(permits(permissions.filtering, 'publish', '$JS.API.STREAM.CREATE.ORDERS')).toBe(true)
  expect(permits(permissions.filtering, 'publish', 'shop.orders.created')).toBe(false)
})
