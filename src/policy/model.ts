/**
 * What policy documents of every kind compile to. Pure data, frozen by `compile`.
 * A new kind of document is translated into these rules; nothing behind this file knows which kind a rule came from.
 */
import type { Pattern } from '../subject/index.ts'
import type { Matcher } from './matcher.ts'
import type { Origin } from './origin.ts'

export type Effect = 'allow' | 'deny'

interface Subjects {
  readonly patterns: readonly Pattern[]
  /**
   * Taken out of the patterns, for this grant alone: what another rule grants or denies there stands. Never empty when present.
   */
  readonly except?: readonly Pattern[]
}

interface Subscribed extends Subjects {
  /** Present: only as a member of one of these queue groups. */
  readonly queues?: readonly Pattern[]
}

/**
 * What one rule lets a principal do. A queue is spelled like a subject pattern and may hold wildcards, as in nats-server's
 * own lists. Present lists are never empty.
 */
export type Grant =
  | (Subjects & { readonly verb: 'publish' })
  | (Subscribed & { readonly verb: 'subscribe' })
  /** Publish, and the answer in the principal's own inbox. */
  | (Subjects & { readonly verb: 'request' })
  /** Subscribe, and NATS `resp`: `maxReplies` (-1: no limit) within `replyWithinMs` milliseconds (-1: no limit). Never 0. */
  | (Subscribed & { readonly verb: 'respond'; readonly maxReplies: number; readonly replyWithinMs: number })

export type ConnectionType = 'nats' | 'websocket' | 'mqtt' | 'leafnode'

/** Limits narrow: of several that match, the strictest holds. */
export interface Limits {
  /** Longest session, seconds. */
  readonly maxSessionSeconds?: number
  /** Kinds of connection this principal may use at all. */
  readonly connectionTypes?: readonly ConnectionType[]
}

export interface GrantRule {
  readonly effect: Effect
  readonly principals: Matcher
  readonly grant: Grant
  /** In force only for principals that live in this account. */
  readonly withinAccount?: string
  /** In force only for principals that some ceiling caps. */
  readonly needsCeiling?: true
  readonly origin: Origin
}

export interface LimitRule {
  readonly principals: Matcher
  readonly limits: Limits
  readonly origin: Origin
}

export type InboxKind = 'private' | 'shared'

export interface AccountRule {
  readonly account: string
  readonly principals: Matcher
  readonly inbox: InboxKind
  readonly origin: Origin
}

export interface CeilingRule {
  readonly principals: Matcher
  readonly publish: readonly Pattern[]
  readonly subscribe: readonly Pattern[]
  readonly origin: Origin
}

export interface Model {
  readonly accounts: readonly AccountRule[]
  readonly grants: readonly GrantRule[]
  readonly limits: readonly LimitRule[]
  readonly ceilings: readonly CeilingRule[]
}
