/**
 * Prohibitions that are passed over at the workload of a SubjectRoute, and are likely meant for it: what the route says of the pods, or of
 * the way to them, leaves out why Istio would enforce them. Pure. What speaks of another workload is not told.
 */
import type { AuthorizationPolicy, Mesh } from '../../istio/index.ts'
import { groupBy } from '../../lib/group-by.ts'
import type { Diagnostic } from '../../policy/diagnostic.ts'
import type { WrittenAuthorizationPolicy, WrittenRoutes } from './written.ts'

const MOST_TOLD = 5

/** @param prohibitions those of {@link prohibitionsOf} */
export function passedOver(routes: WrittenRoutes, prohibitions: Prohibitions, mesh: Mesh): Diagnostic[] {
  if (routes.attachment.is !== 'sidecar') return []
  return [...new Set([mesh.rootNamespace, routes.namespace])]
    .flatMap((namespace) => prohibitions.get(namespace) ?? [])
    .flatMap((policy) => {
      const doubt = doubtOf(policy, routes)
      return doubt === undefined ? [] : [{ policy, ...doubt }]
    })
    .slice(0, MOST_TOLD)
    .map(({ policy: { namespace, name, action }, reason, hint }) => {
      const message = `${action} of AuthorizationPolicy ${namespace}/${name} ${reason}: it is passed over, and its subjects stay granted`
      return { severity: 'warning', code: 'route-passed-over', message, hint, ...routes.origin }
    })
}

/** By namespace. */
export type Prohibitions = ReadonlyMap<string, readonly AuthorizationPolicy[]>

/** The policies that take away, where they are for some workloads only. */
export function prohibitionsOf(policies: readonly WrittenAuthorizationPolicy[]): Prohibitions {
  const taking = policies
    .map(({ policy }) => policy)
    .filter(
      ({ action, dryRun, target }) =>
        (action === 'DENY' || action === 'CUSTOM') && !dryRun && target.is !== 'namespace',
    )
  return groupBy(taking, ({ namespace }) => namespace)
}

interface Doubt {
  readonly reason: string
  readonly hint: string
}

function doubtOf({ target, namespace }: AuthorizationPolicy, routes: WrittenRoutes): Doubt | undefined {
  if (target.is === 'selector') return doubtOfSelector(target.labels, routes.labels)
  if (target.is !== 'targetRefs' || namespace !== routes.namespace) return undefined
  const [service = ''] = routes.host.split('.')
  if (!target.refs.some(({ kind, name }) => kind === 'Service' && name === service)) return undefined
  return {
    reason: `targets the Service ${service}, and the route is attached to a sidecar`,
    hint: `write attachment: waypoint and service: ${service}, if HTTP comes through one`,
  }
}

/** Labels that differ are another workload. Of those that the route does not name, one of the same value, or beside one that it has, is a sign. */
function doubtOfSelector(
  selector: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>>,
): Doubt | undefined {
  const own = new Map(Object.entries(labels))
  const asked = Object.entries(selector)
  if (asked.some(([key, value]) => own.has(key) && own.get(key) !== value)) return undefined
  const unnamed = asked.filter(([key]) => !own.has(key))
  const values = new Set(own.values())
  if (unnamed.length === 0 || (unnamed.length === asked.length && !asked.some(([, value]) => values.has(value))))
    return undefined
  const missing = unnamed.map(([key, value]) => `${key}: ${value}`).join(', ')
  return {
    reason: `selects by ${missing}, of which workload.labels says nothing`,
    hint: 'write all labels of the pods into workload.labels',
  }
}
