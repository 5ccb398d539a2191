/** Everything that the rules of lint look at, read and compiled once. Pure. */
import type { Mesh } from '../istio/index.ts'
import type { Model } from '../policy/model.ts'
import type { Origin } from '../policy/origin.ts'
import type { Snapshot, TrustDomains } from '../policy/snapshot.ts'
import type { LintDocument } from './documents.ts'
import type { PolicyView } from './istio/policy-view.ts'
import type { Representative } from './representatives.ts'

export interface Estate {
  readonly documents: readonly LintDocument[]
  /** Istio's AuthorizationPolicies among the documents. */
  readonly policies: readonly PolicyView[]
  /** Without rules when the documents gave no snapshot. */
  readonly model: Model
  readonly snapshot?: Snapshot
  readonly trustDomains: TrustDomains
  /** What AuthorizationPolicies are in force in. */
  readonly mesh: Mesh
  /** Whether a subject stands in the document of its rule, and is not only what a grant stands for. */
  readonly isWritten: (origin: Origin, subject: string) => boolean
  /** One principal for each way to be matched, and what a login as it would get. */
  readonly representatives: readonly Representative[]
}

export const EMPTY_MODEL: Model = { accounts: [], grants: [], limits: [], ceilings: [] }
