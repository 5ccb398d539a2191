/** SubjectRoutes beside other documents: overlaps, selection, what cannot be read, and the answers of `why`. */
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { whatCan } from '../../src/audit/what-can.ts'
import { why } from '../../src/audit/why.ts'
import { compile, createCompiler, readYaml, type Compilation } from '../../src/compile/index.ts'
import { workloadPrincipal, type Principal } from '../../src/identity/principal.ts'
import { parseSpiffeId } from '../../src/identity/spiffe-id.ts'
import { createDecide } from '../../src/policy/decide.ts'
import type { Allowed, PermissionList } from '../../src/policy/decision.ts'
import { nameOrigin } from '../../src/policy/origin.ts'
import { pattern } from '../support/policy-arbitraries.ts'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const decide = createDecide(sha256)

const ACCOUNTS = `
apiVersion: nats-identity-bridge.dev/v1alpha1
kind: AccountMap
metadata: {name: accounts}
spec: {accounts: [{account: SHOP, principals: [{authenticated: true}]}]}
`

function routes(spec: string, name = 'orders', namespace = 'shop'): string {
  return `
apiVersion: nats-identity-bridge.dev/v1alpha1
kind: SubjectRoute
metadata: {name: ${name}, namespace: ${namespace}}
spec: {workload: {labels: {app: ${name}}, serviceAccount: ${name}}, ${spec}}
`
}

function policy(spec: string, namespace = 'shop', name = 'policy'): string {
  return `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: ${name}, namespace: ${namespace}}
spec: {${spec}}
`
}

const OPTIONS = { trustDomains: { local: 'cluster.local', aliases: [] }, forbiddenAccounts: [], hash: sha256 }

function compileAll(...documents: string[]): Compilation {
  return compile([{ file: 'policy.yaml', text: [ACCOUNTS, ...documents].join('---\n') }], OPTIONS)
}

/** As the Kubernetes API serves the last one: without a file. */
function compileObjects(document: string): Compilation {
  const objects = readYaml({ file: 'x.yaml', text: document }).objects.map(({ file: _file, ...object }) => object)
  return createCompiler(OPTIONS)([{ file: 'policy.yaml', text: [ACCOUNTS, ORDERS, EVERYBODY].join('---\n') }], objects)
}

function workload(name: string): Principal {
  const id = parseSpiffeId(`spiffe://cluster.local/ns/shop/sa/${name}`)
  if (!id.ok) throw new Error(id.error)
  return workloadPrincipal(id.value)
}

function decisionFor({ snapshot, withheld }: Compilation, name: string): Allowed {
  if (snapshot === undefined) throw new Error(withheld)
  const decision = decide(snapshot, workload(name))
  if (decision.effect === 'deny') throw new Error(decision.code)
  return decision
}

function published(compilation: Compilation, name = 'web'): PermissionList {
  return decisionFor(compilation, name).permissions.filtering.pub
}

function codes({ diagnostics }: Compilation): string[] {
  return diagnostics.map(({ severity, code }) => `${severity} ${code}`)
}

const CLOSED = { allow: [], deny: ['>'] }
const EVERYBODY = policy('rules: [{}]')
const ORDERS = routes(`routes: [{subject: 'shop.orders.{id}', method: GET, path: '/orders/{id}'}]`)

describe('paths by the hundred that hold on routes by the hundred', () => {
  const list = (count: number, make: (at: number) => string): string =>
    Array.from({ length: count }, (_, at) => make(at)).join(', ')
  const deny = policy(
    `action: DENY, rules: [{to: [{operation: {paths: [${list(300, (at) => `'*/x${at}'`)}]}}]}]`,
    'shop',
    'deny',
  )
  const many = (count: number): string =>
    routes(`routes: [${list(count, (at) => `{subject: 'r${at}.{id}', method: GET, path: '/r${at}/{id}'}`)}]`)

  test('are compiled while they are within the bound', () => {
    const { snapshot, withheld } = compileAll(many(20), deny, EVERYBODY)
    expect([snapshot?.id.length, withheld]).toEqual([64, undefined])
  })

  test('give no snapshot beyond it, and one error: a prohibition would be missing', () => {
    const compilation = compileAll(many(400), deny, EVERYBODY)
    expect(compilation.snapshot).toBeUndefined()
    expect(codes(compilation).filter((code) => code.startsWith('error'))).toEqual(['error route-too-large'])
    expect(compilation.withheld).toContain('policy.yaml')
  })
})

describe('routes of two documents', () => {
  const other = routes(`routes: [{subject: shop.orders.urgent, method: GET, path: /urgent}]`, 'other')

  test('that claim a subject both lose it, and keep the rest', () => {
    const compilation = compileAll(ORDERS, other, EVERYBODY)
    expect(codes(compilation)).toEqual(['error route-overlap', 'error route-overlap'])
    expect(published(compilation)).toEqual({ allow: ['shop.orders.*'], deny: ['shop.orders.urgent'] })
    const { sub } = decisionFor(compilation, 'other').permissions.filtering
    expect(sub.allow).not.toContain('shop.orders.urgent')
  })

  test('that both deny a subject deny it still', () => {
    const grant = `
apiVersion: nats-identity-bridge.dev/v1alpha1
kind: SubjectPolicy
metadata: {name: more, namespace: shop}
spec: {principals: [{namespace: shop}], grants: [{publish: [shop.orders.*]}]}
`
    const deny = policy('action: DENY, rules: [{to: [{operation: {paths: [/urgent]}}]}]', 'shop', 'deny')
    expect(published(compileAll(ORDERS, other, grant, deny))).toEqual({
      allow: ['shop.orders.*'],
      deny: ['shop.orders.urgent'],
    })
  })
})

describe('the more specific route', () => {
  const both = routes(
    `routes: [{subject: 'rest.{method}.{path...}', path: '/{path...}'}, {subject: 'rest.get.health', method: GET, path: /healthz}]`,
  )

  test('decides alone, whether it is allowed or not', () => {
    const rest = policy(`rules: [{to: [{operation: {methods: [GET], notPaths: [/healthz]}}]}]`)
    expect(published(compileAll(both, rest))).toEqual({
      allow: ['rest.get.>'],
      deny: ['rest.get.health', 'rest.get.healthz'],
    })
  })

  test('needs no deny where its own policy allows it as well', () => {
    expect(published(compileAll(both, policy('rules: [{to: [{operation: {methods: [GET]}}]}]')))).toEqual({
      allow: ['rest.get.>'],
      deny: [],
    })
  })
})

describe('policies', () => {
  test('of other workloads and namespaces do not count', () => {
    const elsewhere = policy('rules: [{}]', 'tools')
    const others = policy('selector: {matchLabels: {app: other}}, rules: [{}]', 'shop', 'others')
    const compilation = compileAll(ORDERS, elsewhere, others)
    expect(codes(compilation)).toEqual(['warning route-no-policy'])
    expect(published(compilation)).toEqual(CLOSED)
  })

  test('of the root namespace count for every workload', () => {
    const root = policy('action: DENY, rules: [{from: [{source: {namespaces: [shop]}}]}]', 'istio-system', 'root')
    expect(published(compileAll(ORDERS, EVERYBODY, root))).toEqual(CLOSED)
  })

  test('with targetRefs count at the waypoint and not at the sidecar', () => {
    const waypoint = routes(
      `attachment: waypoint, service: orders, routes: [{subject: shop.orders.list, method: GET, path: /orders}]`,
    )
    const byService = policy('targetRefs: [{group: "", kind: Service, name: orders}], rules: [{}]')
    const byGateway = policy(
      'targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: waypoint}], rules: [{}]',
    )
    expect(published(compileAll(waypoint, byService)).allow).toEqual(['shop.orders.list'])
    expect(published(compileAll(waypoint, byGateway)).allow).toEqual(['shop.orders.list'])
    expect(published(compileAll(waypoint, EVERYBODY))).toEqual(CLOSED)
    expect(published(compileAll(ORDERS, byService))).toEqual(CLOSED)
  })

  test('that are missing close the workload, unless Istio’s own default is asked for', () => {
    const open = routes(`whenNoPolicy: Allow, routes: [{subject: shop.orders.list, method: GET, path: /orders}]`)
    expect(published(compileAll(open)).allow).toEqual(['shop.orders.list'])
    expect(published(compileAll(open, policy('')))).toEqual(CLOSED)
  })

  test('that allow and cannot be read still close the workload', () => {
    const open = routes(`whenNoPolicy: Allow, routes: [{subject: shop.orders.list, method: GET, path: /orders}]`)
    const compilation = compileAll(open, policy('rules: [{form: []}]'))
    expect(codes(compilation)).toContain('error unknown-field')
    expect(published(compilation)).toEqual(CLOSED)
    expect(published(compileAll(open, policy('rules: [{form: []}]', 'tools'))).allow).toEqual(['shop.orders.list'])
  })

  test.each(['action: DENY, ', 'action: CUSTOM, ', 'action: DNEY, ', 'actoin: DENY, '])(
    'that cannot be read and may prohibit (%s) keep the last good snapshot',
    (action) => {
      const broken = policy(`${action}rules: [{form: []}]`)
      expect(compileAll(ORDERS, broken).withheld).toBeDefined()
      expect(compileAll(broken).withheld).toBeUndefined()
      expect(compileAll(ORDERS, policy(`${action}rules: [{form: []}]`, 'tools')).withheld).toBeUndefined()
    },
  )

  test('with an unknown condition are dropped as an ALLOW and match always as a DENY', () => {
    const unknown = 'rules: [{when: [{key: "request.colour", values: [red]}]}]'
    expect(published(compileAll(ORDERS, policy(unknown)))).toEqual(CLOSED)
    const denying = compileAll(ORDERS, EVERYBODY, policy(`action: DENY, ${unknown}`, 'shop', 'deny'))
    expect(published(denying)).toEqual(CLOSED)
    expect(codes(denying)).toContain('warning condition-unknown')
  })
})

describe('what nobody knows on NATS', () => {
  const conditions = [
    'when: [{key: "request.headers[x-a]", values: [b]}]',
    'when: [{key: "request.headers[x-a]", notValues: [b]}]',
    'from: [{source: {ipBlocks: [10.0.0.0/8]}}]',
    'to: [{operation: {ports: ["8080"]}}]',
    'to: [{operation: {notPorts: ["8080"]}}]',
    'when: [{key: destination.ip, values: [10.0.0.1]}]',
  ]

  test.each(conditions)('never allows (%s), and is told', (condition) => {
    const compilation = compileAll(ORDERS, policy(`rules: [{${condition}}]`))
    expect(published(compilation)).toEqual(CLOSED)
    expect(codes(compilation)).toContain('warning route-unknown')
  })

  test.each(conditions)('always denies (%s), and is told', (condition) => {
    const compilation = compileAll(ORDERS, EVERYBODY, policy(`action: DENY, rules: [{${condition}}]`, 'shop', 'deny'))
    expect(published(compilation)).toEqual(CLOSED)
    expect(codes(compilation)).toContain('warning route-unknown')
  })

  test('is known of a port that the route names', () => {
    const named = routes(`port: 8080, routes: [{subject: shop.orders.list, method: GET, path: /orders}]`)
    const only = policy('rules: [{to: [{operation: {ports: ["8080"]}}]}]')
    expect(published(compileAll(named, only)).allow).toEqual(['shop.orders.list'])
  })
})

test('a DENY of a template with an ending takes nothing beside its own beginning', () => {
  const compilation = compileAll(
    routes(`routes: [{subject: 't.{rest...}', method: GET, path: '/t/{rest...}'}]`),
    EVERYBODY,
    policy(`action: DENY, rules: [{to: [{operation: {paths: ['/t/a/{**}/z']}}]}]`, 'shop', 'deny'),
  )
  const { allow, deny } = published(compilation)
  expect(allow).toEqual(['t.>'])
  expect(deny).toContain('t.a.*.z')
  expect(deny.filter((one) => !one.startsWith('t.a.'))).toEqual([])
  expect(codes(compilation)).toContain('warning route-inexact')
})

describe('policies that rule no workload with subjects', () => {
  const broken = [
    policy('rulez: []', 'hr', 'typo'),
    policy('selector: {matchLabels: *x}', 'hr', 'alias'),
    policy('rules: [{}]', 'hr', 'twice'),
    policy('action: DENY, rules: [{}]', 'hr', 'twice'),
  ]

  test('withhold nothing, and what is wrong with them is told', () => {
    const compilation = compileAll(ORDERS, EVERYBODY, ...broken)
    expect(compilation.snapshot).toBeDefined()
    expect(codes(compilation)).toEqual([
      'warning unknown-field',
      'warning alias-unsupported',
      'warning duplicate-document',
      'warning duplicate-document',
    ])
  })

  test('are told nothing in a cluster, or where no document of ours stands beside them', () => {
    const objects = compileObjects(policy('rulez: []', 'hr', 'typo'))
    expect(codes(objects)).toEqual([])
    const alone = compile([{ file: 'istio.yaml', text: broken.join('---\n') }], OPTIONS)
    expect(codes(alone)).toEqual(['warning no-accounts'])
  })
})

describe('a remark', () => {
  function messages(code: string, ...documents: string[]): string[] {
    return compileAll(...documents)
      .diagnostics.filter((one) => one.code === code)
      .map(({ message, hint }) => `${message}; ${hint}`)
  }

  test('tells what a rule leaves out from what it allows', () => {
    const files = routes(`routes: [{subject: 'f.{rest...}', method: GET, path: '/f/{rest...}'}]`)
    const allow = policy(`rules: [{to: [{operation: {paths: ['/f/*'], notPaths: ['/f/c*']}}]}]`)
    expect(messages('route-inexact', files, allow)).toEqual([
      expect.stringMatching(/^rule 0 of AuthorizationPolicy shop\/policy leaves out "\/f\/c\*", which whole tokens/),
    ])
  })

  test('says what an unknown condition comes to', () => {
    const unknown = 'rules: [{when: [{key: source.workload, values: [a]}]}]'
    expect(messages('condition-unknown', ORDERS, policy(unknown))).toEqual([
      expect.stringContaining('unknown condition key "source.workload", so its rule allows nothing'),
    ])
    expect(
      messages('condition-unknown', ORDERS, EVERYBODY, policy(`action: DENY, ${unknown}`, 'shop', 'deny')),
    ).toEqual([expect.stringContaining('which counts as met, so its rule matches more')])
  })

  test('that no policy selects the workload names those that say no namespace', () => {
    const homeless = policy('rules: [{}]').replace(', namespace: shop', '')
    expect(messages('route-no-policy', ORDERS, homeless)).toEqual([
      expect.stringMatching(/AuthorizationPolicy policy without metadata\.namespace: read as "default"$/),
    ])
    expect(messages('route-no-policy', ORDERS)).toEqual([expect.not.stringContaining('default')])
  })
})

describe('explanations', () => {
  const compilation = compileAll(
    routes(`routes: [{subject: 'shop.files.{rest...}', method: GET, path: '/files/{rest...}'}]`),
    policy(`rules: [{to: [{operation: {paths: ['/files/*'], notPaths: ['/files/x/*']}}]}]`),
    policy(`action: DENY, rules: [{to: [{operation: {paths: [/files/no]}}]}]`, 'shop', 'deny'),
  )
  const decision = decisionFor(compilation, 'web')

  function reasonsFor(subject: string): readonly string[] {
    if (compilation.snapshot === undefined) throw new Error(compilation.withheld)
    const question = { principal: workload('web'), action: 'publish' as const, subject: pattern(subject) }
    const { allowed, reasons } = why(compilation.snapshot, decision, question)
    const told = reasons
      .filter(({ part }) => part !== 'account')
      .map(({ part, origin }) => `${part} ${nameOrigin(origin)}`)
    return [allowed ? 'allowed' : 'denied', ...told]
  }

  test('name the rule of the policy and the route through which it speaks', () => {
    const allow = 'AuthorizationPolicy shop/policy[0] through SubjectRoute shop/orders[0]'
    const deny = 'AuthorizationPolicy shop/deny[0] through SubjectRoute shop/orders[0]'
    expect(reasonsFor('shop.files.a')).toEqual(['allowed', `allow ${allow}`])
    expect(reasonsFor('shop.files.no')).toEqual(['denied', `deny ${deny}`, `allow ${allow}`])
    expect(reasonsFor('shop.files.x.y')).toEqual(['denied', `except ${allow}`])
  })

  test('give each line of the permissions a rule', () => {
    if (compilation.snapshot === undefined) throw new Error(compilation.withheld)
    const { entries } = whatCan(compilation.snapshot, decision, workload('web'))
    const lines = entries
      .filter(({ action }) => action === 'publish')
      .map(({ effect, entry, rules }) => `${effect} ${entry} ${rules.map(({ name }) => name).join(' ')}`)
    expect(lines).toEqual(['allow shop.files.> policy', 'deny shop.files.no deny', 'deny shop.files.x.> policy'])
  })
})
