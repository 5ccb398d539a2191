/**
 * The one principal that every credential ends as. Pure.
 * A workload is spelled as its SPIFFE ID; an end user as `<iss>/<sub>` (Istio's requestPrincipal).
 */
import type { JsonObject } from '../lib/json.ts'
import { serviceAccountOf, type ServiceAccountRef, type SpiffeId } from './spiffe-id.ts'

/** How the principal was proven. A new kind of credential adds its word here and an authenticator in `authn`. */
export type CredentialKind = 'service-account-token' | 'oidc-token'

export interface Workload {
  readonly spiffeId: SpiffeId
  /** Present when the path has Istio's `/ns/<ns>/sa/<sa>` shape. */
  readonly serviceAccount?: ServiceAccountRef
}

/** A verified OIDC token, as Istio's `request.auth` sees it. */
export interface RequestAuth {
  readonly issuer: string
  readonly subject: string
  readonly claims: JsonObject
}

/**
 * Principals are interned by `authn`: the same credential gives the same object, so that what is worked out for it
 * can be held beside it (WeakMap) and dies with it.
 */
export interface Principal {
  /** Canonical spelling; becomes the `name` of the user JWT and is what CONNZ and events show. */
  readonly name: string
  readonly workload?: Workload
  readonly requestAuth?: RequestAuth
  /** Kubernetes groups of a ServiceAccount, or the issuer's configured groups claim. Sorted. */
  readonly groups: readonly string[]
}

/** What one credential proves, and until when. */
export interface Authenticated {
  readonly principal: Principal
  readonly kind: CredentialKind
  /** Name of the configured issuer that vouched for it. */
  readonly issuer: string
  /** The credential's own end, Unix seconds: nothing issued for it lives longer. */
  readonly expiresAt: number
  /** Facts for the audit record only, never for a decision: pod, node, token id. */
  readonly facts: Readonly<Record<string, string>>
}

export function workloadPrincipal(spiffeId: SpiffeId): Principal {
  const serviceAccount = serviceAccountOf(spiffeId)
  if (serviceAccount === undefined) return { name: spiffeId.uri, workload: { spiffeId }, groups: [] }
  return {
    name: spiffeId.uri,
    workload: { spiffeId, serviceAccount },
    groups: ['system:authenticated', 'system:serviceaccounts', `system:serviceaccounts:${serviceAccount.namespace}`],
  }
}

export function requestPrincipal(requestAuth: RequestAuth, groups: readonly string[]): Principal {
  return {
    name: `${requestAuth.issuer}/${requestAuth.subject}`,
    requestAuth,
    groups: ['system:authenticated', ...groups].toSorted(),
  }
}
