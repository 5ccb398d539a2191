/** Which policies rule a workload: istiod's `ShouldAttachPolicy` (pilot/pkg/model/policyattachment.go, release-1.31). Pure. */
import type { AuthorizationPolicy, PolicyTarget, TargetRef } from './authorization-policy.ts'
import type { Mesh, PolicyWorkload, SidecarWorkload, WaypointWorkload } from './mesh.ts'
import { canonicalGroup } from './parse-target.ts'

/** Pods of a Gateway API gateway carry its name here. */
const GATEWAY_LABEL = 'gateway.networking.k8s.io/gateway-name'
const WAYPOINT_CLASS = 'istio-waypoint'
const GATEWAY_GROUP = 'gateway.networking.k8s.io'

/** @returns those of them that apply, in the order given. */
export function selectPolicies(
  policies: readonly AuthorizationPolicy[],
  workload: PolicyWorkload,
  mesh: Mesh,
): readonly AuthorizationPolicy[] {
  if ('waypoint' in workload) return policies.filter((policy) => isForWaypoint(policy, workload, mesh))
  return policies.filter(
    (policy) =>
      (policy.namespace === mesh.rootNamespace || policy.namespace === workload.namespace) &&
      isForPod(policy, workload),
  )
}

/** Sidecars know nothing of `targetRefs`, and a policy that has them is not for them. */
function isForPod({ namespace, target }: AuthorizationPolicy, workload: SidecarWorkload): boolean {
  if (target.is !== 'targetRefs') return isSelected(target, workload.labels)
  const gateway = labelOf(workload.labels, GATEWAY_LABEL)
  if (gateway === undefined || namespace !== workload.namespace) return false
  return target.refs.some((ref) => refersTo(ref, GATEWAY_GROUP, 'Gateway') && ref.name === gateway)
}

function isSelected(target: Exclude<PolicyTarget, { is: 'targetRefs' }>, labels: SidecarWorkload['labels']): boolean {
  if (target.is === 'namespace') return true
  return Object.entries(target.labels).every(([key, value]) => labelOf(labels, key) === value)
}

function isForWaypoint(
  { namespace, target }: AuthorizationPolicy,
  { waypoint }: WaypointWorkload,
  { rootNamespace }: Mesh,
): boolean {
  if (target.is !== 'targetRefs') return false
  return target.refs.some((ref) => {
    if (refersTo(ref, '', 'Service')) return isIt(waypoint.service, namespace, ref.name)
    if (refersTo(ref, 'networking.istio.io', 'ServiceEntry')) return isIt(waypoint.serviceEntry, namespace, ref.name)
    if (refersTo(ref, GATEWAY_GROUP, 'GatewayClass')) return namespace === rootNamespace && ref.name === WAYPOINT_CLASS
    if (!refersTo(ref, GATEWAY_GROUP, 'Gateway')) return false
    return namespace === waypoint.namespace && ref.name === waypoint.name
  })
}

function isIt(object: WaypointWorkload['waypoint']['service'], namespace: string, name: string): boolean {
  return object !== undefined && object.namespace === namespace && object.name === name
}

function refersTo(ref: TargetRef, group: string, kind: string): boolean {
  return ref.kind === kind && canonicalGroup(ref.group) === canonicalGroup(group)
}

function labelOf(labels: SidecarWorkload['labels'], key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined
}
