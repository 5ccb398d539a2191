/** What lint says of AuthorizationPolicies, held against the evaluator that is proven against Envoy. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  compilePolicies,
  DEFAULT_MESH,
  evaluate,
  normalisePath,
  parseAuthorizationPolicy,
} from '../../src/istio/index.ts'
import type { Json, JsonObject } from '../../src/lib/json.ts'
import type { LintDocument } from '../../src/lint/documents.ts'
import {
  istioLiteralStar,
  istioMethodCase,
  istioPathUnreachable,
  istioPrincipalForm,
} from '../../src/lint/istio/values.ts'
import { viewPolicies, type PolicyView } from '../../src/lint/istio/policy-view.ts'
import { covers } from '../../src/lint/istio/voids.ts'

const anyOf = (...values: string[]) => fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 2 })
const someOf = (shape: Readonly<Record<string, fc.Arbitrary<Json>>>): fc.Arbitrary<JsonObject> =>
  fc.record(shape, { requiredKeys: [] }).map((members) => JSON.parse(JSON.stringify(members)))
const fields = (shape: Readonly<Record<string, fc.Arbitrary<Json>>>): fc.Arbitrary<JsonObject> =>
  someOf(shape).filter((entry) => Object.keys(entry).length > 0)

const source = fields({
  principals: anyOf('cluster.local/ns/a/sa/x', 'cluster.local/ns/a/*', 'cluster.local/ns/a/sa/*', '*', '*/sa/x'),
  namespaces: anyOf('a', 'b'),
  requestPrincipals: anyOf('*', 'https://i/s'),
  notNamespaces: anyOf('b'),
})
const operation = fields({
  methods: anyOf('GET', 'POST', '*'),
  paths: anyOf('/a', '/a/*', '/a/b', '/*', '*', '*/b', '/a*'),
  notPaths: anyOf('/a/b'),
  ports: anyOf('80', '81'),
})
const rule = someOf({
  from: fc.array(
    source.map((one) => ({ source: one })),
    { minLength: 1, maxLength: 2 },
  ),
  to: fc.array(
    operation.map((one) => ({ operation: one })),
    { minLength: 1, maxLength: 2 },
  ),
  when: fc.constant([{ key: 'request.auth.claims[role]', values: ['admin'] }]),
})
const request = fc.record({
  peer: fc.constantFrom(
    'spiffe://cluster.local/ns/a/sa/x',
    'spiffe://cluster.local/ns/a/sa/y',
    'spiffe://cluster.local/ns/b/sa/x',
    undefined,
  ),
  claims: fc.constantFrom(undefined, { iss: 'https://i', sub: 's' }, { iss: 'https://i', sub: 's', role: 'admin' }),
  method: fc.constantFrom('GET', 'POST'),
  path: fc.constantFrom('/a', '/a/', '/a/b', '/b', '/ab', '/a/c'),
  port: fc.constantFrom(80, 81),
})

function policy(rules: Json, action = 'ALLOW'): JsonObject {
  return { metadata: { name: 'p', namespace: 'n' }, spec: { action, rules } }
}

function view(document: JsonObject): PolicyView {
  const fake: LintDocument = {
    object: { value: document, mistakes: [], locate: () => undefined },
    group: 'security.istio.io',
    kind: 'AuthorizationPolicy',
    namespace: 'n',
    name: 'p',
    commentAt: () => '',
  }
  const [seen] = viewPolicies([fake])
  if (seen === undefined) throw new Error('no policy')
  return seen
}

interface Asked {
  readonly peer?: string | undefined
  readonly claims?: JsonObject | undefined
  readonly method: string
  readonly path: string
  readonly port: number
  readonly host?: string
}

function allows(document: JsonObject, { peer, claims, method, path, port, host = 'h' }: Asked): boolean {
  const { policy: parsed, mistakes } = parseAuthorizationPolicy(document)
  if (parsed === undefined) throw new Error(JSON.stringify(mistakes))
  const { enforced } = compilePolicies([parsed], { mesh: DEFAULT_MESH, transport: 'http' })
  const { decision } = evaluate(enforced, {
    peer,
    claims,
    sourceIp: undefined,
    remoteIp: undefined,
    headers: new Map([
      [':method', [method]],
      [':path', [path]],
      [':authority', [host]],
    ]),
    method,
    path: normalisePath(path),
    host,
    port,
    destinationIp: undefined,
    sni: undefined,
    filterMetadata: undefined,
  })
  return decision === 'allow'
}

describe('istio-voids-narrow', () => {
  test('what a narrow rule allows, the rule that makes it void allows', () => {
    let covered = 0
    fc.assert(
      fc.property(rule, rule, fc.array(request, { minLength: 8, maxLength: 8 }), (wide, narrow, requests) => {
        const [first, second] = view(policy([wide, narrow])).rules
        if (first === undefined || second === undefined || !covers(first, second)) return
        covered += 1
        for (const asked of requests)
          if (allows(policy([narrow]), asked)) expect(allows(policy([wide]), asked)).toBe(true)
      }),
      { numRuns: 6000 },
    )
    expect(covered).toBeGreaterThan(60)
  })
})

describe('values that never match', () => {
  const paths = [
    '/a',
    '/a/',
    '/a/b',
    '/a/b/c',
    '/admin/x',
    '/x/admin/y',
    '/docs',
    '/x/docs',
    '/k',
    '/k?x=1',
    '/caAd',
    '/i/../j',
    '/j',
  ]
  const hosts = ['a.example', 'a.example:80']

  test.for([
    ['/a/*/c', true],
    ['*/admin/*', true],
    ['/**/docs', true],
    ['/a/**', true],
    ['/k?x=1', true],
    ['/i/../j', true],
    ['/c%61Ad', true],
    ['a/b', true],
    ['a/*', true],
    ['/a b', true],
    ['/a#b', true],
    ['/./a', true],
    ['/a/*', false],
    ['*/docs', false],
    ['/a/{*}/c', false],
    ['/x/{**}', false],
    ['*', false],
    ['/*', false],
    ['/j', false],
    ['/a/b', false],
  ] satisfies [string, boolean][])('%s is told: %s', ([path, isTold]) => {
    const document = policy([{ to: [{ operation: { paths: [path] } }] }])
    const estate = estateOf(document)
    expect(istioLiteralStar.check(estate).length + istioPathUnreachable.check(estate).length).toBe(isTold ? 1 : 0)
    const isMatched = paths.some((asked) => allows(document, { method: 'GET', path: asked, port: 80 }))
    expect(isMatched).toBe(!isTold)
  })

  test.for([
    ['spiffe://cluster.local/ns/a/sa/x', true],
    ['system:serviceaccount:a:x', true],
    ['ns/a/sa/x', true],
    ['x', true],
    ['cluster.local/ns/a/sa/x', false],
    ['cluster.local/ns/a/*', false],
    ['*/sa/x', false],
  ] satisfies [string, boolean][])('principal %s is told: %s', ([principal, isTold]) => {
    const document = policy([{ from: [{ source: { principals: [principal] } }] }])
    expect(istioPrincipalForm.check(estateOf(document))).toHaveLength(isTold ? 1 : 0)
    const peer = 'spiffe://cluster.local/ns/a/sa/x'
    expect(allows(document, { peer, method: 'GET', path: '/', port: 80 })).toBe(!isTold)
  })

  test('a method in small letters is told, and matches nothing', () => {
    const document = policy([{ to: [{ operation: { methods: ['get'] } }] }])
    expect(istioMethodCase.check(estateOf(document))).toHaveLength(1)
    expect(allows(document, { method: 'GET', path: '/', port: 80 })).toBe(false)
    expect(istioMethodCase.check(estateOf(policy([{ to: [{ operation: { methods: ['PURGE'] } }] }])))).toEqual([])
  })

  test('what opens is a warning, and what was to close an error', () => {
    const severity = (action: string, field: string): unknown =>
      istioLiteralStar.check(estateOf(policy([{ to: [{ operation: { [field]: ['/a/*/b'] } }] }], action)))[0]?.severity
    expect(severity('ALLOW', 'paths')).toBe('warning')
    expect(severity('ALLOW', 'notPaths')).toBe('error')
    expect(severity('DENY', 'paths')).toBe('error')
    expect(severity('DENY', 'notPaths')).toBe('warning')
  })

  test('hosts with and without their port are two values', () => {
    const document = policy([{ to: [{ operation: { hosts: ['a.example'] } }] }])
    expect(hosts.map((host) => allows(document, { host, method: 'GET', path: '/', port: 80 }))).toEqual([true, false])
  })
})

function estateOf(document: JsonObject) {
  const model = { accounts: [], grants: [], limits: [], ceilings: [] }
  const trustDomains = { local: 'cluster.local', aliases: [] }
  const representatives: never[] = []
  const mesh = DEFAULT_MESH
  return {
    documents: [],
    policies: [view(document)],
    model,
    trustDomains,
    mesh,
    representatives,
    isWritten: () => true,
  }
}
