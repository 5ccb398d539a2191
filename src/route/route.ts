/** One line of a SubjectRoute, checked, and what of its document every line shares. Pure data. */
import type { Origin } from '../policy/origin.ts'
import type { Pattern } from '../subject/index.ts'
import type { Template } from './template.ts'

/** Who does the operation by what: the callers publish (and the workload subscribes), or the other way round. */
export type CallerSide = 'publish' | 'subscribe'

export interface Route {
  readonly subject: Template
  readonly path: Template
  /** Absent when the subject has `{method}`. */
  readonly method?: string
  readonly caller: CallerSide
  /** Of the side that subscribes; without them every queue group, and none. */
  readonly queues?: readonly Pattern[]
  readonly maxReplies: number
  readonly replyWithinMs: number
  readonly origin: Origin
}

export interface RouteWorkload {
  /** Of the SubjectRoute, its workload and the workload's ServiceAccount. */
  readonly namespace: string
  readonly serviceAccount: string
  readonly host: string
  /** The workload's; conditions on ports are unknown without it. */
  readonly port?: number
  readonly whenNoPolicy: 'Deny' | 'Allow'
}
