/** A compiled, hashed, frozen policy. One decision uses exactly one. Pure. */
import type { Model } from './model.ts'

export interface TrustDomains {
  /** What `serviceAccount:` and `namespace:` mean when they name no trust domain. */
  readonly local: string
  readonly aliases: readonly string[]
}

export interface Snapshot {
  /** Hash of the canonical model: the same documents in any order give the same id. */
  readonly id: string
  readonly model: Model
  readonly trustDomains: TrustDomains
}
