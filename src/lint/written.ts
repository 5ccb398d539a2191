/**
 * From a compiled rule back to the document and the text behind it. Pure.
 * A subject that is not written anywhere in its document is one that a grant stands for (a bucket, a stream, a route).
 */
import { isList, valueAt, type SourceObject } from '../compile/index.ts'
import { isJsonObject, type Json } from '../lib/json.ts'
import type { Path } from '../lib/spell.ts'
import type { Origin } from '../policy/origin.ts'
import type { LintDocument } from './documents.ts'

type Position = NonNullable<ReturnType<SourceObject['locate']>>

export interface Written {
  readonly documentOf: (origin: Origin) => LintDocument | undefined
  /**
   * Where the text stands: in the rule that the origin names, else anywhere in the document, else in the role that it binds.
   * The origin is the one of the document that has it.
   */
  readonly placeOf: (origin: Origin, text: string) => WrittenPlace | undefined
  /** Where the rule itself stands. */
  readonly ruleAt: (origin: Origin) => Position | undefined
}

export interface WrittenPlace {
  readonly document: LintDocument
  readonly path: Path
  readonly origin: Origin
}

export const RULE_LISTS: ReadonlySet<string> = new Set(['rules', 'grants', 'accounts', 'routes'])

export function createWritten(documents: readonly LintDocument[]): Written {
  const byIdentity = new Map<string, LintDocument>()
  for (const document of documents) byIdentity.set(keyOf(document.kind, document, document.object.file), document)
  const documentOf = ({ kind, file, ...identity }: Origin): LintDocument | undefined =>
    byIdentity.get(keyOf(kind, identity, file))
  const placeIn = (origin: Origin, text: string): WrittenPlace | undefined => {
    const document = documentOf(origin)
    const path = document === undefined ? undefined : findText(document.object.value, origin, text)
    return document === undefined || path === undefined ? undefined : { document, path, origin }
  }
  return {
    documentOf,
    placeOf: (origin, text) => {
      const { through } = origin
      // A route is put in force by policies and not the other way round.
      const role = through === undefined || through.kind === 'SubjectRoute' ? undefined : through
      return placeIn(origin, text) ?? (role === undefined ? undefined : placeIn(role, text))
    },
    ruleAt: (origin) => {
      const document = documentOf(origin)
      const path = document === undefined ? undefined : rulePath(document.object.value, origin)
      return path === undefined ? undefined : document?.object.locate(path, false)
    },
  }
}

/** A namespaced document that names no namespace is read as one of `default`. */
function keyOf(
  kind: string,
  { namespace = 'default', name = '' }: { readonly namespace?: string; readonly name?: string },
  file: string | undefined,
): string {
  return JSON.stringify([kind, namespace, name, file ?? ''])
}

function rulePath(document: Json, { rule }: Origin): Path | undefined {
  if (rule === undefined) return ['spec']
  return rulePaths(rule).find((path) => valueAt(document, path) !== undefined)
}

function rulePaths(rule: number): Path[] {
  return [...RULE_LISTS].flatMap((list) => [
    ['spec', list, rule],
    [list, rule],
  ])
}

function findText(document: Json, origin: Origin, text: string): Path | undefined {
  const ruled = origin.rule === undefined ? [] : rulePaths(origin.rule)
  for (const root of [...ruled, ['spec'], []]) {
    const value = valueAt(document, root)
    const within = value === undefined ? undefined : pathTo(value, text)
    if (within !== undefined) return [...root, ...within]
  }
  return undefined
}

function pathTo(value: Json, text: string): Path | undefined {
  if (typeof value === 'string') return holds(value, text) ? [] : undefined
  const members = isList(value) ? [...value.entries()] : isJsonObject(value) ? Object.entries(value) : []
  for (const [key, member] of members) {
    const within = pathTo(member, text)
    if (within !== undefined) return [key, ...within]
  }
  return undefined
}

/** Annotations list their subjects between commas. */
function holds(value: string, text: string): boolean {
  return value === text || (value.includes(',') && value.split(',').some((part) => part.trim() === text))
}
