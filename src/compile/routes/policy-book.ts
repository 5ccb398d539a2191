/** AuthorizationPolicies by the workloads they may be for, so that each of many workloads looks at few. Pure. */
import { selectPolicies, type Mesh, type PolicyWorkload } from '../../istio/index.ts'
import type { WrittenAuthorizationPolicy, WrittenRoutes } from './written.ts'

export class PolicyBook {
  readonly #mesh: Mesh
  /** By namespace, and there by one label of the selector; those without a selector under none. */
  readonly #drawers = new Map<string, Map<string, WrittenAuthorizationPolicy[]>>()

  constructor(policies: readonly WrittenAuthorizationPolicy[], mesh: Mesh) {
    this.#mesh = mesh
    for (const written of policies) {
      const { namespace, target } = written.policy
      const label = target.is === 'selector' ? Object.entries(target.labels)[0] : undefined
      const key = label === undefined ? ANY : keyOf(...label)
      let drawer = this.#drawers.get(namespace)
      if (drawer === undefined) this.#drawers.set(namespace, (drawer = new Map()))
      const filed = drawer.get(key)
      if (filed === undefined) drawer.set(key, [written])
      else filed.push(written)
    }
  }

  /** The policies that Istio would enforce at the workload of the routes. */
  of(routes: WrittenRoutes): readonly WrittenAuthorizationPolicy[] {
    const keys = [ANY, ...Object.entries(routes.labels).map(([key, value]) => keyOf(key, value))]
    const namespaces = new Set([this.#mesh.rootNamespace, routes.namespace])
    const candidates = [...namespaces].flatMap((namespace) => {
      const drawer = this.#drawers.get(namespace)
      return drawer === undefined ? [] : keys.flatMap((key) => drawer.get(key) ?? [])
    })
    const policies = candidates.map(({ policy }) => policy)
    const selected = new Set(selectPolicies(policies, workloadOf(routes), this.#mesh))
    return candidates.filter(({ policy }) => selected.has(policy))
  }

  /** Whether policies of the namespace can be for the workload of the routes. */
  rules(namespace: string, routes: WrittenRoutes): boolean {
    return namespace === routes.namespace || namespace === this.#mesh.rootNamespace
  }
}

/** No label is spelled like this. */
const ANY = ''

function keyOf(label: string, value: string): string {
  return `${label}=${value}`
}

function workloadOf({ namespace, labels, attachment }: WrittenRoutes): PolicyWorkload {
  if (attachment.is === 'sidecar') return { namespace, labels }
  const { service, gateway } = attachment
  return { waypoint: { namespace, name: gateway, service: { namespace, name: service } } }
}
