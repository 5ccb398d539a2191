/**
 * Every object in the files, of whatever kind, with its place and the comments around it. Pure.
 * Lists are taken apart. Objects without `kind` are left to the compiler, which says what is wrong with them.
 */
import { isList, itemsOf, readYaml, valueAt, type SourceObject, type SourceText } from '../compile/index.ts'
import { isJsonObject, type JsonObject } from '../lib/json.ts'
import type { Path } from '../lib/spell.ts'

export interface LintDocument {
  readonly object: SourceObject
  /** Empty for the core group. */
  readonly group: string
  readonly kind: string
  readonly namespace?: string
  readonly name?: string
  /** Lines of comment right above what stands at the path, and at the end of its own line. */
  readonly commentAt: (path: Path) => string
}

export function readDocuments(sources: readonly SourceText[]): LintDocument[] {
  return sources.flatMap((source) => {
    const lines = source.text.split(/\r?\n/)
    return readYaml(source).objects.flatMap((object) => documentsOf(object, lines))
  })
}

function documentsOf(object: SourceObject, lines: readonly string[]): LintDocument[] {
  const { value } = object
  if (!isJsonObject(value)) return []
  const { apiVersion, kind, items } = value
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return []
  if (kind.endsWith('List') && isList(items)) {
    return itemsOf(object, items).flatMap((item) => documentsOf(item, lines))
  }
  const slash = apiVersion.indexOf('/')
  return [
    {
      object,
      group: slash < 0 ? '' : apiVersion.slice(0, slash),
      kind,
      ...identityOf(value),
      commentAt: (path) => commentAt(object, path, lines),
    },
  ]
}

function identityOf(value: JsonObject): { namespace?: string; name?: string } {
  const namespace = valueAt(value, ['metadata', 'namespace'])
  const name = valueAt(value, ['metadata', 'name'])
  return {
    ...(typeof namespace === 'string' && namespace !== '' ? { namespace } : {}),
    ...(typeof name === 'string' ? { name } : {}),
  }
}

const COMMENT = /^\s*#\s?(.*)$/
/** After a blank, and not inside a text that begins before it on the line. */
const TRAILING = /^[^'"#]*\s#\s?(.*)$/

function commentAt(object: SourceObject, path: Path, lines: readonly string[]): string {
  const position = object.locate(path, false)
  if (position === undefined) return ''
  const own = position.line - 1
  const found: string[] = []
  for (let line = own - 1; line >= 0; line--) {
    const [, text] = COMMENT.exec(lines[line] ?? '') ?? []
    if (text === undefined) break
    found.unshift(text)
  }
  const [, trailing] = TRAILING.exec(lines[own] ?? '') ?? []
  return [...found, ...(trailing === undefined ? [] : [trailing])].join('\n')
}
