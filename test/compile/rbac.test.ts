/** Kubernetes RBAC as grants: which roles, bindings and subjects count, in which account, and what is told of the rest. */
import { describe, expect, test } from 'vitest'
import { why } from '../../src/audit/why.ts'
import { nameOrigin } from '../../src/policy/origin.ts'
import { parsePattern } from '../../src/subject/index.ts'
import { createCompiler } from '../../src/compile/index.ts'
import { codesOf, errorsOf, OPTIONS } from './support.ts'
import {
  accountMap,
  aggregated,
  binding,
  compileAll,
  decisionFor,
  endUser,
  group,
  GROUP,
  heldBy,
  on,
  role,
  sa,
  serviceAccount,
  user,
  workload,
} from './rbac-world.ts'

const accounts = accountMap({
  SHOP: [{ namespace: 'shop' }],
  PAY: [{ namespace: 'pay' }],
  STAFF: [{ issuer: 'https://idp' }],
})
const orders = workload('shop/orders')
const nothing = { publish: [], subscribe: [] }

describe('a rule on subjects', () => {
  test('grants its verbs on its resourceNames, read as NATS patterns', () => {
    const bound = binding('orders', 'ClusterRole orders', sa('shop/orders'))
    const rules = [on(['publish'], 'shop.orders.>', 'shop.*.done'), on(['*'], 'shop.audit')]
    const compilation = compileAll(accounts, role('orders', rules), bound)
    expect(compilation.diagnostics).toEqual([])
    expect(heldBy(compilation, orders)).toEqual({
      publish: ['shop.*.done', 'shop.audit', 'shop.orders.>'],
      subscribe: ['shop.audit'],
    })
    expect(heldBy(compilation, workload('shop/other'))).toEqual(nothing)
  })

  test('to publish does not bring an inbox', () => {
    const compilation = compileAll(
      accounts,
      role('r', [on(['publish'], 'a')]),
      binding('b', 'ClusterRole r', sa('shop/orders')),
    )
    expect(heldBy(compilation, orders)).toEqual({ publish: ['a'], subscribe: [] })
  })

  test.for([
    ['another API group', { apiGroups: ['apps'], resources: ['subjects'], verbs: ['*'] }],
    ['another resource of our group', { apiGroups: [GROUP], resources: ['subjectpolicies'], verbs: ['*'] }],
    ['subresources of anything', { apiGroups: [GROUP], resources: ['*/status'], verbs: ['*'] }],
    ['reading all of our group', { apiGroups: [GROUP], resources: ['*'], verbs: ['get', 'list', 'watch'] }],
    ['a URL', { nonResourceURLs: ['*'], verbs: ['*'] }],
    ['an object that is named like us', { apiGroups: ['apps'], resources: ['subjects'], resourceNames: [GROUP] }],
  ] as const)('is none that speaks of %s, and there is nothing to say of it', ([, rule]) => {
    const bound = binding('b', 'ClusterRole r', sa('shop/orders'))
    const compilation = compileAll(accounts, role('r', [rule]), bound)
    expect(compilation.diagnostics).toEqual([])
    expect(heldBy(compilation, orders)).toEqual(nothing)
  })

  test('counts beside other groups and resources, and through resources "*"', () => {
    const rules = [
      { apiGroups: ['', GROUP], resources: ['pods', 'subjects'], verbs: ['get', 'publish'], resourceNames: ['a'] },
      { apiGroups: [GROUP], resources: ['*'], verbs: ['get', 'subscribe'], resourceNames: ['b'] },
    ]
    const compilation = compileAll(accounts, role('r', rules), binding('b', 'ClusterRole r', sa('shop/orders')))
    expect(compilation.diagnostics).toEqual([])
    expect(heldBy(compilation, orders)).toEqual({ publish: ['a'], subscribe: ['b'] })
  })

  test.for([
    ['verbs', { ...on(['publsh', 'subscribe'], 'a') }, 'verb-unknown', 'did you mean "publish"?'],
    ['verbs', { ...on(['request', 'subscribe'], 'a') }, 'verb-unknown', undefined],
    ['verbs', { ...on(['get', 'subscribe'], 'a') }, 'verb-unknown', undefined],
    [
      'resources',
      { ...on(['subscribe'], 'a'), resources: ['subject'] },
      'resource-unknown',
      'did you mean "subjects"?',
    ],
    ['resources', { ...on(['subscribe'], 'a'), resources: ['subjects/x'] }, 'resource-unknown', undefined],
    [
      'apiGroups',
      { ...on(['subscribe'], 'a'), apiGroups: [`${GROUP}/v1alpha1`] },
      'api-group-unknown',
      `write ${GROUP}`,
    ],
  ] as const)('with a slip of the pen in %s grants less and says so', ([field, rule, code, hint]) => {
    const compilation = compileAll(accounts, role('r', [rule]), binding('b', 'ClusterRole r', sa('shop/orders')))
    const [told] = compilation.diagnostics
    expect(told).toMatchObject({ severity: 'warning', code, kind: 'ClusterRole', name: 'r', rule: 0, line: 4 })
    if (hint !== undefined) expect(told?.hint).toBe(hint)
    const { publish, subscribe } = heldBy(compilation, orders)
    expect(publish).toEqual([])
    expect(subscribe).toEqual(field === 'verbs' ? ['a'] : [])
  })

  test.for([
    ['a pattern that NATS refuses', { ...on(['publish'], 'a..b') }, 'pattern-invalid'],
    ['part of a token as a wildcard', { ...on(['publish'], 'foo-*') }, 'pattern-invalid'],
    [
      'a misspelt field, which would else mean every subject',
      { ...on(['publish']), resourceName: ['a'] },
      'unknown-field',
    ],
    ['no verbs', { apiGroups: [GROUP], resources: ['subjects'] }, 'missing-field'],
    ['a text for a list', { ...on(['publish'], 'a'), apiGroups: GROUP }, 'wrong-type'],
    ['the inboxes of others', { ...on(['subscribe'], '_INBOX.>') }, 'reach-inbox'],
    ['system subjects', { ...on(['publish'], '$SYS.REQ.>') }, 'reach-system'],
  ] as const)('with %s is an error, and the whole role grants nothing', ([, rule, code]) => {
    const rules = [on(['publish'], 'fine'), rule]
    const compilation = compileAll(accounts, role('r', rules), binding('b', 'ClusterRole r', sa('shop/orders')))
    expect(errorsOf(compilation)).toEqual([code])
    expect(compilation.diagnostics[0]).toMatchObject({ file: 'rbac.yaml', line: 4, rule: 1 })
    expect(compilation.diagnostics[0]?.column).toBeGreaterThan(100)
    // Only rights are lost, so the rest of the policy goes on.
    expect(compilation.snapshot).toBeDefined()
    expect(heldBy(compilation, orders)).toEqual(nothing)
  })

  test('without resourceNames means every subject, which has to be waived reach by reach', () => {
    const bound = binding('b', 'ClusterRole r', sa('shop/orders'))
    const bare = compileAll(accounts, role('r', [on(['publish'])]), bound)
    expect(errorsOf(bare).toSorted()).toEqual(['reach-inbox', 'reach-jetstream', 'reach-system'])
    expect(heldBy(bare, orders)).toEqual(nothing)

    const annotations = { [`${GROUP}/waive`]: 'reach-inbox,reach-jetstream,reach-system' }
    const waived = compileAll(accounts, role('r', [on(['publish'])], { annotations }), bound)
    expect(waived.diagnostics).toEqual([])
    expect(heldBy(waived, orders)).toEqual({ publish: ['>'], subscribe: [] })
  })

  test('named "*" means one token, as in NATS, and says so', () => {
    const bound = binding('b', 'ClusterRole r', sa('shop/orders'))
    expect(errorsOf(compileAll(accounts, role('r', [on(['publish'], '*')]), bound))).toHaveLength(3)
    const annotations = { [`${GROUP}/waive`]: 'reach-inbox,reach-jetstream,reach-system' }
    const waived = compileAll(accounts, role('r', [on(['publish'], '*')], { annotations }), bound)
    expect(codesOf(waived)).toEqual(['star-is-one-token'])
    expect(heldBy(waived, orders)).toEqual({ publish: ['*'], subscribe: [] })
  })
})

describe('every API group', () => {
  const admin = role('cluster-admin', [
    { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
    { nonResourceURLs: ['*'], verbs: ['*'] },
  ])

  test('is not ours: cluster-admin breaks nothing, grants nothing, and is not worth a word as clusters bind it', () => {
    const masters = binding('cluster-admin', 'ClusterRole cluster-admin', group('system:masters'))
    expect(compileAll(accounts, admin, masters).diagnostics).toEqual([])
  })

  test('bound to somebody who can be a NATS client grants nothing, and says so', () => {
    const compilation = compileAll(accounts, admin, binding('ci', 'ClusterRole cluster-admin', sa('shop/orders')))
    expect(compilation.diagnostics).toMatchObject([{ severity: 'info', code: 'api-group-any', name: 'ci' }])
    expect(heldBy(compilation, orders)).toEqual(nothing)
  })
})

describe('a binding', () => {
  const shopRole = role('shop/r', [on(['publish'], 'a')])
  const clusterRole = role('r', [on(['publish'], 'c')])

  test.for([
    ['RoleBinding', 'shop/b', 'Role r', ['a']],
    ['RoleBinding', 'shop/b', 'ClusterRole r', ['c']],
    ['ClusterRoleBinding', 'b', 'ClusterRole r', ['c']],
  ] as const)('%s %s binds %s', ([, path, ref, publish]) => {
    const compilation = compileAll(accounts, shopRole, clusterRole, binding(path, ref, sa('shop/orders')))
    expect(compilation.diagnostics).toEqual([])
    expect(heldBy(compilation, orders).publish).toEqual(publish)
  })

  test.for([
    ['that does not exist', 'shop/b', 'Role rr', 'role-missing'],
    ['of another namespace', 'pay/b', 'Role r', 'role-missing'],
    ['of a kind that it cannot bind', 'b', 'Role r', 'role-missing'],
  ] as const)('of a role %s grants nothing and warns', ([, path, ref, code]) => {
    const compilation = compileAll(accounts, shopRole, binding(path, ref, sa('shop/orders')))
    expect(compilation.diagnostics).toMatchObject([
      { severity: 'warning', code, name: 'b', file: 'rbac.yaml', line: 6 },
    ])
    expect(compilation.diagnostics[0]?.hint).toBeDefined()
    expect(heldBy(compilation, orders)).toEqual(nothing)
  })

  test('of a missing role is told beside documents of ours, and only there', () => {
    const dangling = binding('b', 'ClusterRole nobody-wrote', sa('shop/orders'))
    expect(codesOf(compileAll(accounts, dangling))).toEqual(['role-missing'])
    expect(codesOf(compileAll(dangling))).toEqual(['no-documents'])
    // Every cluster has these.
    expect(codesOf(compileAll(accounts, binding('b', 'ClusterRole view', sa('shop/orders'))))).toEqual([])
  })

  test('that is deleted takes its rights away', () => {
    const bound = binding('b', 'ClusterRole r', sa('shop/orders'))
    const before = compileAll(accounts, clusterRole, bound)
    const after = compileAll(accounts, clusterRole)
    expect(heldBy(before, orders).publish).toEqual(['c'])
    expect(heldBy(after, orders)).toEqual(nothing)
    expect(after.snapshot?.id).not.toBe(before.snapshot?.id)
  })

  test.for([
    ['a subject of an unknown kind', { subjects: [{ kind: 'Sa', name: 'x', namespace: 'shop' }] }, 'invalid-value'],
    ['a ServiceAccount without namespace', { subjects: [{ kind: 'ServiceAccount', name: 'orders' }] }, 'missing-field'],
    ['subjects that are no list', { subjects: { kind: 'User' } }, 'wrong-type'],
    ['an unknown field', { subject: [] }, 'unknown-field'],
    [
      'a version that Kubernetes no longer serves',
      { apiVersion: 'rbac.authorization.k8s.io/v1beta1' },
      'invalid-value',
    ],
  ] as const)('with %s is an error, and grants nothing', ([, change, code]) => {
    const broken = { ...binding('b', 'ClusterRole r', sa('shop/orders')), ...change }
    const compilation = compileAll(accounts, clusterRole, broken)
    expect(errorsOf(compilation)).toContain(code)
    expect(compilation.snapshot).toBeDefined()
    expect(heldBy(compilation, orders)).toEqual(nothing)
    // What has nothing to do with us, Kubernetes will say.
    const others = role('r', [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }])
    expect(compileAll(accounts, others, broken).diagnostics).toEqual([])
  })

  test('written twice is used not once', () => {
    const bound = binding('b', 'ClusterRole r', sa('shop/orders'))
    const compilation = compileAll(accounts, clusterRole, bound, bound)
    expect(errorsOf(compilation)).toEqual(['duplicate-document', 'duplicate-document'])
    expect(heldBy(compilation, orders)).toEqual(nothing)
    const roles = compileAll(accounts, clusterRole, clusterRole, bound)
    expect(errorsOf(roles)).toEqual(['duplicate-document', 'duplicate-document'])
    expect(heldBy(roles, orders)).toEqual(nothing)
    const pods = role('p', [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }])
    expect(compileAll(accounts, pods, pods).diagnostics).toEqual([])
  })

  test('and its role are both named as the reason', () => {
    const compilation = compileAll(accounts, shopRole, binding('shop/b', 'Role r', sa('shop/orders')))
    const subject = parsePattern('a')
    if (!subject.ok || compilation.snapshot === undefined) throw new Error('not compiled')
    const answer = why(compilation.snapshot, decisionFor(compilation, orders), {
      principal: orders,
      action: 'publish',
      subject: subject.value,
    })
    expect(answer.reasons.map(({ part, origin }) => `${part} ${nameOrigin(origin)}`)).toEqual([
      'account AccountMap accounts[0]',
      'allow RoleBinding shop/b through Role shop/r[0]',
    ])
  })
})

describe('a RoleBinding', () => {
  const clusterRole = role('r', [on(['publish'], 'a')])
  const everybody = group('system:authenticated')

  test('grants in the account of its namespace only', () => {
    const compilation = compileAll(accounts, clusterRole, binding('shop/b', 'ClusterRole r', everybody))
    expect(compilation.diagnostics).toEqual([])
    expect(heldBy(compilation, orders).publish).toEqual(['a'])
    expect(heldBy(compilation, workload('pay/orders')).publish).toEqual([])
    expect(heldBy(compilation, endUser('https://idp', 'alice')).publish).toEqual([])
    const cluster = compileAll(accounts, clusterRole, binding('b', 'ClusterRole r', everybody))
    expect(heldBy(cluster, workload('pay/orders')).publish).toEqual(['a'])
    expect(heldBy(cluster, endUser('https://idp', 'alice')).publish).toEqual(['a'])
  })

  test('grants to whoever lives in that account, from whatever namespace', () => {
    const map = accountMap({ SHOP: [{ namespace: 'shop' }, { serviceAccount: 'tools/probe' }] })
    const compilation = compileAll(map, clusterRole, binding('shop/b', 'ClusterRole r', sa('tools/probe')))
    expect(compilation.diagnostics).toEqual([])
    expect(heldBy(compilation, workload('tools/probe')).publish).toEqual(['a'])
  })

  test('warns of a ServiceAccount that lives elsewhere', () => {
    const compilation = compileAll(accounts, clusterRole, binding('shop/b', 'ClusterRole r', sa('pay/orders')))
    expect(compilation.diagnostics).toMatchObject([{ severity: 'warning', code: 'subject-in-other-account' }])
    expect(compilation.diagnostics[0]?.message).toContain('pay/orders lives in PAY')
  })

  test.for([
    ['namespace', { namespace: 'shop' }],
    ['serviceAccount with *', { serviceAccount: 'shop/*' }],
    ['every ServiceAccount', { serviceAccount: '*/*' }],
    ['the SPIFFE IDs of a namespace', { spiffeId: 'spiffe://cluster.local/ns/shop/*' }],
    ['the trust domain', { trustDomain: 'cluster.local' }],
    ['the group of a namespace', { group: 'system:serviceaccounts:shop' }],
    ['everybody', { authenticated: true }],
  ] as const)('takes the account that an AccountMap gives to all of the namespace by %s', ([, entry]) => {
    const map = accountMap({ SHOP: [entry] })
    const compilation = compileAll(map, clusterRole, binding('shop/b', 'ClusterRole r', sa('shop/orders')))
    expect(compilation.diagnostics).toEqual([])
    expect(heldBy(compilation, orders).publish).toEqual(['a'])
  })

  test.for([
    ['names single ServiceAccounts only', { SHOP: [{ serviceAccount: 'shop/orders' }] }, 'namespace-without-account'],
    ['asks for more', { SHOP: [{ namespace: 'shop', group: 'x' }] }, 'namespace-without-account'],
    ['names another namespace', { SHOP: [{ namespace: 'pay' }] }, 'namespace-without-account'],
    [
      'names two accounts',
      { SHOP: [{ namespace: 'shop' }], ALL: [{ serviceAccount: '*/*' }] },
      'namespace-in-several-accounts',
    ],
  ] as const)('grants nothing where the AccountMap %s', ([, map, code]) => {
    const bound = binding('shop/b', 'ClusterRole r', sa('shop/orders'))
    const compilation = compileAll(accountMap(map), clusterRole, bound)
    expect(codesOf(compilation)).toContain(code)
    expect(compilation.snapshot?.model.grants).toEqual([])
  })
})

describe('a subject', () => {
  const map = accountMap({ ALL: [{ authenticated: true }] })
  const clusterRole = role('r', [on(['publish'], 'a')])
  const foreign = workload('spiffe://other.example/ns/shop/sa/orders')
  const alice = endUser('https://idp/realm', 'alice', 'staff')
  const odd = endUser('https://idp/realm', 'a*/b')
  const universe = {
    orders,
    'pay/orders': workload('pay/orders'),
    foreign,
    alice,
    odd,
    bob: endUser('https://idp', 'bob'),
  }

  test.for([
    [sa('shop/orders'), ['orders']],
    [user('system:serviceaccount:shop:orders'), ['orders']],
    [group('system:serviceaccounts:shop'), ['orders']],
    [group('system:serviceaccounts'), ['orders', 'pay/orders']],
    [group('system:authenticated'), ['orders', 'pay/orders', 'alice', 'odd', 'bob']],
    [group('staff'), ['alice']],
    [user('spiffe://other.example/ns/shop/sa/orders'), ['foreign']],
    [user('https://idp/realm/alice'), ['alice']],
    [user('https://idp/realm#alice'), ['alice']],
    // Read as Kubernetes reads it: no wildcards.
    [user('https://idp/realm#a*/b'), ['odd']],
    [user('https://idp/realm/*'), []],
    [user('https://idp#realm/alice'), []],
  ] as const)('%o means %o', ([subject, names]) => {
    const compilation = compileAll(map, clusterRole, binding('b', 'ClusterRole r', subject))
    expect(compilation.diagnostics).toEqual([])
    const granted = Object.entries(universe).filter(([, one]) => heldBy(compilation, one).publish.includes('a'))
    expect(granted.map(([name]) => name)).toEqual(names)
  })

  test.for([
    user('alice'),
    user('*'),
    user('alice@example.com'),
    user('https://idp'),
    user('#alice'),
    user('https://idp#'),
    user('https://idp#a#b'),
    user('system:kube-scheduler'),
    user('system:serviceaccount:shop:*'),
    user('SPIFFE://cluster.local/ns/shop/sa/orders'),
    user('spiffe://Cluster.local/ns/shop/sa/orders'),
    group('system:masters'),
    group('system:unauthenticated'),
    group('system:serviceaccounts:*'),
    sa('shop/*'),
    sa('*/orders'),
  ])('%o means nobody, and says so', (subject) => {
    const compilation = compileAll(map, clusterRole, binding('b', 'ClusterRole r', subject))
    expect(compilation.diagnostics).toMatchObject([{ severity: 'warning', code: 'subject-nobody' }])
    expect(compilation.snapshot?.model.grants).toEqual([])
  })

  test('in a RoleBinding without a namespace is of the namespace of the binding', () => {
    const bound = binding('shop/b', 'ClusterRole r', { kind: 'ServiceAccount', name: 'orders' })
    const compilation = compileAll(map, clusterRole, bound)
    expect(compilation.diagnostics).toEqual([])
    expect(heldBy(compilation, orders).publish).toEqual(['a'])
    expect(heldBy(compilation, workload('pay/orders')).publish).toEqual([])
  })
})

describe('an aggregated ClusterRole', () => {
  const part = (name: string, labels: object): object => role(name, [on(['publish'], name)], { labels })
  const parts = [part('one', { tier: 'a', team: 'shop' }), part('two', { tier: 'b' }), part('three', {})]
  const bound = binding('b', 'ClusterRole all', sa('shop/orders'))

  test.for([
    ['matchLabels', [{ matchLabels: { tier: 'a' } }], ['one']],
    ['In', [{ matchExpressions: [{ key: 'tier', operator: 'In', values: ['a', 'b'] }] }], ['one', 'two']],
    ['NotIn', [{ matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['a'] }] }], ['three', 'two']],
    ['Exists', [{ matchExpressions: [{ key: 'team', operator: 'Exists' }] }], ['one']],
    ['DoesNotExist', [{ matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] }], ['three']],
    [
      'both, which both must hold',
      [{ matchLabels: { tier: 'a' }, matchExpressions: [{ key: 'team', operator: 'DoesNotExist' }] }],
      [],
    ],
    ['any of several selectors', [{ matchLabels: { tier: 'a' } }, { matchLabels: { tier: 'b' } }], ['one', 'two']],
    ['a selector that asks for nothing', [{}], ['one', 'three', 'two']],
    ['no selector', [], []],
  ] as const)('grants what its selectors select: %s', ([, selectors, publish]) => {
    const compilation = compileAll(accounts, ...parts, aggregated('all', selectors), bound)
    expect(compilation.diagnostics).toEqual([])
    expect(heldBy(compilation, orders).publish).toEqual(publish)
  })

  test('aggregates what others aggregate, and ends in a circle', () => {
    const middle = aggregated('middle', [{ matchLabels: { tier: 'a' } }, { matchLabels: { top: 'yes' } }], {
      mid: 'yes',
    })
    const top = aggregated('all', [{ matchLabels: { mid: 'yes' } }], { top: 'yes' })
    const compilation = compileAll(accounts, ...parts, middle, top, bound)
    expect(compilation.diagnostics).toEqual([])
    expect(heldBy(compilation, orders).publish).toEqual(['one'])
  })

  test('has no rules of its own, but may carry the copies that Kubernetes makes', () => {
    const all = aggregated('all', [{ matchLabels: { tier: 'a' } }])
    const served = compileAll(accounts, ...parts, { ...all, rules: [on(['publish'], 'one')] }, bound)
    expect(served.diagnostics).toEqual([])
    const own = compileAll(accounts, ...parts, { ...all, rules: [on(['publish'], 'mine')] }, bound)
    expect(codesOf(own)).toEqual(['rules-overwritten'])
    expect(heldBy(own, orders).publish).toEqual(['one'])
  })

  test('whose selector cannot be read grants nothing by it, and says so', () => {
    const broken = aggregated('all', [{ matchExpressions: [{ key: 'tier', operator: 'Inn', values: ['a'] }] }])
    const compilation = compileAll(accounts, ...parts, broken, bound)
    expect(errorsOf(compilation)).toEqual(['invalid-value'])
    expect(heldBy(compilation, orders)).toEqual(nothing)
  })

  test('loses the rights of a role that loses its label', () => {
    const all = aggregated('all', [{ matchLabels: { tier: 'a' } }])
    expect(heldBy(compileAll(accounts, part('one', {}), all, bound), orders)).toEqual(nothing)
  })
})

test('lists of roles and bindings, as kubectl prints them, are read', () => {
  const roles = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleList',
    items: [role('r', [on(['publish'], 'a')])],
  }
  const bindings = { apiVersion: 'v1', kind: 'List', items: [binding('b', 'ClusterRole r', sa('shop/orders'))] }
  const compilation = compileAll(accounts, roles, bindings)
  expect(compilation.diagnostics).toEqual([])
  expect(heldBy(compilation, orders).publish).toEqual(['a'])
})

test('a misspelt kind of RBAC is ignored, and says so', () => {
  const misspelt = { ...binding('b', 'ClusterRole r', sa('shop/orders')), kind: 'ClusterRoleBindng' }
  const compilation = compileAll(accounts, misspelt)
  expect(compilation.diagnostics).toMatchObject([{ severity: 'warning', code: 'kind-unknown' }])
  expect(compilation.snapshot).toBeDefined()
})

test('roles without an AccountMap are no empty folder, but nobody gets in', () => {
  const compilation = compileAll(role('r', [on(['publish'], 'a')]), binding('b', 'ClusterRole r', sa('shop/orders')))
  expect(codesOf(compilation)).toEqual(['no-accounts'])
})

test('where a role and its binding are written does not change the snapshot', () => {
  const documents = [
    accounts,
    role('shop/r', [on(['*'], 'a')]),
    role('r', [on(['publish'], 'b')]),
    binding('shop/b', 'Role r', sa('shop/orders')),
    binding('b', 'ClusterRole r', group('staff'), sa('shop/orders')),
    serviceAccount('shop/orders', { publish: 'c' }),
  ]
  const one = compileAll(...documents).snapshot
  expect(compileAll(...documents.toReversed()).snapshot?.id).toBe(one?.id)
  expect(one?.model.grants).toHaveLength(4)
})

test('a binding that stays as it is follows its role and the account of its namespace', () => {
  const compile = createCompiler(OPTIONS)
  const bound = binding('shop/b', 'Role r', sa('shop/orders'))
  const heldUnder = (map: object, ...rules: unknown[]): unknown => {
    const documents = { map, role: role('shop/r', rules), bound }
    const sources = Object.entries(documents).map(([file, one]) => ({ file, text: JSON.stringify(one) }))
    return heldBy(compile(sources), orders)
  }
  const moved = accountMap({ OTHER: [{ namespace: 'shop' }] })
  expect(heldUnder(accounts, on(['publish'], 'a'))).toEqual({ publish: ['a'], subscribe: [] })
  expect(heldUnder(accounts, on(['publish'], 'b'))).toEqual({ publish: ['b'], subscribe: [] })
  expect(heldUnder(moved, on(['publish'], 'b'))).toEqual({ publish: ['b'], subscribe: [] })
  expect(heldUnder(accounts, on(['publish'], 'b'), on(['subscribe'], 'c'))).toEqual({
    publish: ['b'],
    subscribe: ['c'],
  })
})
