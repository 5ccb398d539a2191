/** What the compiler is told beside the documents. Types alone. */
import type { TrustDomains } from '../policy/snapshot.ts'

export interface CompileOptions {
  readonly trustDomains: TrustDomains
  /** No AccountMap may name them: the system account and the account of the callout service. `$G` and `SYS` never. */
  readonly forbiddenAccounts: readonly string[]
  /** That the bridge may place clients in at all. Absent: no configuration says which. */
  readonly accounts?: readonly string[]
  /** Of Istio, whose AuthorizationPolicies rule all namespaces. Default `istio-system`. */
  readonly rootNamespace?: string
  /** Of the canonical model; becomes the snapshot's id. */
  readonly hash: (text: string) => string
  /** The same hash, of text that comes in pieces: for whoever compiles in steps. */
  readonly hashing?: () => Hashing
}

/** Of text that comes in pieces. */
export interface Hashing {
  add(text: string): void
  /** Last of all. */
  digest(): string
}
