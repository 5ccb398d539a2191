/**
 * What the bridge may do in a cluster, by deploy/kubernetes/rbac.yaml: enough, nothing more, and each right that is missing is named.
 * And what people may ask of the resource "subjects".
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isJsonObject, type JsonObject } from '../../src/lib/json.ts'
import { openCluster, RESOURCES, requiredRights, type Right } from '../../src/kube/index.ts'
import { collectionPath } from '../../src/kube/resources.ts'
import { nameRight } from '../../src/kube/rights.ts'
import {
  describeOnKubernetes,
  KubectlError,
  sharedKubernetes,
  waitUntil,
  type TestKubernetes,
} from '../support/kubernetes.ts'
import { crdFiles } from './support/admission.ts'
import { manifest, manifestsOf } from './support/manifests.ts'

interface Rule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
}

const { rules } = manifest<{ readonly rules: readonly Rule[] }>('kubernetes/rbac.yaml', 'ClusterRole')
const required = requiredRights(true)
/** A busy machine is slow, and no less right. */
const PATIENCE = { withinMs: 30_000 }

/** One rule for each right. */
function ruleOf({ group, resource, verb }: Pick<Right, 'group' | 'resource' | 'verb'>): Rule {
  return { apiGroups: [group], resources: [resource], verbs: [verb] }
}

function spelled(given: readonly Rule[]): string[] {
  return given
    .flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource} of "${group}"`)),
      ),
    )
    .toSorted()
}

describe('deploy/kubernetes/rbac.yaml', () => {
  test('gives what the bridge asks for, and nothing more', () => {
    expect(spelled(rules)).toEqual(spelled(required.map(ruleOf)))
  })
})

describeOnKubernetes('with exactly these rights', () => {
  let kubernetes: TestKubernetes
  let namespace: string
  let role: string
  let kubeconfig: string
  let token: string

  beforeAll(async () => {
    kubernetes = await sharedKubernetes()
    await kubernetes.applyCrds(crdFiles())
    await kubernetes.applyIstioCrds()
    namespace = await kubernetes.namespace('bridge')
    role = kubernetes.unique('bridge')
    await kubernetes.serviceAccount(namespace, 'nats-identity-bridge')
    await kubernetes.apply(manifestsOf('kubernetes/rbac.yaml').flatMap(({ kind, value }) => moved(kind, value)))
    const somebody = { namespace, serviceAccount: 'nats-identity-bridge' }
    kubeconfig = await kubernetes.kubeconfigFor(somebody)
    token = await kubernetes.tokenFor(namespace, 'nats-identity-bridge')
    await waitUntil(async () => (await ask('GET', '/api/v1/serviceaccounts?limit=1')) === 200, {
      ...PATIENCE,
      awaited: 'the role',
    })
  })
  afterAll(async () => {
    await kubernetes.kubectl(['delete', 'clusterrole,clusterrolebinding', role])
  })

  /** The manifests, under names that no other test has. */
  function moved(kind: string, value: JsonObject): JsonObject[] {
    if (kind === 'ClusterRole') return [{ ...value, metadata: { name: role } }]
    if (kind !== 'ClusterRoleBinding') return []
    const { roleRef, subjects } = value
    if (!isJsonObject(roleRef) || !Array.isArray(subjects)) throw new Error('no binding')
    return [
      {
        ...value,
        metadata: { name: role },
        roleRef: { ...roleRef, name: role },
        subjects: subjects.map((subject: JsonObject) => ({ ...subject, namespace })),
      },
    ]
  }

  async function ask(method: 'GET' | 'PATCH' | 'POST' | 'DELETE', path: string, body?: JsonObject): Promise<number> {
    const contentType = method === 'PATCH' ? 'application/apply-patch+yaml' : 'application/json'
    return (await kubernetes.call({ method, path, token, contentType, ...(body === undefined ? {} : { body }) })).status
  }

  test('the bridge may list and watch what it follows, and neither write nor delete it', async () => {
    const answers = RESOURCES.map(async (resource) => {
      const path = collectionPath(resource, resource.versions[0] ?? '')
      const calls = [
        ask('GET', `${path}?limit=1`),
        ask('GET', `${path}?watch=1&timeoutSeconds=1`),
        ask('DELETE', path),
        ask('POST', path, { kind: resource.kind }),
      ]
      return [resource.plural, ...(await Promise.all(calls))]
    })
    expect(await Promise.all(answers)).toEqual(RESOURCES.map(({ plural }) => [plural, 200, 200, 403, 403]))
  })

  test('the bridge writes what it made of a document, and nothing else of it', async () => {
    const document = {
      apiVersion: 'nats-identity-bridge.dev/v1alpha1',
      kind: 'SubjectPolicy',
      metadata: { name: 'orders', namespace },
      spec: { principals: [{ namespace: 'shop' }], grants: [{ publish: ['shop.orders'] }] },
    }
    await kubernetes.apply([document])
    const { spec: _spec, ...head } = document
    const condition = {
      type: 'Compiled',
      status: 'True',
      reason: 'Compiled',
      message: 'the document compiles',
      observedGeneration: 1,
      lastTransitionTime: '2026-01-01T00:00:00Z',
    }
    const path = `/apis/nats-identity-bridge.dev/v1alpha1/namespaces/${namespace}/subjectpolicies/orders`
    const query = 'fieldManager=nats-identity-bridge&force=true'
    const status = { observedGeneration: 1, conditions: [condition] }
    expect(await ask('PATCH', `${path}/status?${query}`, { ...head, status })).toBe(200)
    expect(await ask('PATCH', `${path}?${query}`, { ...document, spec: { ...document.spec, action: 'DENY' } })).toBe(
      403,
    )
    const table = await kubernetes.kubectl(['get', 'subjectpolicies'], { namespace })
    expect(table.replaceAll(/ +/g, ' ').trim().split('\n')[1]).toMatch(/^orders True Compiled \S+$/)
  })

  test('the bridge reads no secret, no token and no other kind', async () => {
    for (const path of ['/api/v1/secrets', '/api/v1/pods', '/api/v1/configmaps', '/api/v1/nodes']) {
      expect([path, await ask('GET', `${path}?limit=1`)]).toEqual([path, 403])
    }
    const own = `/api/v1/namespaces/${namespace}/serviceaccounts/nats-identity-bridge/token`
    expect(await ask('POST', own, { spec: {} })).toBe(403)
  })

  test('the bridge follows the cluster and misses nothing', async () => {
    expect(await missed((found) => found.phases.every((phase) => phase === 'live'))).toMatchObject({ told: [] })
  })

  test('the bridge names each right that is taken away', async () => {
    const found: unknown[] = []
    for (const right of required) {
      await give(required.filter((one) => one !== right))
      await waitUntil(async () => !(await may(right)), { ...PATIENCE, awaited: `no right to ${nameRight(right)}` })
      const [plural] = right.resource.split('/')
      const resources = RESOURCES.filter((one) => one.plural === plural && one.group === right.group)
      // A review of rights that gets no answer in time says nothing, so a bridge that is started anew may know more.
      const { told } = await waitUntil(() => missed(({ told: some }) => some.length > 0, resources, 5_000), PATIENCE)
      found.push(told)
      await give(required)
      await waitUntil(() => may(right), { ...PATIENCE, awaited: `the right to ${nameRight(right)}` })
    }
    expect(found).toEqual(required.map((right) => [`the bridge may not ${nameRight(right)}`]))
  }, 120_000)

  async function give(rights: readonly Right[]): Promise<void> {
    const path = `/apis/rbac.authorization.k8s.io/v1/clusterroles/${role}`
    const body = { rules: rights.map(ruleOf) }
    const { status } = await kubernetes.call({
      method: 'PATCH',
      path,
      body,
      contentType: 'application/merge-patch+json',
    })
    expect(status).toBe(200)
  }

  async function may({ verb, group, resource: name }: Right): Promise<boolean> {
    const [resource, subresource] = name.split('/')
    const user = `system:serviceaccount:${namespace}:nats-identity-bridge`
    const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated']
    const resourceAttributes = { verb, group, resource, ...(subresource === undefined ? {} : { subresource }) }
    const { body } = await kubernetes.call({
      method: 'POST',
      path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
      body: { spec: { user, groups, resourceAttributes } },
    })
    return isJsonObject(body) && isJsonObject(body['status']) && body['status']['allowed'] === true
  }

  interface Found {
    readonly told: readonly string[]
    readonly phases: readonly string[]
  }

  /** What the bridge's own watch says is missing, once it is so far. */
  async function missed(
    isEnough: (found: Found) => boolean,
    resources = RESOURCES,
    withinMs = PATIENCE.withinMs,
  ): Promise<Found> {
    const cluster = openCluster(
      { kubeconfigFile: kubeconfig, status: true },
      { onChange: () => undefined, now: Date.now, chance: Math.random, resources },
    )
    try {
      await cluster.settled
      return await waitUntil(
        () => {
          const { problems, remarks, resources: states } = cluster.status()
          const told = [...new Set([...problems, ...remarks].map(({ message }) => message))]
          const found = { told, phases: states.map(({ phase }) => phase) }
          return isEnough(found) ? found : undefined
        },
        { withinMs },
      )
    } finally {
      cluster.close()
    }
  }
})

describeOnKubernetes('the resource "subjects"', () => {
  let kubernetes: TestKubernetes
  let namespace: string

  beforeAll(async () => {
    kubernetes = await sharedKubernetes()
    await kubernetes.applyCrds(crdFiles())
    namespace = await kubernetes.namespace('shop')
    await kubernetes.serviceAccount(namespace, 'orders')
    const rbac = 'rbac.authorization.k8s.io'
    await kubernetes.apply([
      {
        apiVersion: `${rbac}/v1`,
        kind: 'Role',
        metadata: { name: 'orders', namespace },
        rules: [
          {
            apiGroups: ['nats-identity-bridge.dev'],
            resources: ['subjects'],
            verbs: ['publish'],
            resourceNames: ['shop.orders.created', 'shop.audit.>'],
          },
        ],
      },
      {
        apiVersion: `${rbac}/v1`,
        kind: 'RoleBinding',
        metadata: { name: 'orders', namespace },
        roleRef: { apiGroup: rbac, kind: 'Role', name: 'orders' },
        subjects: [{ kind: 'ServiceAccount', name: 'orders', namespace }],
      },
    ])
    await waitUntil(async () => (await canI('publish', 'shop.orders.created')) === 'yes', {
      ...PATIENCE,
      awaited: 'the role',
    })
  })

  async function canI(verb: string, subject: string): Promise<string> {
    const user = `system:serviceaccount:${namespace}:orders`
    const args = ['auth', 'can-i', verb, `subjects.nats-identity-bridge.dev/${subject}`, '--as', user]
    try {
      return (await kubernetes.kubectl(args, { namespace })).trim()
    } catch (problem) {
      // Its exit code is the answer.
      if (problem instanceof KubectlError && problem.exitCode === 1) return problem.out.trim()
      throw problem
    }
  }

  test('lets kubectl auth can-i answer, by the pattern as the role has it', async () => {
    expect(await canI('publish', 'shop.orders.created')).toBe('yes')
    expect(await canI('publish', 'shop.audit.>')).toBe('yes')
    expect(await canI('publish', 'shop.audit.orders')).toBe('no')
    expect(await canI('subscribe', 'shop.orders.created')).toBe('no')
    expect(await canI('publish', 'shop.payments')).toBe('no')
  })

  test('has no objects: whoever tries is told what it is for', async () => {
    const subject = {
      apiVersion: 'nats-identity-bridge.dev/v1alpha1',
      kind: 'Subject',
      metadata: { name: 'one', namespace },
    }
    const made = kubernetes.kubectl(['create', '-f', '-'], { input: JSON.stringify(subject) })
    await expect(made).rejects.toThrow('objects of this kind cannot be made: "subjects" is a resource for RBAC rules')
  })
})
