/** A real Kubernetes API that fails as real ones do: killed, held still, restarted, its history compacted away, filled at one go. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { RESOURCES } from '../../src/kube/resources.ts'
import { describeOnKubernetes, ownKubernetes, type TestKubernetes } from '../support/kubernetes.ts'
import type { RunningKubernetes } from '../../src/dev/kubernetes/index.ts'
import { policyCrds } from '../support/policy-crds.ts'
import { gateTo } from './gate.ts'
import { openForTest, QUICK, type Opened } from './support.ts'

const soon = { timeout: 20_000, interval: 5 }
const API_VERSION = 'nats-identity-bridge.dev/v1alpha1'
const OURS = RESOURCES.filter(({ hasStatus }) => hasStatus)
let k: TestKubernetes & RunningKubernetes
let namespace = ''
/** Several pages. The bench has ten thousand. */
const MANY = 1_200

function policy(name: string): object {
  const spec = { principals: [{ namespace }], grants: [{ publish: ['shop.orders'] }] }
  return { apiVersion: API_VERSION, kind: 'SubjectPolicy', metadata: { name, namespace }, spec }
}

async function create(name: string): Promise<void> {
  const path = `/apis/${API_VERSION}/namespaces/${namespace}/subjectpolicies`
  const { status, body } = await k.call({ method: 'POST', path, body: policy(name) })
  if (status !== 201) throw new Error(JSON.stringify(body))
}

async function remove(name: string): Promise<void> {
  await k.call({ method: 'DELETE', path: `/apis/${API_VERSION}/namespaces/${namespace}/subjectpolicies/${name}` })
}

/** Names of SubjectPolicies; every list that was ever given is kept, so that a test can say what never was. */
async function following(
  options: Parameters<typeof openForTest>[1] = {},
  kubeconfig = k.kubeconfig,
): Promise<Opened & { ever: Set<number> }> {
  const open = openForTest(kubeconfig, { resources: OURS, ...options })
  await open.cluster.settled
  const ever = new Set<number>()
  const names = (): readonly string[] | undefined => {
    const found = open.names()
    if (found !== undefined) ever.add(found.length)
    return found
  }
  await expect.poll(names, soon).toBeDefined()
  return { ...open, names, ever }
}

describeOnKubernetes('a cluster that fails', () => {
  beforeAll(async () => {
    k = await ownKubernetes()
    namespace = await k.namespace('shop')
  })
  afterAll(() => k.stop())

  test('by having no definitions yet is empty with a remark, and they are picked up within a second', async () => {
    const open = openForTest(k.kubeconfig, { timing: { follow: { ...QUICK.follow, absentMs: 500 } } })
    await open.cluster.settled
    await expect.poll(open.names, soon).toBeDefined()
    expect(open.problems()).toEqual([])
    expect(open.cluster.status().remarks.map(({ message }) => message)).toEqual([
      'the cluster has no accountmaps.nats-identity-bridge.dev, so none is read',
      'the cluster has no subjectceilings.nats-identity-bridge.dev, so none is read',
      'the cluster has no subjectpolicies.nats-identity-bridge.dev, so none is read',
      'the cluster has no subjectroutes.nats-identity-bridge.dev, so none is read',
      'the cluster has no authorizationpolicies.security.istio.io, so none is read',
    ])
    await k.applyCrds(policyCrds())
    const begin = performance.now()
    await create('first')
    await expect.poll(open.names, soon).toContain(`SubjectPolicy ${namespace}/first`)
    expect(performance.now() - begin).toBeLessThan(3_000)
    await expect.poll(() => open.phase('subjectroutes.nats-identity-bridge.dev'), soon).toBe('live')
    await remove('first')
  })

  test('by being killed keeps what is known, says so, and is followed on when it is back', async () => {
    await create('before')
    const { names, problems, cluster, ever } = await following()
    const mine = `SubjectPolicy ${namespace}/before`
    expect(names()).toContain(mine)
    const count = names()?.length ?? 0
    await k.killApiServer()
    await expect.poll(problems, soon).toEqual([expect.stringMatching(/^the Kubernetes API cannot be reached \(ECONN/)])
    const { asOf = 0 } = cluster.status()
    expect(asOf).toBeGreaterThan(0)
    expect(names()).toContain(mine)
    const starting = k.startApiServer()
    // All the while it starts, and answers as it can.
    await expect.poll(() => (names()?.length ?? 0) === count && problems().length === 0, soon).toBe(true)
    await starting
    expect(ever).toEqual(new Set([count]))
    await create('after')
    await expect.poll(names, soon).toContain(`SubjectPolicy ${namespace}/after`)
    expect(cluster.status().asOf).toBeGreaterThan(asOf)
    await Promise.all([remove('before'), remove('after')])
  })

  test('by losing its history is listed again, and what was deleted meanwhile is gone', async () => {
    await Promise.all([create('deleted'), create('kept')])
    const gate = await gateTo(k.url, k.kubeconfig)
    const { names, object, ever } = await following({}, gate.kubeconfig)
    const kept = object(`SubjectPolicy ${namespace}/kept`)
    const count = names()?.length ?? 0
    const path = `/apis/${API_VERSION}/subjectpolicies`
    const { metadata } = await k.get<{ metadata: { resourceVersion: string } }>(path)
    gate.shut()
    await remove('deleted')
    await create('made')
    await k.compact()
    await k.killApiServer()
    await k.startApiServer()
    const resumed = `${path}?watch=true&timeoutSeconds=1&resourceVersion=${metadata.resourceVersion}`
    await expect
      .poll(() => k.call({ method: 'GET', path: resumed }), soon)
      .toMatchObject({ body: { object: { code: 410 } } })
    gate.open()
    await expect.poll(names, soon).toContain(`SubjectPolicy ${namespace}/made`)
    expect(names()).not.toContain(`SubjectPolicy ${namespace}/deleted`)
    expect(object(`SubjectPolicy ${namespace}/kept`)).toBe(kept)
    expect(ever).toEqual(new Set([count]))
    await Promise.all([remove('kept'), remove('made')])
  })

  test('by hanging is noticed, and what happened is heard when it goes on', async () => {
    await create('before')
    const { names, problems } = await following()
    k.pauseApiServer()
    await expect.poll(problems, soon).toEqual(['the Kubernetes API did not answer in time'])
    expect(names()).toContain(`SubjectPolicy ${namespace}/before`)
    k.resumeApiServer()
    await create('meanwhile')
    await expect.poll(names, soon).toContain(`SubjectPolicy ${namespace}/meanwhile`)
    await expect.poll(problems, soon).toEqual([])
    await Promise.all([remove('before'), remove('meanwhile')])
  })

  test('by having its definitions deleted has no such objects any more', async () => {
    const { names, phase, problems } = await following()
    await create('before')
    await expect.poll(names, soon).toContain(`SubjectPolicy ${namespace}/before`)
    await k.kubectl(['delete', 'crd', 'subjectpolicies.nats-identity-bridge.dev'])
    await expect.poll(() => phase('subjectpolicies.nats-identity-bridge.dev'), soon).toBe('absent')
    expect([names(), problems()]).toEqual([[], []])
    await k.applyCrds(policyCrds())
    await create('after')
    await expect.poll(names, soon).toEqual([`SubjectPolicy ${namespace}/after`])
    await remove('after')
  })

  test('in no way, but is filled at one go, is followed through all of them', async () => {
    const accounts = RESOURCES.filter(({ plural }) => plural === 'serviceaccounts')
    const { cluster } = openForTest(k.kubeconfig, { resources: accounts })
    await cluster.settled
    const count = (): number | undefined => cluster.objects()?.length
    await expect.poll(count, soon).toBeDefined()
    const before = count() ?? 0
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts`
    const names = Array.from({ length: MANY }, (_, index) => `sa-${index}`)
    for (let start = 0; start < MANY; start += 100) {
      const some = names.slice(start, start + 100)
      await Promise.all(some.map((name) => k.call({ method: 'POST', path, body: { metadata: { name } } })))
    }
    await expect.poll(count, soon).toBe(before + MANY)
    // And listed, in pages.
    const second = openForTest(k.kubeconfig, { resources: accounts })
    await second.cluster.settled
    await expect.poll(() => second.cluster.objects()?.length, soon).toBe(before + MANY)
  }, 120_000)
})
