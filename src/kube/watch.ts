/**
 * One watch of a resource, from a known moment until the server ends it or something breaks. What cannot be understood ends it: an event
 * that is passed over may be the one that takes a right away.
 */
import { isJsonObject } from '../lib/json.ts'
import type { KubeConnection } from './connection.ts'
import { apiProblem, parseJson, problemOfAnswer, type ApiProblem } from './problem.ts'
import { apiVersionOf, collectionPath, type Resource } from './resources.ts'
import { readRaw, type RawObject } from './store.ts'

export interface WatchSink {
  /** The server took the watch. */
  opened(): void
  /** Something came, were it a mere bookmark. */
  heard(): void
  put(item: RawObject): void
  remove(item: RawObject): void
}

export interface WatchOptions {
  readonly version: string
  /** Exclusive: what happened after it is told. */
  readonly from: string
  /** After which the server ends it by itself. */
  readonly seconds: number
  /** Milliseconds of silence beyond those seconds. */
  readonly graceMs: number
}

export interface WatchEnd {
  /** The moment up to which everything was told. */
  readonly upTo: string
  /** Absent: the server ended it as agreed. */
  readonly problem?: ApiProblem
}

export async function watchOnce(
  connection: KubeConnection,
  resource: Resource,
  options: WatchOptions,
  sink: WatchSink,
): Promise<WatchEnd> {
  const { version, from, seconds, graceMs } = options
  let upTo = from
  const query = new URLSearchParams({
    watch: 'true',
    allowWatchBookmarks: 'true',
    resourceVersion: from,
    timeoutSeconds: `${seconds}`,
  })
  const ended = await connection.lines(`${collectionPath(resource, version)}?${query.toString()}`, {
    opened: () => sink.opened(),
    silenceMs: seconds * 1000 + graceMs,
    read(lines) {
      sink.heard()
      for (const line of lines) {
        const event = readEvent(resource, version, line)
        if ('problem' in event) return event.problem
        upTo = event.upTo
        if (event.type === 'put') sink.put(event.item)
        else if (event.type === 'remove') sink.remove(event.item)
      }
      return undefined
    },
  })
  return ended.ok ? { upTo } : { upTo, problem: ended.error }
}

type WatchEvent =
  | { readonly type: 'put' | 'remove'; readonly item: RawObject; readonly upTo: string }
  | { readonly type: 'bookmark'; readonly upTo: string }
  | { readonly problem: ApiProblem }

function readEvent(resource: Resource, version: string, line: string): WatchEvent {
  const event = parseJson(line)
  if (!isJsonObject(event) || !isJsonObject(event['object'])) return strange(resource)
  const { type, object } = event
  if (type === 'ERROR') {
    const code = object['code']
    const problem = problemOfAnswer(typeof code === 'number' ? code : 500, JSON.stringify(object), undefined)
    return { problem }
  }
  if (type === 'BOOKMARK') {
    const upTo = isJsonObject(object['metadata']) ? object['metadata']['resourceVersion'] : undefined
    return typeof upTo === 'string' && upTo !== '' ? { type: 'bookmark', upTo } : strange(resource)
  }
  const item = readRaw(resource, version, apiVersionOf(resource, version), object)
  if (item === undefined) return strange(resource)
  if (type === 'DELETED') return { type: 'remove', item, upTo: item.resourceVersion }
  if (type !== 'ADDED' && type !== 'MODIFIED') return strange(resource)
  return { type: 'put', item, upTo: item.resourceVersion }
}

function strange({ plural }: Resource): { readonly problem: ApiProblem } {
  return { problem: apiProblem('answer', `an event in the watch of ${plural} is no watch event`) }
}
