/** On a real Kubernetes API that does nothing wrong: what is followed, with which rights, and what is written back. */
import { readFileSync, writeFileSync } from 'node:fs'
import { beforeAll, expect, test } from 'vitest'
import type { Diagnostic } from '../../src/policy/diagnostic.ts'
import { RESOURCES } from '../../src/kube/resources.ts'
import { nameRight, requiredRights, type Right } from '../../src/kube/rights.ts'
import { describeOnKubernetes, sharedKubernetes, waitUntil, type TestKubernetes } from '../support/kubernetes.ts'
import { policyCrds } from '../support/policy-crds.ts'
import { openForTest, type Opened } from './support.ts'

const soon = { timeout: 15_000, interval: 10 }
const API_VERSION = 'nats-identity-bridge.dev/v1alpha1'
const OURS = RESOURCES.filter(({ hasStatus }) => hasStatus)
let k: TestKubernetes

function policy(namespace: string, name: string, subject = 'shop.orders'): object {
  const spec = { principals: [{ namespace }], grants: [{ publish: [subject] }] }
  return { apiVersion: API_VERSION, kind: 'SubjectPolicy', metadata: { name, namespace }, spec }
}

/** Of one namespace, without the namespace. */
function within(open: Opened, namespace: string): readonly string[] | undefined {
  return open
    .names()
    ?.filter((name) => name.includes(` ${namespace}/`))
    .map((name) => name.replace(`${namespace}/`, ''))
}

interface LiveStatus {
  readonly metadata: { readonly generation: number; readonly resourceVersion: string }
  readonly status?: {
    readonly observedGeneration: number
    readonly conditions: readonly {
      type: string
      status: string
      reason: string
      message: string
      lastTransitionTime: string
    }[]
  }
}

function live(namespace: string, name: string): Promise<LiveStatus> {
  return k.get<LiveStatus>(`/apis/${API_VERSION}/namespaces/${namespace}/subjectpolicies/${name}`)
}

describeOnKubernetes('a real cluster', () => {
  beforeAll(async () => {
    k = await sharedKubernetes()
    await k.applyCrds(policyCrds())
    await k.applyIstioCrds()
  })

  test('gives the objects of every kind that is read, and each change of them', async () => {
    const open = openForTest(k.kubeconfig)
    await open.cluster.settled
    const ns = await k.namespace('shop')
    const role = k.unique('reader')
    await k.serviceAccount(ns, 'orders', { 'nats-identity-bridge.dev/publish': 'shop.>', other: 'x' })
    const rules = [{ apiGroups: ['nats-identity-bridge.dev'], resources: ['subjects'], verbs: ['publish'] }]
    const bind = { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role }, subjects: [] }
    const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1' }
    await k.apply([
      policy(ns, 'orders'),
      {
        apiVersion: API_VERSION,
        kind: 'AccountMap',
        metadata: { name: role },
        spec: { accounts: [{ account: 'SHOP', principals: [{ namespace: ns }] }] },
      },
      {
        apiVersion: API_VERSION,
        kind: 'SubjectCeiling',
        metadata: { name: role },
        spec: { principals: [{ namespace: ns }], publish: ['shop.>'], subscribe: ['shop.>'] },
      },
      {
        apiVersion: API_VERSION,
        kind: 'SubjectRoute',
        metadata: { name: 'orders', namespace: ns },
        spec: {
          workload: { labels: { app: 'orders' }, serviceAccount: 'orders' },
          port: 8080,
          routes: [{ subject: 'shop.orders.create', method: 'POST', path: '/orders' }],
        },
      },
      {
        apiVersion: 'security.istio.io/v1',
        kind: 'AuthorizationPolicy',
        metadata: { name: 'orders', namespace: ns },
        spec: { rules: [{}] },
      },
      { ...rbac, kind: 'ClusterRole', metadata: { name: role }, rules },
      { ...rbac, kind: 'ClusterRoleBinding', metadata: { name: role }, ...bind },
      { ...rbac, kind: 'Role', metadata: { name: 'r', namespace: ns }, rules },
      { ...rbac, kind: 'RoleBinding', metadata: { name: 'b', namespace: ns }, ...bind },
    ])
    const own = (): readonly string[] | undefined =>
      open.names()?.filter((name) => name.includes(ns) || name.includes(role))
    await expect
      .poll(own, soon)
      .toEqual([
        `AccountMap ${role}`,
        `AuthorizationPolicy ${ns}/orders`,
        `ClusterRole ${role}`,
        `ClusterRoleBinding ${role}`,
        `Role ${ns}/r`,
        `RoleBinding ${ns}/b`,
        `ServiceAccount ${ns}/orders`,
        `SubjectCeiling ${role}`,
        `SubjectPolicy ${ns}/orders`,
        `SubjectRoute ${ns}/orders`,
      ])
    expect(open.cluster.status()).toMatchObject({ problems: [], remarks: [], asOf: expect.any(Number) })
    expect(open.object(`ServiceAccount ${ns}/orders`)?.value).toEqual({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'orders', namespace: ns, annotations: { 'nats-identity-bridge.dev/publish': 'shop.>' } },
    })
    await k.kubectl(['delete', 'subjectpolicy,authorizationpolicy,role', '--all'], { namespace: ns })
    await expect
      .poll(() => within(open, ns), soon)
      .toEqual(['RoleBinding b', 'ServiceAccount orders', 'SubjectRoute orders'])
  })

  test('is followed with the rights that are asked for, and with one less that one is named, until it is granted', async () => {
    const ns = await k.namespace('bridge')
    await k.serviceAccount(ns, 'bridge')
    const name = k.unique('bridge')
    const grant = (rights: readonly Right[]): Promise<void> => k.apply(roleOf(name, ns, rights))
    const rights = requiredRights(true)
    const withheld = rights.find((right) => nameRight(right) === 'list subjectpolicies.nats-identity-bridge.dev')
    await grant(rights.filter((right) => right !== withheld && right.verb !== 'patch'))
    const kubeconfig = await k.kubeconfigFor({ namespace: ns, serviceAccount: 'bridge' })
    const open = openForTest(kubeconfig, { status: true })
    await open.cluster.settled
    await expect.poll(open.problems, soon).toEqual(['the bridge may not list subjectpolicies.nats-identity-bridge.dev'])
    expect(open.cluster.objects()).toBeUndefined()
    expect(open.cluster.status().problems[0]?.hint).toBe(
      'grant it the verb list on subjectpolicies of the API group "nats-identity-bridge.dev", as deploy/kubernetes/rbac.yaml does',
    )
    // All the others at once, although nothing was tried yet; what is told as a problem is not told again.
    await expect.poll(() => open.cluster.status().remarks.map(({ message }) => message), soon).toHaveLength(4)
    await grant(rights)
    await expect.poll(open.names, soon).toBeDefined()
    await expect.poll(() => open.cluster.status(), soon).toMatchObject({ problems: [], remarks: [] })

    // Lost: what was known stays. Regained: what happened meanwhile is heard.
    await k.apply([policy(ns, 'one')])
    await expect.poll(() => within(open, ns), soon).toContain('SubjectPolicy one')
    await grant(rights.filter(({ resource }) => resource !== 'subjectpolicies'))
    await expect.poll(open.problems, soon).toEqual([expect.stringMatching(/may not (?:watch|list) subjectpolicies/)])
    await k.apply([policy(ns, 'two')])
    expect(within(open, ns)).not.toContain('SubjectPolicy two')
    await grant(rights)
    await expect.poll(() => within(open, ns), soon).toContain('SubjectPolicy two')
    await expect.poll(open.problems, soon).toEqual([])
  })

  test('is followed on with the token that its file holds now', async () => {
    const ns = await k.namespace('bridge')
    await k.serviceAccount(ns, 'bridge')
    await k.apply(roleOf(k.unique('bridge'), ns, requiredRights(false)))
    const kubeconfig = await k.kubeconfigFor({ namespace: ns, serviceAccount: 'bridge' })
    const tokenFile = /tokenFile: *"?([^\s",]+)/.exec(readFileSync(kubeconfig, 'utf8'))?.[1] ?? ''
    const good = readFileSync(tokenFile, 'utf8')
    writeFileSync(tokenFile, 'expired')
    const open = openForTest(kubeconfig)
    await open.cluster.settled
    expect(open.problems()).toEqual(['the Kubernetes API answered 401 Unauthorized'])
    expect(open.names()).toBeUndefined()
    // Ended by a line, as editors leave it.
    writeFileSync(tokenFile, `${good.trim()}\n`)
    await expect.poll(open.names, soon).toBeDefined()
    await expect.poll(open.problems, soon).toEqual([])
  })

  test('shows in each object whether it compiles and is in force, for the form that was read', async () => {
    const ns = await k.namespace('shop')
    await k.apply([policy(ns, 'good'), policy(ns, 'bad')])
    const open = openForTest(k.kubeconfig, { status: true, resources: OURS })
    await open.cluster.settled
    await expect.poll(() => within(open, ns), soon).toHaveLength(2)
    const inForce = (): ReadonlySet<NonNullable<ReturnType<Opened['object']>>> => new Set(open.cluster.objects())
    const mistake = (message: string): Diagnostic => {
      const where = { kind: 'SubjectPolicy', namespace: ns, name: 'bad' }
      return { severity: 'error', code: 'pattern-invalid', message, hint: 'write it out', ...where }
    }
    open.cluster.judged({ diagnostics: [mistake('first'), mistake('second')], inForce: inForce() })
    const conditions = async (name: string): Promise<readonly string[]> => {
      const { status } = await live(ns, name)
      return (status?.conditions ?? []).map((one) => `${one.type} ${one.status} ${one.reason}: ${one.message}`)
    }
    await expect
      .poll(() => conditions('good'), soon)
      .toEqual([
        'Compiled True Compiled: the document compiles',
        'Enforced True InForce: the policy in force holds this document',
      ])
    expect(await conditions('bad')).toEqual([
      'Compiled False PatternInvalid: first (write it out); second (write it out)',
      'Enforced False NotCompiled: the policy in force holds nothing of this document, because it does not compile',
    ])
    const before = await live(ns, 'good')
    expect(before.status?.observedGeneration).toBe(before.metadata.generation)

    // The same words again are not written again; another form of the object is told of anew, and since when.
    await k.apply([policy(ns, 'bad', 'shop.better')])
    await waitUntil(() => JSON.stringify(open.object(`SubjectPolicy ${ns}/bad`)?.value).includes('better'))
    open.cluster.judged({ diagnostics: [], inForce: inForce() })
    await expect
      .poll(() => conditions('bad'), soon)
      .toEqual([
        'Compiled True Compiled: the document compiles',
        'Enforced True InForce: the policy in force holds this document',
      ])
    const after = await live(ns, 'bad')
    expect([after.metadata.generation, after.status?.observedGeneration]).toEqual([2, 2])
    expect((await live(ns, 'good')).metadata.resourceVersion).toBe(before.metadata.resourceVersion)
    // Conditions of others are left alone, and so are ours: two replicas do not fight.
    const second = openForTest(k.kubeconfig, { status: true, resources: OURS })
    await second.cluster.settled
    await expect.poll(() => within(second, ns), soon).toHaveLength(2)
    second.cluster.judged({ diagnostics: [], inForce: new Set(second.cluster.objects()) })
    await k.apply([policy(ns, 'third')])
    await waitUntil(() => second.object(`SubjectPolicy ${ns}/third`))
    second.cluster.judged({ diagnostics: [], inForce: new Set(second.cluster.objects()) })
    await expect.poll(() => conditions('third'), soon).toHaveLength(2)
    expect((await live(ns, 'good')).metadata.resourceVersion).toBe(before.metadata.resourceVersion)
  })

  test('says that the last good policy is kept, to the objects that are not in it', async () => {
    const ns = await k.namespace('shop')
    await k.apply([policy(ns, 'old')])
    const open = openForTest(k.kubeconfig, { status: true, resources: OURS })
    await open.cluster.settled
    await expect.poll(() => within(open, ns), soon).toHaveLength(1)
    const inForce = new Set(open.cluster.objects())
    await k.apply([policy(ns, 'new')])
    await expect.poll(() => within(open, ns), soon).toHaveLength(2)
    open.cluster.judged({ diagnostics: [], inForce })
    const enforced = async (name: string): Promise<string | undefined> => {
      const { status } = await live(ns, name)
      return status?.conditions.find(({ type }) => type === 'Enforced')?.reason
    }
    await expect.poll(() => enforced('new'), soon).toBe('LastGoodKept')
    await expect.poll(() => enforced('old'), soon).toBe('InForce')
  })

  test('is followed although its conditions may not be written, and that is said once', async () => {
    const ns = await k.namespace('bridge')
    await k.serviceAccount(ns, 'bridge')
    await k.apply([...roleOf(k.unique('bridge'), ns, requiredRights(false)), policy(ns, 'one')])
    const kubeconfig = await k.kubeconfigFor({ namespace: ns, serviceAccount: 'bridge' })
    const open = openForTest(kubeconfig, { status: true })
    await open.cluster.settled
    await expect.poll(() => within(open, ns), soon).toContain('SubjectPolicy one')
    open.cluster.judged({ diagnostics: [], inForce: new Set(open.cluster.objects()) })
    const told = (): readonly string[] => open.cluster.status().remarks.map(({ message }) => message)
    await expect.poll(told, soon).toContain('the bridge may not patch subjectpolicies.nats-identity-bridge.dev/status')
    expect(new Set(told()).size).toBe(told().length)
    expect(open.problems()).toEqual([])
    expect((await live(ns, 'one')).status).toBeUndefined()
  })

  test('is the one of the context that is named', async () => {
    const open = openForTest(k.kubeconfig, { context: 'nowhere' })
    await open.cluster.settled
    expect(open.problems()).toEqual([expect.stringMatching(/the context "nowhere" of .* names no cluster or no user$/)])
  })
})

function roleOf(name: string, namespace: string, rights: readonly Right[]): readonly object[] {
  const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1' }
  const rules = rights.map(({ verb, group, resource }) => ({
    verbs: [verb],
    apiGroups: [group],
    resources: [resource],
  }))
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name }
  const subjects = [{ kind: 'ServiceAccount', name: 'bridge', namespace }]
  return [
    { ...rbac, kind: 'ClusterRole', metadata: { name }, rules },
    { ...rbac, kind: 'ClusterRoleBinding', metadata: { name }, roleRef, subjects },
  ]
}
