/**
 * The objects of one resource, as they were last heard of. An object stays the same `SourceObject` until something of it changes that
 * is read, so that what was made of it is kept as well.
 */
import type { SourceObject } from '../compile/index.ts'
import { isJsonObject, type Json, type JsonObject } from '../lib/json.ts'
import { keptPart } from './kept.ts'
import type { Resource } from './resources.ts'

/** An object with what its source says beside: for the status, and to tell news from old. */
export interface StoredObject {
  readonly source: SourceObject
  readonly name: string
  readonly namespace?: string
  readonly resourceVersion: string
  /** Of our own kinds. */
  readonly live?: LiveFacts
}

export interface LiveFacts {
  readonly uid: string
  readonly generation: number
  readonly status: Json
}

export interface Store {
  readonly objects: ReadonlyMap<string, StoredObject>
  /** Puts a whole list in the place of what is there. @returns whether anything differs that is read. */
  replace(items: readonly RawObject[]): boolean
  /** @returns whether anything differs that is read. */
  put(item: RawObject): boolean
  remove(item: RawObject): boolean
}

/** An object as the API sent it, with the version of its group, and found to be one of the resource. */
export interface RawObject {
  readonly key: string
  readonly name: string
  readonly namespace?: string
  readonly resourceVersion: string
  readonly version: string
  readonly value: JsonObject
}

/** @returns nothing when it is no object of the resource. */
export function readRaw(
  resource: Resource,
  version: string,
  apiVersion: string,
  value: unknown,
): RawObject | undefined {
  if (!isJsonObject(value) || !isJsonObject(value['metadata'])) return undefined
  // Items of a list of a built-in kind name neither.
  if ((value['kind'] ?? resource.kind) !== resource.kind) return undefined
  if ((value['apiVersion'] ?? apiVersion) !== apiVersion) return undefined
  const { name, namespace, resourceVersion } = value['metadata']
  if (typeof name !== 'string' || name === '') return undefined
  if (typeof resourceVersion !== 'string' || resourceVersion === '') return undefined
  const within = typeof namespace === 'string' && namespace !== '' ? namespace : undefined
  return {
    key: `${within ?? ''}/${name}`,
    name,
    ...(within === undefined ? {} : { namespace: within }),
    resourceVersion,
    version,
    value,
  }
}

export function createStore(resource: Resource): Store {
  let objects = new Map<string, StoredObject>()

  function stored(item: RawObject, known: StoredObject | undefined): StoredObject {
    if (known !== undefined && known.resourceVersion === item.resourceVersion) return known
    const { name, namespace, resourceVersion } = item
    const kept = keptPart(resource, item.version, item.value)
    const isSame = known !== undefined && JSON.stringify(known.source.value) === JSON.stringify(kept)
    return {
      source: isSame ? known.source : sourceObject(kept),
      name,
      ...(namespace === undefined ? {} : { namespace }),
      resourceVersion,
      ...(resource.hasStatus ? { live: liveFacts(item.value) } : {}),
    }
  }

  return {
    get objects() {
      return objects
    },
    replace(items) {
      const next = new Map<string, StoredObject>()
      let differs = false
      for (const item of items) {
        const known = objects.get(item.key)
        const object = stored(item, known)
        if (object.source !== known?.source) differs = true
        next.set(item.key, object)
      }
      // As many as before and each the same: then none is missing either.
      differs ||= next.size !== objects.size
      objects = next
      return differs
    },
    put(item) {
      const known = objects.get(item.key)
      const object = stored(item, known)
      objects.set(item.key, object)
      return object.source !== known?.source
    },
    remove: (item) => objects.delete(item.key),
  }
}

function sourceObject(value: JsonObject): SourceObject {
  return { value, mistakes: NO_MISTAKES, locate: nowhere }
}

const NO_MISTAKES: SourceObject['mistakes'] = []

function nowhere(): undefined {
  return undefined
}

function liveFacts({ metadata, status = null }: JsonObject): LiveFacts {
  const { uid, generation } = isJsonObject(metadata) ? metadata : {}
  return {
    uid: typeof uid === 'string' ? uid : '',
    generation: typeof generation === 'number' ? generation : 0,
    status,
  }
}
