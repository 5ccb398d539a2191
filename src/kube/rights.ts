/**
 * What the bridge must be allowed to do in a cluster, which of it it is not, and how that is said: verb, resource and API group,
 * as a manifest spells them.
 */
import { isJsonObject } from '../lib/json.ts'
import { ok, type Result } from '../lib/result.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'
import type { KubeConnection } from './connection.ts'
import type { ApiProblem } from './problem.ts'
import { RESOURCES, resourceName, type Resource } from './resources.ts'

export interface Right {
  readonly verb: 'list' | 'watch' | 'patch'
  readonly group: string
  /** `subjectpolicies`, or `subjectpolicies/status`. */
  readonly resource: string
  /** Whether policy is followed without it. */
  readonly isNeeded: boolean
}

/** @param writesStatus whether conditions are written */
export function requiredRights(writesStatus: boolean, resources = RESOURCES): readonly Right[] {
  return resources.flatMap((resource) => [
    readingRight(resource, 'list'),
    readingRight(resource, 'watch'),
    ...(writesStatus && resource.hasStatus ? [statusRight(resource)] : []),
  ])
}

export function readingRight({ group, plural }: Resource, verb: 'list' | 'watch'): Right {
  return { verb, group, resource: plural, isNeeded: true }
}

export function statusRight({ group, plural }: Resource): Right {
  return { verb: 'patch', group, resource: `${plural}/status`, isNeeded: false }
}

/** `list subjectpolicies.nats-identity-bridge.dev`. */
export function nameRight({ verb, group, resource }: Right): string {
  const [plural = '', subresource] = resource.split('/')
  return `${verb} ${resourceName({ group, plural })}${subresource === undefined ? '' : `/${subresource}`}`
}

export function missingRight(right: Right): Diagnostic {
  const { verb, group, resource, isNeeded } = right
  return {
    severity: isNeeded ? 'error' : 'warning',
    code: 'cluster-forbidden',
    message: `the bridge may not ${nameRight(right)}`,
    hint: `grant it the verb ${verb} on ${resource} of the API group "${group}", as deploy/kubernetes/rbac.yaml does`,
  }
}

/**
 * Asks the API server for each right (SelfSubjectAccessReview).
 * @returns those that are missing; nothing when that cannot be learned, which the calls themselves will then show.
 */
export async function missingRights(connection: KubeConnection, rights: readonly Right[]): Promise<readonly Right[]> {
  const missing: Right[] = []
  for (const right of rights) {
    const has = await mayDo(connection, right)
    if (!has.ok) return []
    if (!has.value) missing.push(right)
  }
  return missing
}

async function mayDo(
  connection: KubeConnection,
  { verb, group, resource: name }: Right,
): Promise<Result<boolean, ApiProblem>> {
  const [resource = '', subresource] = name.split('/')
  const resourceAttributes = { verb, group, resource, ...(subresource === undefined ? {} : { subresource }) }
  const answer = await connection.call({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    body: { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec: { resourceAttributes } },
  })
  if (!answer.ok) return answer
  const { status } = answer.value
  return ok(!(isJsonObject(status) && status['allowed'] === false))
}
