/** What one principal may do under one snapshot. Pure data. */
import type { Limits, InboxKind } from './model.ts'
import type { Origin } from './origin.ts'
import type { RefusalCode } from './refusal.ts'

/** Exactly the `nats.pub`, `nats.sub` and `nats.resp` of a user JWT. An empty side never appears: it is `deny: [">"]`. */
export interface Permissions {
  readonly pub: PermissionList
  /** Entries may be `subject queue`. */
  readonly sub: PermissionList
  /** `ttl` in nanoseconds, as nats-server reads it. */
  readonly resp?: { readonly max: number; readonly ttl: number }
}

export interface PermissionList {
  readonly allow: readonly string[]
  readonly deny: readonly string[]
}

/**
 * How a server treats a deny that overlaps a subscription without lying inside it: filtered at delivery
 * (`filtering`: 2.12.14, 2.14.4, 2.15 and later) or not at all (`legacy`). Legacy servers are given less.
 */
export type DeliveryFilter = 'filtering' | 'legacy'

/** Something granted that permission lists could not say, so that less was given. */
export interface Shortfall {
  /** As an entry is spelled: `subject`, or `subject queue`. Narrower grants within it may have been kept. */
  readonly pattern: string
  readonly reason: string
}

export interface Allowed {
  readonly effect: 'allow'
  readonly account: string
  readonly inbox: InboxKind
  /** Clients set this as `inboxPrefix`; `_INBOX` when shared. */
  readonly inboxPrefix: string
  readonly permissions: Readonly<Record<DeliveryFilter, Permissions>>
  readonly shortfalls: Readonly<Record<DeliveryFilter, readonly Shortfall[]>>
  readonly limits: Limits
  /** The rules that decided: account, grants, denies, ceilings. */
  readonly rules: readonly Origin[]
}

export interface Refused {
  readonly effect: 'deny'
  readonly code: Extract<
    RefusalCode,
    'ACCOUNT_NONE' | 'ACCOUNT_CONFLICT' | 'ACCOUNT_FORBIDDEN' | 'PERMISSIONS_TOO_LARGE'
  >
  /** Of `ACCOUNT_FORBIDDEN`: the account that the policy names. */
  readonly account?: string
  readonly rules: readonly Origin[]
}

export type Decision = Allowed | Refused
