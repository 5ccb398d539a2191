/** What questions are asked of: a snapshot, and what is known beside it. Pure data. */
import type { Topology } from '../audit/topology.ts'
import type { RuledRoutes } from '../compile/index.ts'
import type { ServiceAccountRef } from '../identity/spiffe-id.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'
import type { Snapshot } from '../policy/snapshot.ts'

export interface AskedPolicy {
  readonly snapshot: Snapshot
  readonly diagnostics: readonly Diagnostic[]
  /** That exist, whether or not a rule names them; of the local trust domain. */
  readonly serviceAccounts: readonly ServiceAccountRef[]
  /** Workloads with subjects, and the HTTP policies that rule them. */
  readonly routed: readonly RuledRoutes[]
  /** Streams, imports and exports. Absent: nothing is known of them, and answers say so. */
  readonly topology?: Topology
}
