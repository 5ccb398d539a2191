/**
 * Reads the members of JSON objects as Kubernetes and protobuf do: `null` is a missing field, numbers are no texts. Pure.
 * Tells unknown fields: one that limits and is dropped in silence lets more people in.
 */
import { isJsonObject, type Json, type JsonObject } from '../lib/json.ts'
import { didYouMean } from '../lib/nearest.ts'
import { describeValue, listChoices, quote, spellPath, type Path } from '../lib/spell.ts'
import type { MistakeList } from './mistake.ts'

const MAX_LISTED = 6

/**
 * An object whose fields are all among `known`; `undefined` when it is missing, or no object (then that is told).
 * @param belongs says of an unknown field where it would be right.
 */
export function readObject(
  value: Json | undefined,
  path: Path,
  known: readonly string[],
  mistakes: MistakeList,
  belongs: (name: string) => string | undefined = nowhere,
): JsonObject | undefined {
  const object = readMap(value, path, mistakes)
  if (object === undefined) return undefined
  for (const name of Object.keys(object)) {
    if (known.includes(name)) continue
    const message = `unknown field ${quote(name)} in ${spellPath(path)}, expected ${listFields(known)}`
    mistakes.errorAtKey('unknown-field', [...path, name], message, belongs(name) ?? didYouMean(camelCase(name), known))
  }
  return object
}

/** An object with any keys. */
export function readMap(value: Json | undefined, path: Path, mistakes: MistakeList): JsonObject | undefined {
  if (value === undefined || value === null) return undefined
  if (isJsonObject(value)) return value
  wrongType(value, path, 'an object', mistakes)
  return undefined
}

/** A list; `undefined` when it is missing. */
export function readList(value: Json | undefined, path: Path, mistakes: MistakeList): readonly Json[] | undefined {
  if (value === undefined || value === null) return undefined
  if (isList(value)) return value
  wrongType(value, path, 'a list', mistakes, hintForList(value))
  return undefined
}

function hintForList(value: Json): string | undefined {
  if (typeof value === 'string') return `write it as a list: [${quote(value)}]`
  return isJsonObject(value) ? 'begin each item of the list with "- "' : undefined
}

export function readText(value: Json | undefined, path: Path, mistakes: MistakeList): string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string') return value
  const isScalar = typeof value === 'number' || typeof value === 'boolean'
  wrongType(value, path, 'text', mistakes, isScalar ? `put it in quotes: ${quote(String(value))}` : undefined)
  return undefined
}

/** A list of texts; an empty one asks for nothing, as a missing one. */
export function readTexts(value: Json | undefined, path: Path, mistakes: MistakeList): readonly string[] | undefined {
  const list = readList(value, path, mistakes)
  if (list === undefined || list.length === 0) return undefined
  return list.map((item, index) => {
    if (item === null) wrongType(item, [...path, index], 'text', mistakes)
    return readText(item, [...path, index], mistakes) ?? ''
  })
}

export function wrongType(
  value: Json | undefined,
  path: Path,
  expected: string,
  mistakes: MistakeList,
  hint?: string,
): void {
  mistakes.error('wrong-type', path, `${spellPath(path)} is ${describeValue(value)}, expected ${expected}`, hint)
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}

/** Nobody reads a list of all there are. */
function listFields(known: readonly string[]): string {
  return listChoices(known.length > MAX_LISTED ? [...known.slice(0, MAX_LISTED), 'others'] : known)
}

function nowhere(): undefined {
  return undefined
}

/** `ip_blocks` is how protobuf writes `ipBlocks`; Kubernetes does not know it. */
function camelCase(name: string): string {
  return name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
