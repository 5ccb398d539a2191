/**
 * The sources of a policy on their way to another thread: an object of the cluster is sent once, and from then on by its number, so that a
 * change of one among thousands costs that one, there as here, where what was read of an object is kept with it.
 */
import type { PolicySources } from '../answers/answering.ts'
import type { SourceObject, SourceText } from '../compile/index.ts'
import type { Json } from '../lib/json.ts'

/** Plain data. */
export interface SentSources {
  readonly snapshotId: string
  readonly texts: readonly SourceText[]
  readonly topology: Json | undefined
  /** Their numbers. */
  readonly objects: readonly number[]
  /** Those that the other side does not have. */
  readonly fresh: readonly (readonly [number: number, value: Json])[]
}

/** For one receiver; a new one needs another sender. */
export function createSourcesSender(): (sources: PolicySources) => SentSources {
  const numbers = new WeakMap<SourceObject, number>()
  let last = 0
  let there: ReadonlySet<number> = new Set()

  function numberOf(object: SourceObject): number {
    const known = numbers.get(object)
    if (known !== undefined) return known
    last += 1
    numbers.set(object, last)
    return last
  }

  return ({ snapshotId, texts, objects, topology }) => {
    const numbered = objects.map((object) => [numberOf(object), object.value] as const)
    const fresh = numbered.filter(([number]) => !there.has(number))
    there = new Set(numbered.map(([number]) => number))
    return { snapshotId, texts, topology, objects: [...there], fresh }
  }
}

export function createSourcesReceiver(): (sent: SentSources) => PolicySources {
  let held: ReadonlyMap<number, SourceObject> = new Map()
  return ({ snapshotId, texts, topology, objects, fresh }) => {
    const all = new Map([...held, ...fresh.map(([number, value]) => [number, asSourceObject(value)] as const)])
    held = new Map(
      objects.flatMap((number) => {
        const object = all.get(number)
        return object === undefined ? [] : [[number, object] as const]
      }),
    )
    return { snapshotId, texts, topology, objects: [...held.values()] }
  }
}

function asSourceObject(value: Json): SourceObject {
  return { value, mistakes: [], locate: () => undefined }
}
