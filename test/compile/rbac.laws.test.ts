/**
 * Decisions under random roles and bindings against what kube-apiserver would answer (`rbac-oracle.ts`), pattern by pattern:
 * a subject may be used exactly when the API server allows some pattern that matches it, asked in the places that count.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compile, createCompiler, type Compilation, type SourceText } from '../../src/compile/index.ts'
import type { Principal } from '../../src/identity/principal.ts'
import { permits } from '../../src/policy/effective.ts'
import { matchesText } from '../policy/reference.ts'
import { sha256Hex } from '../support/policy-arbitraries.ts'
import { OPTIONS } from './support.ts'
import { isAllowed, type Cluster, type OracleBinding, type OracleRole, type Requirement } from './rbac-oracle.ts'
import {
  accountMap,
  aggregated,
  binding,
  compileAll,
  decisionFor,
  endUser,
  GROUP,
  heldBy,
  role,
  workload,
  type PolicyRule,
  type Subject,
} from './rbac-world.ts'

const PATTERNS = ['a', 'a.b', 'a.*', 'b.>', '*.a', '>'] as const
const SUBJECTS = ['a', 'b', 'a.a', 'a.b', 'b.a', 'b.b', 'c.a', 'b.a.b', 'a.b.a', 'c']
/** What rules without resourceNames, or beginning with a wildcard, have to be waived for. */
const WAIVED = { annotations: { [`${GROUP}/waive`]: 'reach-system,reach-inbox,reach-jetstream' } }

const anyLabels = fc.record({ tier: fc.constantFrom('a', 'b'), team: fc.constant('shop') }, { requiredKeys: [] })

const anyVerbs = fc.uniqueArray(fc.constantFrom('publish', 'subscribe', '*', 'get'), { minLength: 1, maxLength: 2 })

const anyRule = (groups: readonly string[]): fc.Arbitrary<PolicyRule> =>
  fc.record(
    {
      apiGroups: fc.uniqueArray(fc.constantFrom(...groups), { minLength: 1, maxLength: 2 }),
      resources: fc.uniqueArray(fc.constantFrom('subjects', 'subjects', '*', 'pods', '*/x', 'subjectpolicies'), {
        minLength: 1,
        maxLength: 2,
      }),
      verbs: anyVerbs,
      resourceNames: fc.uniqueArray(fc.constantFrom(...PATTERNS), { maxLength: 3 }),
    },
    { requiredKeys: ['apiGroups', 'resources', 'verbs'] },
  )

const anyRequirement: fc.Arbitrary<Requirement> = fc.oneof(
  fc.record({
    key: fc.constantFrom('tier', 'team'),
    operator: fc.constantFrom('In' as const, 'NotIn' as const),
    values: fc.uniqueArray(fc.constantFrom('a', 'b', 'shop'), { minLength: 1, maxLength: 2 }),
  }),
  fc.record({
    key: fc.constantFrom('tier', 'team'),
    operator: fc.constantFrom('Exists' as const, 'DoesNotExist' as const),
  }),
)

const anySelector = fc.record(
  {
    matchLabels: fc.record({ tier: fc.constantFrom('a', 'b') }, { requiredKeys: [] }),
    matchExpressions: fc.array(anyRequirement, { maxLength: 2 }),
  },
  { requiredKeys: [] },
)

function anyRoles(groups: readonly string[]): fc.Arbitrary<OracleRole[]> {
  const rules = fc.array(anyRule(groups), { minLength: 1, maxLength: 3 })
  const names = fc.constantFrom('one', 'two')
  return fc.uniqueArray(
    fc.oneof(
      fc.record({ name: names, labels: anyLabels, rules }),
      fc.record({ name: names, labels: anyLabels, rules, namespace: fc.constantFrom('shop', 'pay') }),
      fc.record({
        name: names,
        labels: anyLabels,
        rules: fc.constant([]),
        selectors: fc.array(anySelector, { maxLength: 2 }),
      }),
    ),
    {
      selector: ({ name, ...rest }) => `${'namespace' in rest ? rest.namespace : ''}/${name}`,
      minLength: 2,
      maxLength: 5,
    },
  )
}

const anySubject: fc.Arbitrary<Subject> = fc.oneof(
  fc.record({
    kind: fc.constant('ServiceAccount' as const),
    name: fc.constantFrom('orders', 'api'),
    namespace: fc.constantFrom('shop', 'pay', 'tools'),
  }),
  fc.record({
    kind: fc.constant('User' as const),
    name: fc.constantFrom(
      'system:serviceaccount:shop:orders',
      'https://idp#alice',
      'https://idp/alice',
      'alice',
      'system:admin',
    ),
  }),
  fc.record({
    kind: fc.constant('Group' as const),
    name: fc.constantFrom(
      'system:serviceaccounts',
      'system:serviceaccounts:shop',
      'system:authenticated',
      'system:masters',
      'staff',
    ),
  }),
)

const anyBindings: fc.Arbitrary<OracleBinding[]> = fc.uniqueArray(
  fc.oneof(
    fc.record({
      name: fc.constantFrom('x', 'y'),
      roleKind: fc.constant('ClusterRole' as const),
      roleName: fc.constantFrom('one', 'two'),
      subjects: fc.array(anySubject, { minLength: 1, maxLength: 3 }),
    }),
    fc.record({
      name: fc.constantFrom('x', 'y'),
      namespace: fc.constantFrom('shop', 'pay', 'tools'),
      roleKind: fc.constantFrom('ClusterRole' as const, 'Role' as const),
      roleName: fc.constantFrom('one', 'two'),
      subjects: fc.array(anySubject, { minLength: 1, maxLength: 3 }),
    }),
  ),
  {
    selector: ({ name, ...rest }) => `${'namespace' in rest ? rest.namespace : ''}/${name}`,
    minLength: 1,
    maxLength: 4,
  },
)

function anyCluster(groups: readonly string[]): fc.Arbitrary<Cluster> {
  return fc.record({ roles: anyRoles(groups), bindings: anyBindings })
}

/** Of which account a namespace is, and whose accounts principals live in. `tools` has no account of its own. */
const ACCOUNTS = { shop: 'SHOP', pay: 'PAY' } as const
const MAP = accountMap({
  SHOP: [{ namespace: 'shop' }, { serviceAccount: 'tools/api' }, { issuer: 'https://idp' }],
  PAY: [{ namespace: 'pay' }],
})

const OTHER_MAP = accountMap({ SHOP: [{ namespace: 'pay' }], PAY: [{ namespace: 'shop' }, { namespace: 'tools' }] })

interface Person {
  readonly principal: Principal
  readonly account: string
  /** What the API server could know the principal as. */
  readonly users: readonly string[]
  readonly groups: readonly string[]
}

function pod(path: string, account: string): Person {
  const [namespace, name] = path.split('/')
  const groups = ['system:authenticated', 'system:serviceaccounts', `system:serviceaccounts:${namespace}`]
  return { principal: workload(path), account, users: [`system:serviceaccount:${namespace}:${name}`], groups }
}

const PEOPLE: readonly Person[] = [
  pod('shop/orders', 'SHOP'),
  pod('shop/api', 'SHOP'),
  pod('pay/orders', 'PAY'),
  pod('tools/api', 'SHOP'),
  {
    principal: endUser('https://idp', 'alice', 'staff'),
    account: 'SHOP',
    users: ['https://idp#alice', 'https://idp/alice'],
    groups: ['system:authenticated', 'staff'],
  },
]

function compileCluster(cluster: Cluster): Compilation {
  return compileAll(MAP, ...documentsOf(cluster))
}

/** Equal documents are the same file, so that a compiler can know it again. */
function filesOf(documents: readonly object[]): SourceText[] {
  const texts = new Set(documents.map((one) => JSON.stringify(one)))
  return [...texts].map((text) => ({ file: `${sha256Hex(text)}.yaml`, text }))
}

function documentsOf({ roles, bindings }: Cluster): object[] {
  return [
    ...roles.map(({ name, namespace, labels, rules, selectors }) =>
      selectors === undefined
        ? role(namespace === undefined ? name : `${namespace}/${name}`, rules, { labels, ...WAIVED })
        : aggregated(name, selectors, labels),
    ),
    ...bindings.map(({ name, namespace, roleKind, roleName, subjects }) =>
      binding(namespace === undefined ? name : `${namespace}/${name}`, `${roleKind} ${roleName}`, ...subjects),
    ),
  ]
}

/** Whether the API server allows some pattern that matches, in the whole cluster or in a namespace of the principal's account. */
function allowedByKubernetes(
  cluster: Cluster,
  { users, groups, account }: Person,
  verb: string,
  subject: string,
): boolean {
  const places = [undefined, ...Object.entries(ACCOUNTS).flatMap(([ns, own]) => (own === account ? [ns] : []))]
  return PATTERNS.filter((pattern) => matchesText(pattern, subject)).some((name) =>
    places.some((namespace) =>
      users.some((user) =>
        isAllowed(cluster, {
          user,
          groups,
          verb,
          group: GROUP,
          resource: 'subjects',
          name,
          ...(namespace === undefined ? {} : { namespace }),
        }),
      ),
    ),
  )
}

interface Answers {
  readonly ours: readonly string[]
  readonly kubernetes: readonly string[]
}

const QUESTIONS = (['publish', 'subscribe'] as const).flatMap((verb) => SUBJECTS.map((subject) => ({ verb, subject })))

/** What everybody may do, as `who verb subject`. */
function answersOf(cluster: Cluster): Answers {
  const compilation = compileCluster(cluster)
  const ours: string[] = []
  const kubernetes: string[] = []
  for (const person of PEOPLE) {
    const decision = decisionFor(compilation, person.principal)
    if (decision.effect === 'deny') throw new Error(decision.code)
    for (const { verb, subject } of QUESTIONS) {
      const question = `${person.principal.name} ${verb} ${subject}`
      if (permits(decision.permissions.filtering, verb, subject)) ours.push(question)
      if (allowedByKubernetes(cluster, person, verb, subject)) kubernetes.push(question)
    }
  }
  return { ours, kubernetes }
}

describe('random roles and bindings', () => {
  test('that name API groups allow exactly what the API server allows', () => {
    let granted = 0
    fc.assert(
      fc.property(anyCluster([GROUP, GROUP, 'apps']), (cluster) => {
        const { ours, kubernetes } = answersOf(cluster)
        expect(ours).toEqual(kubernetes)
        if (ours.length > 0) granted++
      }),
      { numRuns: 80 },
    )
    // A test of clusters that grant nothing would prove nothing.
    expect(granted).toBeGreaterThan(3)
  })

  test('never allow what the API server refuses, whatever API groups they allow', () => {
    fc.assert(
      fc.property(anyCluster([GROUP, '*']), (cluster) => {
        const { ours, kubernetes } = answersOf(cluster)
        expect(ours.filter((answer) => !kubernetes.includes(answer))).toEqual([])
      }),
      { numRuns: 80 },
    )
  })

  test('give the same snapshot and remarks from a compiler that remembers the ones before', () => {
    const edits = fc.array(anyCluster([GROUP, '*']), { minLength: 2, maxLength: 4 })
    fc.assert(
      fc.property(edits, fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }), (clusters, places) => {
        const remembering = createCompiler(OPTIONS)
        for (const [index, cluster] of clusters.entries()) {
          const map = places[index] ? MAP : OTHER_MAP
          const sources = filesOf([map, ...documentsOf(cluster)])
          const { snapshot, diagnostics } = remembering(sources)
          const fresh = compile(sources, OPTIONS)
          expect(diagnostics).toEqual(fresh.diagnostics)
          expect(snapshot).toEqual(fresh.snapshot)
        }
      }),
      { numRuns: 20 },
    )
  })

  test('lose rights and never win any when a document goes', () => {
    const clusters = anyCluster([GROUP, '*']).chain((cluster) =>
      fc.tuple(
        fc.constant(cluster),
        fc.subarray([...cluster.bindings]),
        fc.subarray(cluster.roles.filter(isNoSelection)),
      ),
    )
    fc.assert(
      fc.property(clusters, fc.constantFrom(...PEOPLE), ([cluster, bindings, gone], { principal }) => {
        const roles = cluster.roles.filter((one) => !gone.includes(one))
        const before = heldBy(compileCluster(cluster), principal)
        const after = heldBy(compileCluster({ roles, bindings }), principal)
        for (const side of ['publish', 'subscribe'] as const) {
          const lists = { before: before[side], after: after[side] }
          const won = SUBJECTS.filter((subject) => holds(lists.after, subject) && !holds(lists.before, subject))
          expect({ ...lists, won }).toEqual({ ...lists, won: [] })
        }
      }),
      { numRuns: 80 },
    )
  })
})

function isNoSelection({ selectors }: OracleRole): boolean {
  return selectors === undefined
}

function holds(list: readonly string[], subject: string): boolean {
  return list.some((pattern) => matchesText(pattern, subject))
}
