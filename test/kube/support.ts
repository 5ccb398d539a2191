/** A cluster opened for one test, with timing that makes faults quick, and what a test looks at. */
import { onTestFinished } from 'vitest'
import type { SourceObject } from '../../src/compile/index.ts'
import { CLUSTER_TIMING, openCluster, type Cluster, type ClusterTiming } from '../../src/kube/cluster.ts'
import type { Resource } from '../../src/kube/resources.ts'

/** Hung connections are noticed after two to three seconds, failures told at once. */
export const QUICK: ClusterTiming = {
  connection: { callMs: 1_000 },
  follow: { watchSeconds: 1, graceMs: 1_000, absentMs: 100, backoff: { firstMs: 20, longestMs: 200 } },
  status: { delayMs: 20, paceMs: 1, againMs: 500 },
  graceMs: 100,
  rightsMs: 200,
}

export interface OpenOptions {
  readonly timing?: Partial<ClusterTiming>
  readonly resources?: readonly Resource[]
  readonly status?: boolean
  readonly context?: string
}

export interface Opened {
  readonly cluster: Cluster
  /** How often something changed. */
  changes(): number
  /** `SubjectPolicy shop/orders`, sorted; nothing before the first whole list. */
  names(): readonly string[] | undefined
  object(name: string): SourceObject | undefined
  /** Messages of problems. */
  problems(): readonly string[]
  phase(resource: string): string | undefined
}

export function openForTest(kubeconfigFile: string, options: OpenOptions = {}): Opened {
  let changes = 0
  const { timing, resources, status = false, context } = options
  const cluster = openCluster(
    { kubeconfigFile, status, ...(context === undefined ? {} : { context }) },
    {
      onChange: () => void (changes += 1),
      now: Date.now,
      chance: Math.random,
      timing: { ...CLUSTER_TIMING, ...QUICK, ...timing },
      ...(resources === undefined ? {} : { resources }),
    },
  )
  onTestFinished(() => cluster.close())
  return {
    cluster,
    changes: () => changes,
    names: () => cluster.objects()?.map(nameOf).toSorted(),
    object: (name) => cluster.objects()?.find((one) => nameOf(one) === name),
    problems: () => cluster.status().problems.map(({ message }) => message),
    phase: (resource) => cluster.status().resources.find(({ name }) => name === resource)?.phase,
  }
}

export function nameOf({ value }: SourceObject): string {
  const { kind, metadata } = value as { kind: string; metadata: { namespace?: string; name: string } }
  return `${kind} ${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata.name}`
}
