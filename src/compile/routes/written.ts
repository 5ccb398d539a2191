/** What SubjectRoutes and AuthorizationPolicies say, before they are brought together. Pure data. */
import type { AuthorizationPolicy } from '../../istio/index.ts'
import type { Origin } from '../../policy/origin.ts'
import type { Route, RouteWorkload } from '../../route/index.ts'

/** One SubjectRoute. */
export interface WrittenRoutes extends RouteWorkload {
  readonly name: string
  /** Of the pods, for the selectors of policies. */
  readonly labels: Readonly<Record<string, string>>
  /** With a waypoint, `targetRefs` that name the service or the waypoint's Gateway choose the policies. */
  readonly attachment:
    { readonly is: 'sidecar' } | { readonly is: 'waypoint'; readonly service: string; readonly gateway: string }
  readonly routes: readonly Route[]
  readonly origin: Origin
}

export interface WrittenAuthorizationPolicy {
  readonly policy: AuthorizationPolicy
  /** Of each rule, in their order. */
  readonly origins: readonly Origin[]
}

/** An ALLOW that could not be read: it allows nothing, and yet it is there. */
export interface BrokenAllow {
  /** `undefined` when it could not be told. */
  readonly namespace: string | undefined
}
