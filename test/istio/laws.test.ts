/** What holds of every policy set and every request. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  callerTruth,
  compilePolicies,
  completeRequest,
  DEFAULT_MESH,
  evaluate,
  operationTruth,
  readAuthorizationPolicy,
  ruleTruth,
  UNKNOWN,
  type AuthorizationPolicy,
  type RequestAttributes,
  type RequestFacts,
} from '../../src/istio/index.ts'
import type { JsonObject } from '../../src/lib/json.ts'
import { document } from './ask.ts'

const texts = (...values: string[]) => fc.array(fc.constantFrom(...values), { minLength: 1, maxLength: 2 })
const some = <T>(fields: Record<string, fc.Arbitrary<T>>) => fc.record(fields, { requiredKeys: [] })

const source = some<unknown>({
  principals: texts('cluster.local/ns/a/sa/b', '*', 'td/*'),
  notPrincipals: texts('*/sa/c', 'td/ns/a/sa/b'),
  namespaces: texts('a', 'b*'),
  requestPrincipals: texts('*', 'iss/ann'),
  ipBlocks: texts('10.0.0.0/8'),
  notRemoteIpBlocks: texts('10.1.0.0/16'),
})
const operation = some<unknown>({
  methods: texts('GET', 'P*'),
  notMethods: texts('PUT'),
  paths: texts('/a', '/a/*', '/{*}/x', '*z'),
  notPaths: texts('/a/b'),
  hosts: texts('h', '*.h'),
  ports: texts('80', '81'),
})
const condition = fc.oneof(
  fc.record({ key: fc.constant('request.auth.claims[role]'), values: texts('admin', 'dev*') }),
  fc.record({ key: fc.constant('request.headers[x-a]'), notValues: texts('1') }),
  fc.record({ key: fc.constant('connection.sni'), values: texts('h') }),
)
const rule = fc.record(
  {
    from: fc.array(fc.record({ source }), { minLength: 1, maxLength: 2 }),
    to: fc.array(fc.record({ operation }), { minLength: 1, maxLength: 2 }),
    when: fc.array(condition, { maxLength: 2 }),
  },
  { requiredKeys: [] },
)
const policies = fc
  .array(fc.tuple(fc.constantFrom('ALLOW', 'DENY', 'AUDIT', 'CUSTOM'), fc.array(rule, { maxLength: 3 })), {
    maxLength: 4,
  })
  .map((list) =>
    list.map(([action, rules], index): AuthorizationPolicy => {
      const { policy } = readAuthorizationPolicy(
        document({ action, rules } as unknown as JsonObject, { name: `p${index}` }),
      )
      if (policy === undefined) throw new Error('unreadable')
      return policy
    }),
  )
const facts: fc.Arbitrary<RequestFacts> = some<any>({
  principal: fc.constantFrom('spiffe://cluster.local/ns/a/sa/b', 'spiffe://td/ns/bb/sa/c', 'spiffe://td/ns/a/sa/b'),
  sourceIp: fc.constantFrom('10.0.0.1', '11.0.0.1'),
  remoteIp: fc.constantFrom('10.1.0.1', '::1'),
  destPort: fc.constantFrom(80, 81),
  method: fc.constantFrom('GET', 'PUT', 'POST'),
  path: fc.constantFrom('/a', '/a/b', '/a/../z', '/q/x'),
  host: fc.constantFrom('h', 'X.h', 'y'),
  sni: fc.constantFrom('h', 'y'),
  headers: fc.constantFrom([['X-A', '1']], [['x-a', '2']]),
  claims: fc.constantFrom({ iss: 'iss', sub: 'ann', role: ['dev1'] }, { role: 'admin' }),
})

const mesh = DEFAULT_MESH
const enforced = (list: readonly AuthorizationPolicy[], transport: 'http' | 'tcp' = 'http') =>
  compilePolicies(list, { mesh, transport }).enforced

function request(known: RequestFacts): RequestAttributes {
  const attributes = completeRequest(known, 'http')
  if (attributes === undefined) throw new Error('bad request')
  return attributes
}

const RUNS = { numRuns: 2000 }

describe('every decision', () => {
  test('is the same whatever the order of policies', () => {
    fc.assert(
      fc.property(policies, facts, fc.infiniteStream(fc.nat()), (list, known, order) => {
        const shuffled = list.map((policy) => ({ policy, at: order.next().value ?? 0 })).sort((a, b) => a.at - b.at)
        expect(evaluate(enforced(shuffled.map(({ policy }) => policy)), request(known))).toEqual(
          evaluate(enforced(list), request(known)),
        )
      }),
      RUNS,
    )
  })

  test('allows no more with another DENY, and no less with another ALLOW rule beside the first', () => {
    fc.assert(
      fc.property(policies, policies, facts, (list, more, known) => {
        const before = evaluate(enforced(list), request(known)).decision
        const denying = more.filter(({ action }) => action === 'DENY')
        const allowing = more.filter(({ action }) => action === 'ALLOW')
        if (before === 'deny') expect(evaluate(enforced([...list, ...denying]), request(known)).decision).toBe('deny')
        const hasAllow = list.some(({ action }) => action === 'ALLOW')
        if (before === 'allow' && hasAllow)
          expect(evaluate(enforced([...list, ...allowing]), request(known)).decision).toBe('allow')
      }),
      RUNS,
    )
  })

  test('on TCP allows no more than on HTTP', () => {
    fc.assert(
      fc.property(policies, facts, (list, known) => {
        const connection = completeRequest(known, 'tcp')
        if (connection === undefined) throw new Error('bad request')
        const onTcp = evaluate(enforced(list, 'tcp'), connection).decision
        // The same connection, asked as HTTP: an ALLOW rule that is left on TCP has nothing of HTTP in it.
        if (onTcp === 'allow') expect(evaluate(enforced(list), request(known)).decision).toBe('allow')
      }),
      RUNS,
    )
  })
})

describe('what is unknown', () => {
  const attributes = [
    'peer',
    'claims',
    'sourceIp',
    'remoteIp',
    'headers',
    'method',
    'path',
    'host',
    'port',
    'sni',
  ] as const
  const hidden = fc.subarray([...attributes])

  function hide(known: RequestAttributes, names: readonly (typeof attributes)[number][]): RequestAttributes {
    return { ...known, ...Object.fromEntries(names.map((name) => [name, UNKNOWN])) }
  }

  test('leaves a rule true or false only where everything that could be there says so', () => {
    fc.assert(
      fc.property(policies, facts, facts, hidden, (list, known, other, names) => {
        const { deny, allow } = enforced(list)
        const some = hide(request(known), names)
        // Any value in the place of what was hidden.
        const filled = { ...request(known), ...Object.fromEntries(names.map((name) => [name, request(other)[name]])) }
        for (const one of [...deny, ...allow]) {
          const truth = ruleTruth(one, some)
          if (truth !== undefined) expect(ruleTruth(one, filled)).toBe(truth)
        }
      }),
      RUNS,
    )
  })

  test('is never to the good of the caller', () => {
    fc.assert(
      fc.property(policies, facts, facts, hidden, (list, known, other, names) => {
        const filled = { ...request(known), ...Object.fromEntries(names.map((name) => [name, request(other)[name]])) }
        if (evaluate(enforced(list), hide(request(known), names)).decision === 'allow')
          expect(evaluate(enforced(list), filled).decision).toBe('allow')
      }),
      RUNS,
    )
  })

  test('is nothing once all is known: both modes give one answer', () => {
    fc.assert(
      fc.property(policies, facts, (list, known) => {
        const { allow, deny } = enforced(list)
        for (const one of [...allow, ...deny]) {
          const byParts =
            one.callers.some((terms) => callerTruth(terms, request(known)) === true) &&
            one.operations.some((terms) => operationTruth(terms, request(known)) === true)
          expect(ruleTruth(one, request(known))).toBe(byParts)
        }
      }),
      RUNS,
    )
  })
})

test('compiled rules are plain JSON', () => {
  fc.assert(
    fc.property(policies, (list) => {
      const compiled = enforced(list)
      expect(JSON.parse(JSON.stringify(compiled))).toEqual(compiled)
    }),
    { numRuns: 300 },
  )
})
