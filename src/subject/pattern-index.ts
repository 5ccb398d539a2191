/**
 * Many patterns, each with something attached, asked at once which of them cover, lie within or overlap another. Pure.
 * A trie by token: a question walks only the branches that can answer it, so its cost follows the answer, not the size.
 */
import { spend } from '../lib/effort.ts'
import { ONE_TOKEN, TAIL, type Pattern } from './pattern.ts'

/** All that is looked at. */
type Tokens = Pick<Pattern, 'tokens'>

/** Patterns that begin alike. */
interface Node<T> {
  /** By next token, wildcards left out. */
  literals: Map<string, Node<T>> | undefined
  /** Goes on with `*`. */
  any: Node<T> | undefined
  /** Attached to the pattern that ends here. */
  readonly ends: T[]
  /** Attached to the pattern that goes on with `>` from here. */
  readonly tails: T[]
}

/** Values come back in no promised order, once for each time they were added. */
export class PatternIndex<T> {
  readonly #root: Node<T> = createNode()

  add(pattern: Tokens, value: T): void {
    let node = this.#root
    for (const token of pattern.tokens) {
      if (token === TAIL) {
        node.tails.push(value)
        return
      }
      node = childOf(node, token)
    }
    node.ends.push(value)
  }

  /** Of the entries that cover the pattern. Of a literal subject: the entries that match it. */
  covering(pattern: Pattern): T[] {
    const found: T[] = []
    collectCovering(this.#root, pattern.tokens, 0, found)
    return found
  }

  /** Of the entries that the pattern covers. */
  coveredBy(pattern: Pattern): T[] {
    const found: T[] = []
    collectCovered(this.#root, pattern.tokens, 0, found)
    return found
  }

  /** Of the entries that share a literal subject with the pattern. */
  overlapping(pattern: Tokens): T[] {
    const found: T[] = []
    collectOverlapping(this.#root, pattern.tokens, 0, found)
    return found
  }
}

function createNode<T>(): Node<T> {
  return { literals: undefined, any: undefined, ends: [], tails: [] }
}

function childOf<T>(node: Node<T>, token: string): Node<T> {
  if (token === ONE_TOKEN) return (node.any ??= createNode())
  node.literals ??= new Map()
  let child = node.literals.get(token)
  if (child === undefined) {
    child = createNode()
    node.literals.set(token, child)
  }
  return child
}

function collectCovering<T>(node: Node<T>, tokens: readonly string[], depth: number, found: T[]): void {
  spend(1)
  const token = tokens[depth]
  if (token === undefined) {
    append(found, node.ends)
    return
  }
  append(found, node.tails)
  if (token === TAIL) return
  if (node.any !== undefined) collectCovering(node.any, tokens, depth + 1, found)
  // No literal is spelled `*`, so this finds nothing when the pattern goes on with `*`.
  const same = node.literals?.get(token)
  if (same !== undefined) collectCovering(same, tokens, depth + 1, found)
}

function collectCovered<T>(node: Node<T>, tokens: readonly string[], depth: number, found: T[]): void {
  const token = tokens[depth]
  if (token === undefined) append(found, node.ends)
  else if (token === TAIL) collectBelow(node, found)
  else if (token === ONE_TOKEN) eachChild(node, (child) => collectCovered(child, tokens, depth + 1, found))
  else {
    const same = node.literals?.get(token)
    if (same !== undefined) collectCovered(same, tokens, depth + 1, found)
  }
}

function collectOverlapping<T>(node: Node<T>, tokens: readonly string[], depth: number, found: T[]): void {
  spend(1)
  const token = tokens[depth]
  if (token === undefined) append(found, node.ends)
  else if (token === TAIL) collectBelow(node, found)
  else {
    append(found, node.tails)
    if (token === ONE_TOKEN) eachChild(node, (child) => collectOverlapping(child, tokens, depth + 1, found))
    else {
      if (node.any !== undefined) collectOverlapping(node.any, tokens, depth + 1, found)
      const same = node.literals?.get(token)
      if (same !== undefined) collectOverlapping(same, tokens, depth + 1, found)
    }
  }
}

/** Everything that goes at least one token beyond `node`. */
function collectBelow<T>(node: Node<T>, found: T[]): void {
  spend(1)
  append(found, node.tails)
  eachChild(node, (child) => {
    append(found, child.ends)
    collectBelow(child, found)
  })
}

function eachChild<T>(node: Node<T>, visit: (child: Node<T>) => void): void {
  if (node.any !== undefined) visit(node.any)
  node.literals?.forEach(visit)
}

function append<T>(found: T[], values: readonly T[]): void {
  for (const value of values) found.push(value)
}
