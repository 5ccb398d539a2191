/**
 * Policy from a real Kubernetes API: from the change of an object to the snapshot that holds it being served, and what the watched
 * objects take in memory. Without kube-apiserver and etcd on this machine there are no rows, and a line that says how to get them.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { createStepwiseCompiler } from '../../src/compile/index.ts'
import {
  applyCrds,
  callKubernetes,
  findKubernetes,
  KubernetesUnavailable,
  runKubernetes,
  type KubernetesBinaries,
  type RunningKubernetes,
} from '../../src/dev/kubernetes/index.ts'
import { openCluster, type Cluster } from '../../src/kube/index.ts'
import { sha256Hex } from '../../src/serve/sha256.ts'
import { createPolicySource } from '../../src/sources/index.ts'
import { heapMb } from '../heap.ts'
import type { Run } from '../run.ts'
import { percentile } from '../statistics.ts'

export interface ClusterRow extends ClusterSize {
  /** From the opening of the connection to the first snapshot. */
  readonly startMs: number
  /** From the sending of a change to the snapshot that holds it. */
  readonly p50Ms: number
  readonly p99Ms: number
  /** Of that, until the API server has answered. */
  readonly answeredP50Ms: number
  /** What the watched objects hold, after a full collection. */
  readonly heapMb: number
}

export interface ClusterSize {
  readonly serviceAccounts: number
  readonly policies: number
}

export const CLUSTER_SIZES: readonly ClusterSize[] = [
  { serviceAccounts: 1_000, policies: 100 },
  { serviceAccounts: 10_000, policies: 1_000 },
]
const CHANGES = 200
const AT_ONCE = 16
const NAMESPACE = 'bench'
const API_VERSION = 'nats-identity-bridge.dev/v1alpha1'
const POLICIES = `/apis/${API_VERSION}/namespaces/${NAMESPACE}/subjectpolicies`
const CRDS = 'deploy/kubernetes/crds'

export async function measureClusters(
  sizes: readonly ClusterSize[],
  { say }: Pick<Run, 'say'>,
): Promise<readonly ClusterRow[]> {
  const binaries = await binariesOrNone(say)
  if (binaries === undefined) return []
  const rows: ClusterRow[] = []
  for (const size of sizes) {
    say(`cluster: ${size.serviceAccounts} ServiceAccounts, ${size.policies} policies`)
    const kubernetes = await runKubernetes(binaries)
    try {
      await fill(kubernetes, size)
      const heapMb = await heldBy(kubernetes)
      rows.push({ ...size, heapMb, ...(await measureChanges(kubernetes, size)) })
    } finally {
      await kubernetes.stop()
    }
  }
  return rows
}

async function binariesOrNone(say: Run['say']): Promise<KubernetesBinaries | undefined> {
  try {
    return await findKubernetes()
  } catch (error) {
    if (!(error instanceof KubernetesUnavailable)) throw error
    say(`cluster: left out. ${error.message}`)
    return undefined
  }
}

async function fill(kubernetes: RunningKubernetes, { serviceAccounts, policies }: ClusterSize): Promise<void> {
  const files = readdirSync(CRDS).filter((name) => name.endsWith('.yaml'))
  await applyCrds(kubernetes, files.map((name) => readFileSync(`${CRDS}/${name}`, 'utf8')).join('\n---\n'))
  await create(kubernetes, '/api/v1/namespaces', { metadata: { name: NAMESPACE } })
  const accounts = [{ account: 'BENCH', inbox: 'private', principals: [{ namespace: NAMESPACE }] }]
  await create(kubernetes, `/apis/${API_VERSION}/accountmaps`, {
    apiVersion: API_VERSION,
    kind: 'AccountMap',
    metadata: { name: 'bench' },
    spec: { accounts },
  })
  await each(serviceAccounts, (index) => {
    // As Helm leaves them.
    const labels = { 'app.kubernetes.io/name': nameOf(index), 'app.kubernetes.io/managed-by': 'Helm' }
    const annotations = { 'meta.helm.sh/release-name': nameOf(index), 'meta.helm.sh/release-namespace': NAMESPACE }
    const metadata = { name: nameOf(index), labels, annotations }
    return create(kubernetes, `/api/v1/namespaces/${NAMESPACE}/serviceaccounts`, { metadata })
  })
  await each(policies, (index) => {
    const spec = {
      principals: [{ serviceAccount: `${NAMESPACE}/${nameOf(index)}` }],
      grants: [{ publish: [`team.${index}.>`] }, { subscribe: [`team.${index}.commands.*`] }],
    }
    const metadata = { name: `policy-${index}`, namespace: NAMESPACE }
    return create(kubernetes, POLICIES, { apiVersion: API_VERSION, kind: 'SubjectPolicy', metadata, spec })
  })
}

async function heldBy(kubernetes: RunningKubernetes): Promise<number> {
  // The client library is there once, whatever is watched.
  await import('@kubernetes/client-node')
  const before = heapMb()
  const cluster = open(kubernetes, () => undefined)
  await cluster.settled
  const held = heapMb() - before
  if (cluster.objects() === undefined) throw new Error('the bench’s cluster cannot be read')
  cluster.close()
  return held
}

async function measureChanges(
  kubernetes: RunningKubernetes,
  { policies }: ClusterSize,
): Promise<Omit<ClusterRow, 'heapMb' | keyof ClusterSize>> {
  let changed = (): void => undefined
  const begin = performance.now()
  const trustDomains = { local: 'cluster.local', aliases: [] }
  const source = await createPolicySource({
    folders: [],
    cluster: (onChange) => open(kubernetes, onChange),
    compile: createStepwiseCompiler({ trustDomains, forbiddenAccounts: [], hash: sha256Hex }),
    onChange: () => changed(),
    log: () => undefined,
    now: Date.now,
  })
  const startMs = performance.now() - begin
  if (source.current() === undefined) throw new Error('the bench’s cluster gives no policy')
  const served: number[] = []
  const answered: number[] = []
  for (let index = 0; index < CHANGES; index += 1) {
    const isServed = new Promise<void>((resolve) => (changed = resolve))
    const start = performance.now()
    const body = { spec: { grants: [{ publish: [`changed.${index}`] }] } }
    const path = `${POLICIES}/policy-${index % policies}`
    const change = { method: 'PATCH', path, body, contentType: 'application/merge-patch+json' } as const
    const { status } = await callKubernetes(kubernetes, change)
    if (status !== 200) throw new Error(`the bench’s change was answered ${status}`)
    answered.push(performance.now() - start)
    await isServed
    served.push(performance.now() - start)
  }
  source.close()
  const ascending = served.toSorted((a, b) => a - b)
  return {
    startMs,
    p50Ms: percentile(ascending, 0.5),
    p99Ms: percentile(ascending, 0.99),
    answeredP50Ms: percentile(
      answered.toSorted((a, b) => a - b),
      0.5,
    ),
  }
}

function open({ kubeconfig }: RunningKubernetes, onChange: () => void): Cluster {
  return openCluster({ kubeconfigFile: kubeconfig, status: false }, { onChange, now: Date.now, chance: Math.random })
}

async function create(kubernetes: RunningKubernetes, path: string, body: object): Promise<void> {
  const { status } = await callKubernetes(kubernetes, { method: 'POST', path, body })
  if (status !== 201) throw new Error(`POST ${path} was answered ${status}`)
}

async function each(count: number, run: (index: number) => Promise<void>): Promise<void> {
  for (let start = 0; start < count; start += AT_ONCE) {
    const size = Math.min(AT_ONCE, count - start)
    await Promise.all(Array.from({ length: size }, (_, offset) => run(start + offset)))
  }
}

function nameOf(index: number): string {
  return `app-${index}`
}
