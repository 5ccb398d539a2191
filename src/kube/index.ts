/** The Kubernetes API: connection, list and watch, conditions, own rights. What other rooms may use of this one. */
export { openCluster, type Cluster, type ClusterDeps, type ClusterOptions, type ClusterStatus } from './cluster.ts'
export type { Verdict } from './condition.ts'
export { RESOURCES } from './resources.ts'
export { requiredRights, type Right } from './rights.ts'
