/** What a policy needs to know of the mesh and of the workload it may rule. Pure data. */

export interface Mesh {
  readonly trustDomain: string
  readonly trustDomainAliases: readonly string[]
  /** Its policies rule all namespaces. */
  readonly rootNamespace: string
}

export const DEFAULT_MESH: Mesh = {
  trustDomain: 'cluster.local',
  trustDomainAliases: [],
  rootNamespace: 'istio-system',
}

export type PolicyWorkload = SidecarWorkload | WaypointWorkload

/** A pod with a sidecar, or a gateway of Istio's own kind: chosen by labels, `targetRefs` never. */
export interface SidecarWorkload {
  readonly namespace: string
  readonly labels: Readonly<Record<string, string>>
}

/** A waypoint, for the requests that go to one of its services: chosen by `targetRefs` only. */
export interface WaypointWorkload {
  readonly waypoint: {
    /** Where the waypoint (a Gateway) lives. */
    readonly namespace: string
    readonly name?: string
    readonly service?: NamedObject
    readonly serviceEntry?: NamedObject
  }
}

export interface NamedObject {
  readonly namespace: string
  readonly name: string
}

/** `tcp`: the port is not known to carry HTTP, so nothing of HTTP can be asked. */
export type Transport = 'http' | 'tcp'
