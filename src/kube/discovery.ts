/**
 * Whether the API server has a resource at all, and in which version. A 404 alone proves nothing: a server that is starting, or something
 * that stands before it, gives one too, and a policy that counts as absent by mistake may be the DENY.
 */
import { isJsonObject, type JsonObject } from '../lib/json.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { KubeConnection } from './connection.ts'
import { apiProblem, type ApiProblem } from './problem.ts'
import { resourceName, versionPath, type Resource } from './resources.ts'

/** @returns the version to read it in; nothing when the server says that it has no such resource. */
export async function findVersion(
  connection: KubeConnection,
  resource: Resource,
): Promise<Result<string | undefined, ApiProblem>> {
  const [first = ''] = resource.versions
  // The core group is always there.
  if (resource.group === '') return ok(first)
  // Not the group itself: of one that is not there, the API server says no more than 404.
  const groups = await connection.call({ method: 'GET', path: '/apis' })
  if (!groups.ok) return groups
  const served = servedVersions(groups.value, resource.group)
  if (served === undefined) return err(apiProblem('answer', 'the answer about the API groups is no APIGroupList'))
  for (const version of resource.versions.filter((one) => served.includes(one))) {
    const has = await hasResource(connection, resource, version)
    if (!has.ok) return has
    if (has.value) return ok(version)
  }
  for (const version of served.filter((one) => !resource.versions.includes(one))) {
    const has = await hasResource(connection, resource, version)
    if (!has.ok) return has
    if (has.value) return err(onlyOther(resource, version))
  }
  return ok(undefined)
}

/** None when the group is not there. */
function servedVersions({ kind, groups }: JsonObject, name: string): readonly string[] | undefined {
  if (kind !== 'APIGroupList' || !Array.isArray(groups)) return undefined
  const group: unknown = groups.find((one: unknown) => isJsonObject(one) && one['name'] === name)
  const versions = isJsonObject(group) ? group['versions'] : []
  if (!Array.isArray(versions)) return undefined
  return versions.flatMap((one: unknown) => {
    const version = isJsonObject(one) ? one['version'] : undefined
    return typeof version === 'string' && VERSION.test(version) ? version : []
  })
}

const VERSION = /^v[a-z0-9]{1,30}$/

async function hasResource(
  connection: KubeConnection,
  resource: Resource,
  version: string,
): Promise<Result<boolean, ApiProblem>> {
  const list = await connection.call({ method: 'GET', path: versionPath(resource, version) })
  if (!list.ok) return list.error.kind === 'not-found' ? ok(false) : list
  const { kind, resources } = list.value
  if (kind !== 'APIResourceList' || !Array.isArray(resources)) {
    return err(apiProblem('answer', `the answer about ${resource.group}/${version} is no APIResourceList`))
  }
  return ok(resources.some((one: unknown) => isJsonObject(one) && one['name'] === resource.plural))
}

function onlyOther(resource: Resource, version: string): ApiProblem {
  const wanted = resource.versions.join(' or ')
  const message = `the API server has ${resourceName(resource)} as ${version}, and not as ${wanted}`
  return apiProblem('answer', message, 'install custom resource definitions of a version that this bridge reads')
}
