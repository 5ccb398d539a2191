/** What drift tells: where HTTP rights and NATS rights of one service differ, for whom, and why. Pure data. */
import type { Action } from '../../policy/effective.ts'
import type { Origin } from '../../policy/origin.ts'

/** One difference; everybody and every subject for which it is the same one is in it. */
export interface DriftLine {
  /** Namespace and name of the SubjectRoute. */
  readonly service: string
  /** As routes spell them: `GET /orders/{id}`. */
  readonly operations: readonly string[]
  /** Of the route, as written: `shop.orders.{id}.status`. */
  readonly subject: string
  /** What callers of the route do with it. */
  readonly action: Action
  /** `less`: HTTP allows it and NATS does not. `more`: NATS does and HTTP does not. */
  readonly direction: 'less' | 'more'
  /** False: what HTTP says depends on what nobody knows on NATS, or on the provider of a CUSTOM policy. */
  readonly certain: boolean
  /** Of the route's subjects; a more specific one of `without` is not in it. */
  readonly subjects: readonly string[]
  readonly without: readonly string[]
  /** `part`: some of these subjects, which no pattern can say. */
  readonly extent: 'all' | 'part'
  readonly example: { readonly subject: string; readonly operation: string }
  /** Names of known principals, sorted. */
  readonly principals: readonly string[]
  /** Descriptions of others: `any ServiceAccount of namespace shop`. */
  readonly patterns: readonly string[]
  readonly reason: DriftReason
  /** Rules behind what HTTP says. None: no ALLOW policy is there, or none of its rules matches. */
  readonly http: readonly Origin[]
  /** Rules behind what NATS gives. */
  readonly nats: readonly Origin[]
  readonly route: Origin
}

export interface DriftReason {
  /** Of a route that gives less, the code of its diagnostic (`route-inexact`). */
  readonly code: LessCode | 'granted-beside'
  /** One clause, lower case, no period. */
  readonly message: string
}

export const LESS_CODES = [
  'no-login',
  'other-account',
  'route-no-policy',
  'route-overlap',
  'route-inexact',
  'route-unknown',
  'route-custom',
  'route-less',
  'denied',
  'capped',
  'not-sayable',
] as const

export type LessCode = (typeof LESS_CODES)[number]

/** What is worth knowing of a service beside the differences. */
export interface DriftNote {
  readonly service: string
  readonly code: 'route-paths' | 'route-nobody' | 'service-account-missing' | 'service-no-login' | 'dry-run'
  readonly message: string
  readonly hint?: string
  readonly origin: Origin
}

export interface Drift {
  readonly snapshotId: string
  /** SubjectRoutes that were looked at. */
  readonly services: number
  readonly lines: readonly DriftLine[]
  readonly notes: readonly DriftNote[]
  /** False: of some route there are more kinds of subjects than were looked at. */
  readonly complete: boolean
}
