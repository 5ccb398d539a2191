/** What one case of the differential proof is, and what the two sides answer. Pure data. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

export interface Mesh {
  readonly trustDomain: string
  readonly trustDomainAliases: readonly string[]
  readonly rootNamespace: string
}

/** A pod, or a waypoint with the service behind it. */
export interface Workload {
  /** With a waypoint: that of the service. */
  readonly namespace: string
  readonly labels?: Readonly<Record<string, string>>
  readonly waypoint?: {
    readonly name: string
    /** Default: that of the service. */
    readonly namespace?: string
    readonly service?: string
    readonly serviceEntry?: string
  }
}

export type Transport = 'http' | 'tcp'

export interface Source {
  readonly principals?: readonly string[]
  readonly notPrincipals?: readonly string[]
  readonly requestPrincipals?: readonly string[]
  readonly notRequestPrincipals?: readonly string[]
  readonly namespaces?: readonly string[]
  readonly notNamespaces?: readonly string[]
  readonly serviceAccounts?: readonly string[]
  readonly notServiceAccounts?: readonly string[]
  readonly trustDomains?: readonly string[]
  readonly notTrustDomains?: readonly string[]
  readonly ipBlocks?: readonly string[]
  readonly notIpBlocks?: readonly string[]
  readonly remoteIpBlocks?: readonly string[]
  readonly notRemoteIpBlocks?: readonly string[]
}

export interface Operation {
  readonly hosts?: readonly string[]
  readonly notHosts?: readonly string[]
  readonly ports?: readonly string[]
  readonly notPorts?: readonly string[]
  readonly methods?: readonly string[]
  readonly notMethods?: readonly string[]
  readonly paths?: readonly string[]
  readonly notPaths?: readonly string[]
}

export interface When {
  readonly key: string
  readonly values?: readonly string[]
  readonly notValues?: readonly string[]
}

export interface Rule {
  readonly from?: readonly { readonly source: Source }[]
  readonly to?: readonly { readonly operation: Operation }[]
  readonly when?: readonly When[]
}

/** An AuthorizationPolicy as a team writes it. */
export interface PolicyDocument {
  readonly apiVersion: 'security.istio.io/v1'
  readonly kind: 'AuthorizationPolicy'
  readonly metadata: {
    readonly name: string
    readonly namespace: string
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly spec: {
    readonly selector?: { readonly matchLabels: Readonly<Record<string, string>> }
    readonly targetRefs?: readonly { readonly group?: string; readonly kind: string; readonly name: string }[]
    readonly action?: 'ALLOW' | 'DENY' | 'AUDIT' | 'CUSTOM'
    readonly provider?: { readonly name: string }
    readonly rules?: readonly Rule[]
  }
}

/** Policies in force at one workload. */
export interface PolicySet {
  readonly policies: readonly PolicyDocument[]
  readonly mesh: Mesh
  readonly workload: Workload
  readonly transport: Transport
  /** As if stored while Istio's webhook was away: what it would refuse is compiled all the same. */
  readonly unvalidated?: true
}

/** A policy set with what Istio makes of it. */
export interface Filtered extends PolicySet {
  /** Envoy filters, in their order. */
  readonly filters: readonly Json[]
}

/** As `nib http can --batch` reads it. `path` is raw. */
export interface Request {
  readonly principal?: string
  readonly sourceIp: string
  /** Missing: what x-forwarded-for says, else `sourceIp`. */
  readonly remoteIp?: string
  readonly destIp: string
  readonly destPort: number
  readonly sni?: string
  readonly method?: string
  readonly path?: string
  readonly host?: string
  readonly headers?: readonly (readonly [name: string, value: string])[]
  readonly claims?: { readonly [name: string]: Json }
}

export interface Answer {
  readonly decision: 'allow' | 'deny'
  readonly decidedBy: string
}

/** What Envoy said where it decided nothing: a malformed request, a refused token. */
export interface NoAnswer {
  readonly undecided: string
}

export type EnvoyAnswer = Answer | NoAnswer

export interface Case {
  readonly set: PolicySet
  readonly request: Request
}
