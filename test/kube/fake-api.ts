/**
 * A Kubernetes API just large enough for list and watch, over plain HTTP, that does wrong what the real one does not do on demand.
 * It answers like the real one until a test takes a request over.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { apiVersionOf, collectionPath, RESOURCES, resourceName, type Resource } from '../../src/kube/resources.ts'
import { tempFolder } from '../support/temp-folder.ts'

export interface FakeObject {
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [field: string]: unknown }
  readonly [field: string]: unknown
}

/** A request in the words of the API: `list`, `watch`, `groups`, `resources`, `review`, `status`. */
export interface FakeRequest {
  readonly verb: string
  /** `subjectpolicies.nats-identity-bridge.dev`. */
  readonly resource: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly body: string
  readonly response: ServerResponse
}

export type TakeOver = (request: FakeRequest) => boolean

export interface FakeApi {
  readonly kubeconfig: string
  readonly port: number
  put(resource: string, object: FakeObject): void
  remove(resource: string, name: string): void
  /** From now on asked first; answering true takes the request over. @returns an end to that. */
  takeOver(take: TakeOver): () => void
  /** `list subjectpolicies.nats-identity-bridge.dev` and so on, in the order of arrival. */
  readonly seen: readonly string[]
  /** Open watches. */
  watches(): number
  /** Watches opened before now cannot be resumed: 410. */
  forget(): void
  /** Breaks every connection. */
  hangUp(): void
}

export function status(response: ServerResponse, code: number, reason: string): true {
  response.writeHead(code, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, code }))
  return true
}

export function json(response: ServerResponse, value: unknown): true {
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(JSON.stringify(value))
  return true
}

interface Event {
  readonly version: number
  readonly resource: string
  readonly type: string
  readonly object: object
}

export async function fakeApi(): Promise<FakeApi> {
  const objects = new Map<string, Map<string, object>>(RESOURCES.map((one) => [resourceName(one), new Map()]))
  const history: Event[] = []
  const watches = new Set<{ resource: string; response: ServerResponse }>()
  const takers = new Set<TakeOver>()
  const seen: string[] = []
  let version = 1
  let oldest = 0

  function resourceAt(path: string): Resource | undefined {
    const everywhere = path.replace(/\/namespaces\/[^/]+/, '')
    return RESOURCES.find((one) => everywhere.startsWith(collectionPath(one, one.versions[0] ?? '')))
  }

  function verbOf(method: string, path: string, query: URLSearchParams): string {
    if (path === '/apis') return 'groups'
    if (path.includes('selfsubjectaccessreviews')) return 'review'
    if (resourceAt(path) === undefined) return 'resources'
    if (method === 'PATCH') return 'status'
    return query.get('watch') === 'true' ? 'watch' : 'list'
  }

  function changed(resource: string, type: string, key: string, object: FakeObject): void {
    version += 1
    const kind = RESOURCES.find((one) => resourceName(one) === resource)
    if (kind === undefined) throw new Error(`no resource ${resource}`)
    const full = {
      apiVersion: apiVersionOf(kind, kind.versions[0] ?? ''),
      kind: kind.kind,
      ...object,
      metadata: { generation: 1, uid: key, ...object.metadata, resourceVersion: `${version}` },
    }
    if (type === 'DELETED') objects.get(resource)?.delete(key)
    else objects.get(resource)?.set(key, full)
    const event = { version, resource, type, object: full }
    history.push(event)
    for (const watch of watches) if (watch.resource === resource) watch.response.write(line(event))
  }

  function answer({ verb, resource, query, response, body }: FakeRequest, path: string): void {
    const kind = resourceAt(path)
    if (verb === 'groups') {
      const groups = [...new Set(RESOURCES.map(({ group }) => group))].filter((group) => group !== '')
      const listed = groups.map((name) => {
        const versions = RESOURCES.filter((one) => one.group === name).flatMap((one) => one.versions)
        return {
          name,
          versions: [...new Set(versions)].map((each) => ({ groupVersion: `${name}/${each}`, version: each })),
        }
      })
      json(response, { kind: 'APIGroupList', apiVersion: 'v1', groups: listed })
    } else if (verb === 'resources') {
      const resources = RESOURCES.filter((one) => path === `/apis/${one.group}/${one.versions[0]}`)
      json(response, { kind: 'APIResourceList', resources: resources.map(({ plural }) => ({ name: plural })) })
    } else if (verb === 'review') {
      json(response, { kind: 'SelfSubjectAccessReview', status: { allowed: true } })
    } else if (verb === 'status') {
      json(response, JSON.parse(body))
    } else if (kind !== undefined && verb === 'list') {
      const all = [...(objects.get(resource)?.values() ?? [])]
      const start = Number(query.get('continue') ?? 0)
      const end = start + Number(query.get('limit') ?? all.length + 1)
      json(response, {
        apiVersion: apiVersionOf(kind, kind.versions[0] ?? ''),
        kind: `${kind.kind}List`,
        metadata: { resourceVersion: `${version}`, ...(end < all.length ? { continue: `${end}` } : {}) },
        items: all.slice(start, end),
      })
    } else {
      response.writeHead(200, { 'content-type': 'application/json' })
      const from = Number(query.get('resourceVersion'))
      if (from < oldest) {
        response.end(line({ type: 'ERROR', object: { kind: 'Status', reason: 'Expired', code: 410 } }))
        return
      }
      response.flushHeaders()
      for (const event of history) if (event.resource === resource && event.version > from) response.write(line(event))
      const watch = { resource, response }
      watches.add(watch)
      response.once('close', () => watches.delete(watch))
    }
  }

  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { pathname, searchParams: query } = new URL(request.url ?? '', 'http://fake')
      const verb = verbOf(request.method ?? '', pathname, query)
      const kind = resourceAt(pathname)
      const resource = kind === undefined ? pathname : resourceName(kind)
      seen.push(`${verb} ${resource}`)
      const { headers } = request
      const asked = { verb, resource, query, headers, body: Buffer.concat(chunks).toString(), response }
      if (![...takers].some((take) => take(asked))) answer(asked, pathname)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return {
    kubeconfig: tempFolder().write('kubeconfig', kubeconfigText(`http://127.0.0.1:${port}`, { token: 'secret-token' })),
    port,
    seen,
    put: (resource, object) => {
      const key = keyOf(object)
      changed(resource, objects.get(resource)?.has(key) === true ? 'MODIFIED' : 'ADDED', key, object)
    },
    remove(resource, name) {
      const [key, object] = [...(objects.get(resource) ?? [])].find(([each]) => each.endsWith(`/${name}`)) ?? []
      if (key !== undefined) changed(resource, 'DELETED', key, object as FakeObject)
    },
    takeOver(take) {
      takers.add(take)
      return () => void takers.delete(take)
    },
    watches: () => watches.size,
    forget() {
      version += 1
      oldest = version
    },
    hangUp: () => server.closeAllConnections(),
  }
}

function keyOf({ metadata }: FakeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`
}

export function line(event: { readonly type: string; readonly object: object }): string {
  return `${JSON.stringify({ type: event.type, object: event.object })}\n`
}

/** JSON, which is YAML. */
export function kubeconfigText(
  server: string,
  user: object,
  cluster: object = { 'insecure-skip-tls-verify': true },
): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'fake', cluster: { server, ...cluster } }],
    users: [{ name: 'me', user }],
    contexts: [
      { name: 'fake', context: { cluster: 'fake', user: 'me' } },
      { name: 'nobody', context: { cluster: 'fake' } },
    ],
    'current-context': 'fake',
  })
}
