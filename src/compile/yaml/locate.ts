/** From a path into a YAML document to the place in its text. Pure. */
import { isMap, isScalar, isSeq, type Document, type Pair } from 'yaml'
import type { Path } from '../../lib/spell.ts'

/**
 * Offset in the text of the value at `path`, or of its key. A value without text of its own (`grants:` and nothing
 * behind it) is where its key is; what is not there at all is where the thing around it begins.
 */
export function offsetAt(document: Document.Parsed, path: Path, atKey: boolean): number | undefined {
  let node: unknown = document.contents
  let key = startOf(node)
  for (const step of path) {
    const pair = isMap(node) ? pairOf(node.items, step) : undefined
    if (pair !== undefined) {
      node = pair.value
      key = startOf(pair.key) ?? key
    } else if (isSeq(node) && typeof step === 'number' && step < node.items.length) {
      node = node.items[step]
      key = startOf(node) ?? key
    } else return key
  }
  return atKey ? key : (startOf(node) ?? key)
}

/** How a key is spelled as JSON; `undefined` for keys that JSON has no word for. */
export function keyText(key: unknown): string | undefined {
  if (!isScalar(key) || key.value === null) return undefined
  return typeof key.value === 'string' ? key.value : key.source
}

/** `undefined` for a node that takes up no text. */
export function startOf(node: unknown): number | undefined {
  if (typeof node !== 'object' || node === null || !('range' in node) || !Array.isArray(node.range)) return undefined
  const [start, end]: unknown[] = node.range
  return typeof start === 'number' && start !== end ? start : undefined
}

function pairOf(items: readonly Pair[], step: string | number): Pair | undefined {
  return items.find((pair) => keyText(pair.key) === step)
}
