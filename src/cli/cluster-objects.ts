/** The objects that a cluster holds now, read once; whole or not at all, as a bridge that follows the cluster takes them. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Problem } from '../answers/problem.ts'
import type { SourceObject } from '../compile/index.ts'
import { openCluster } from '../kube/index.ts'
import { err, ok, type Result } from '../lib/result.ts'

export interface ClusterChoice {
  readonly kubeconfig: string
  /** Default: the current one of the kubeconfig. */
  readonly context?: string
}

const LIMIT_MS = 15_000

export async function readClusterObjects({
  kubeconfig,
  context,
}: ClusterChoice): Promise<Result<readonly SourceObject[], Problem>> {
  const cluster = openCluster(
    { kubeconfigFile: kubeconfig, ...(context === undefined ? {} : { context }), status: false },
    { onChange: () => undefined, now: Date.now, chance: Math.random },
  )
  const ended = new AbortController()
  const limit = sleep(LIMIT_MS, undefined, { signal: ended.signal }).catch(() => undefined)
  try {
    await Promise.race([cluster.settled, limit])
    const objects = cluster.objects()
    if (objects !== undefined) return ok(objects)
    const { problems } = cluster.status()
    const hint = 'reading takes list and watch of the kinds in deploy/kubernetes/rbac.yaml'
    return err({ code: 'cluster-unread', message: 'the cluster could not be read', hint, diagnostics: problems })
  } finally {
    ended.abort()
    cluster.close()
  }
}
