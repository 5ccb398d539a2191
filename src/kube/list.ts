/**
 * All objects of a resource, page by page, as of one moment. Half of a list is no list: when the pages do not come to their end, there is
 * no answer.
 */
import { isJsonObject, type JsonObject } from '../lib/json.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { KubeConnection } from './connection.ts'
import { apiProblem, type ApiProblem } from './problem.ts'
import { apiVersionOf, collectionPath, type Resource } from './resources.ts'
import { readRaw, type RawObject } from './store.ts'

export interface Listed {
  readonly items: readonly RawObject[]
  /** Where a watch begins. */
  readonly resourceVersion: string
}

const PAGE = 500
/** As many objects as no cluster has; a server that always has one more page would never come to an end. */
const MAX_OBJECTS = 1_000_000

/** @param heard called whenever the server said something. */
export async function listAll(
  connection: KubeConnection,
  resource: Resource,
  version: string,
  heard: () => void,
): Promise<Result<Listed, ApiProblem>> {
  const paged = await listPages(connection, resource, version, { limit: PAGE, heard })
  // The pages were compacted away under our hands: then all at once, as the Kubernetes' own clients do.
  if (paged.ok || paged.error.kind !== 'gone') return paged
  return listPages(connection, resource, version, { heard })
}

async function listPages(
  connection: KubeConnection,
  resource: Resource,
  version: string,
  { limit, heard }: { readonly limit?: number; readonly heard: () => void },
): Promise<Result<Listed, ApiProblem>> {
  const items: RawObject[] = []
  let token = ''
  for (;;) {
    const query = new URLSearchParams()
    if (limit !== undefined) query.set('limit', `${limit}`)
    if (token !== '') query.set('continue', token)
    const path = `${collectionPath(resource, version)}?${query.toString()}`
    const answer = await connection.call({ method: 'GET', path })
    if (!answer.ok) return answer
    heard()
    const page = readPage(resource, version, answer.value)
    if (page === undefined) return err(strange(resource))
    // Not spread: a list without pages may be longer than an argument list.
    for (const item of page.items) items.push(item)
    if (page.token === '') return ok({ items, resourceVersion: page.resourceVersion })
    if (page.token === token || page.items.length === 0 || items.length > MAX_OBJECTS) {
      return err(apiProblem('answer', `the list of ${resource.plural} does not come to an end`))
    }
    token = page.token
  }
}

interface Page {
  readonly items: readonly RawObject[]
  readonly token: string
  readonly resourceVersion: string
}

function readPage(resource: Resource, version: string, list: JsonObject): Page | undefined {
  const apiVersion = apiVersionOf(resource, version)
  const { metadata, items } = list
  if (list['kind'] !== `${resource.kind}List` || list['apiVersion'] !== apiVersion || !isJsonObject(metadata)) {
    return undefined
  }
  const { resourceVersion, continue: token = '' } = metadata
  // An empty list of a built-in kind may come as null.
  const written = items ?? []
  if (!Array.isArray(written) || typeof token !== 'string') return undefined
  if (typeof resourceVersion !== 'string' || resourceVersion === '') return undefined
  const raw: RawObject[] = []
  for (const item of written) {
    const read = readRaw(resource, version, apiVersion, item)
    if (read === undefined) return undefined
    raw.push(read)
  }
  return { items: raw, token, resourceVersion }
}

function strange({ kind, plural }: Resource): ApiProblem {
  return apiProblem('answer', `the answer to a list of ${plural} is no ${kind}List`)
}
