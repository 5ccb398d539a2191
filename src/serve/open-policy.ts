/** The policy of the bridge, from the folders and the cluster that its configuration names, and how it stands, in one line. */
import type { StepwiseCompiler } from '../compile/index.ts'
import type { Config } from '../config/index.ts'
import { openCluster } from '../kube/index.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'
import { createPolicySource, type PolicySource, type PolicySourceOptions } from '../sources/index.ts'
import type { Gauges } from '../telemetry/metrics.ts'

export interface PolicyDeps {
  readonly compile: StepwiseCompiler
  readonly prepare?: NonNullable<PolicySourceOptions['prepare']>
  readonly log: (diagnostic: Diagnostic) => void
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

export function openPolicy({ policy }: Pick<Config, 'policy'>, deps: PolicyDeps): Promise<PolicySource> {
  const { folders, kubernetes } = policy
  const { now } = deps
  if (kubernetes === undefined) return createPolicySource({ folders, ...deps })
  const cluster = (onChange: () => void): ReturnType<typeof openCluster> =>
    openCluster(kubernetes, { onChange, now, chance: Math.random })
  return createPolicySource({ folders, cluster, ...deps })
}

export interface PolicyState {
  readonly snapshotId: string | undefined
  readonly problem: string | undefined
}

/** For the check of readiness: what is in force, and since when it is not what the sources hold. */
export function policyState(policy: PolicySource, now: number): PolicyState {
  const { snapshotId, lastError } = policy.status()
  const first = lastError?.diagnostics.find(({ severity }) => severity === 'error')
  if (lastError === undefined || first === undefined) return { snapshotId, problem: undefined }
  const served = snapshotId === undefined ? 'no policy serves' : 'last good policy serves'
  const seconds = Math.round((now - lastError.since) / 1000)
  const what = lastError.withheld ?? first.message
  return { snapshotId, problem: `${served}: ${what} (for ${seconds} s)` }
}

type PolicyGauge = 'policyLoadedAt' | 'policyStale' | 'policyErrors' | 'policySources' | 'clusterResources'

export function policyGauges(policy: PolicySource): Pick<Gauges, PolicyGauge> {
  return {
    policyLoadedAt: () => (policy.status().loadedAt ?? 0) / 1000,
    policyStale: () => (policy.status().lastError === undefined ? 0 : 1),
    policyErrors: () => policy.status().diagnostics.filter(({ severity }) => severity === 'error').length,
    policySources: () => policy.status().sources.map(({ source, asOf = 0 }) => ({ source, asOf: asOf / 1000 })),
    clusterResources: () =>
      (policy.status().cluster?.resources ?? []).map(({ name, phase, objects }) => ({
        resource: name,
        objects,
        inStep: phase === 'live' || phase === 'absent',
      })),
  }
}
