/**
 * A YAML document as JSON. Pure.
 * Refuses what JSON, and so the Kubernetes API, cannot hold: duplicate keys, keys that are no text, tags, `__proto__`.
 * Refuses anchors in use as well: a policy must be readable where it stands, and nothing can multiply.
 */
import { isAlias, isMap, isScalar, isSeq, type Pair, type Scalar } from 'yaml'
import type { Json } from '../../lib/json.ts'
import { withHint, type Mistake, type Position } from '../mistake.ts'
import { quote, spellPath, unquoted, type Path } from '../../lib/spell.ts'
import { MERGE_HINT, MERGE_KEY } from '../merge-key.ts'
import { keyText, startOf } from './locate.ts'

export interface JsonValue {
  readonly value: Json
  readonly mistakes: readonly Mistake[]
}

const CORE_TAGS: ReadonlySet<string> = new Set(
  ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((name) => `tag:yaml.org,2002:${name}`),
)

/** The depth of `root` is bounded by the reader of the text. */
export function toJsonValue(root: unknown, positionOf: (offset: number) => Position): JsonValue {
  const mistakes: Mistake[] = []
  const lineOf = (node: unknown): number | undefined => {
    const start = startOf(node)
    return start === undefined ? undefined : positionOf(start).line
  }

  function read(node: unknown, path: Path): Json {
    if (isAlias(node)) return refuseAlias(node.source, path)
    if (hasForeignTag(node)) {
      mistakes.push({
        code: 'tag-unsupported',
        message: `${spellPath(path)} has a YAML tag, expected plain values`,
        path,
      })
      return null
    }
    if (isMap(node)) return readMap(node.items, path)
    if (isSeq(node)) return node.items.map((item, index) => read(item, [...path, index]))
    return isScalar(node) ? readScalar(node) : null
  }

  function readMap(items: readonly Pair[], path: Path): Json {
    const members = new Map<string, Json>()
    const lines = new Map<string, number | undefined>()
    for (const pair of items) {
      const name = keyText(pair.key)
      if (name === undefined || name === '__proto__') refuseKey(pair, name, path)
      else if (members.has(name)) refuseDuplicate(pair, name, path, lines.get(name))
      else {
        lines.set(name, lineOf(pair.key))
        members.set(name, read(pair.value, [...path, name]))
      }
    }
    return Object.fromEntries(members)
  }

  function refuseAlias(name: string, path: Path): Json {
    const hint = path.at(-1) === MERGE_KEY ? MERGE_HINT : hintForAlias(name)
    const message = `${spellPath(path)} is the alias *${unquoted(name, 60)}, aliases are not supported`
    mistakes.push({ code: 'alias-unsupported', message, hint, path })
    return null
  }

  function refuseKey(pair: Pair, name: string | undefined, path: Path): void {
    const read = name === undefined ? 'is no text' : 'is "__proto__"'
    const message = `a key in ${spellPath(path)} ${read}, expected the name of a field`
    const mistake: Mistake = { code: 'key-invalid', message, path, ...positioned(pair) }
    mistakes.push(withHint(mistake, name === undefined ? 'if this is a template, render it first' : undefined))
  }

  function refuseDuplicate(pair: Pair, name: string, path: Path, line: number | undefined): void {
    const first = line === undefined ? '' : `, first on line ${line}`
    const message = `duplicate key ${quote(name)} in ${spellPath(path)}${first}`
    const isNextDocument = path.length === 0 && name === 'apiVersion'
    const hint = isNextDocument ? 'begin the next document with a line ---, or keep one of them' : 'keep one of them'
    mistakes.push({ code: 'duplicate-key', message, hint, path: [...path, name], ...positioned(pair) })
  }

  function positioned(pair: Pair): { position?: Position } {
    const start = startOf(pair.key)
    return start === undefined ? {} : { position: positionOf(start) }
  }

  return { value: read(root, []), mistakes }
}

function hintForAlias(name: string): string {
  if (!name.startsWith('.')) return 'write the value out'
  return `a bare * begins a YAML alias; put the pattern in quotes: ${quote(`*${name}`)}`
}

function hasForeignTag(node: unknown): boolean {
  if (!isMap(node) && !isSeq(node) && !isScalar(node)) return false
  return node.tag !== undefined && !CORE_TAGS.has(node.tag)
}

function readScalar(node: Scalar): Json {
  const { value } = node
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value
  // What JSON has no number for stays text, so that a message can quote it.
  return typeof value === 'number' && Number.isFinite(value) ? value : (node.source ?? null)
}
