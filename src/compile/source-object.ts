/**
 * One object as its source holds it: JSON, and where each part was written. Pure.
 * The seam between sources: YAML text makes these with positions, objects of the Kubernetes API come without.
 */
import { groupBy } from '../lib/group-by.ts'
import type { Json } from '../lib/json.ts'
import type { Mistake, Position } from './mistake.ts'
import type { Path } from '../lib/spell.ts'

export interface SourceObject {
  readonly value: Json
  /** Mistakes of the text itself (duplicate keys, aliases); what they concern is missing from `value`. */
  readonly mistakes: readonly Mistake[]
  readonly file?: string
  /** Where the value (or, `atKey`, its name) stands; the nearest thing around it when it is not there. */
  locate(path: Path, atKey: boolean): Position | undefined
}

/** What stands in a list (`kind: List`, as kubectl prints several objects), each as an object of its own with the mistakes of its own text. */
export function itemsOf(list: SourceObject, items: readonly Json[]): SourceObject[] {
  const own = groupBy(list.mistakes, ({ path: [field, index] }) => (field === 'items' ? index : undefined))
  return items.map((value, index) => ({
    value,
    mistakes: (own.get(index) ?? []).map((mistake) => ({ ...mistake, path: mistake.path.slice(2) })),
    ...(list.file === undefined ? {} : { file: list.file }),
    locate: (path, atKey) => list.locate(['items', index, ...path], atKey),
  }))
}

/** The value at a path, `undefined` when there is none. */
export function valueAt(value: Json, path: Path): Json | undefined {
  let found: Json | undefined = value
  for (const step of path) {
    if (typeof found !== 'object' || found === null) return undefined
    if (isList(found)) found = typeof step === 'number' ? found[step] : undefined
    else found = Object.hasOwn(found, step) ? found[step] : undefined
  }
  return found
}

/**
 * Every text at a path with `*` for each item of a list, whatever else is wrong around it:
 * `['grants', '*', 'publish', '*']`.
 */
export function textsAt(value: Json | undefined, pattern: readonly string[]): { path: Path; text: string }[] {
  return valuesAt(value, pattern).flatMap((found) =>
    typeof found.value === 'string' ? [{ path: found.path, text: found.value }] : [],
  )
}

export function valuesAt(value: Json | undefined, pattern: readonly string[]): { path: Path; value: Json }[] {
  if (value === undefined) return []
  const [step, ...rest] = pattern
  if (step === undefined) return [{ path: [], value }]
  if (step !== '*') {
    const inner = valuesAt(valueAt(value, [step]), rest)
    return inner.map((found) => ({ path: [step, ...found.path], value: found.value }))
  }
  if (!isList(value)) return []
  return value.flatMap((item, index) =>
    valuesAt(item, rest).map((found) => ({ path: [index, ...found.path], value: found.value })),
  )
}

export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}
