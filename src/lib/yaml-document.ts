/**
 * YAML text to plain values, with the place of every part. Pure.
 * Refuses what is too large or too deep, alias bombs, duplicate keys, keys that are not strings and unknown tags.
 * A document with a problem is left out of `documents`, so that nothing half-read is ever used.
 */
import { Composer, isAlias, isCollection, isMap, isScalar, isSeq, Lexer, LineCounter, Parser } from 'yaml'
import type { Alias, CST, Document, Node, Pair } from 'yaml'

export interface Position {
  /** From 1. */
  readonly line: number
  /** From 1. */
  readonly column: number
}

export interface YamlProblem extends Position {
  readonly message: string
}

export type YamlPath = readonly (string | number)[]

export interface YamlDocument {
  /** Strings, numbers, booleans, null, arrays and plain objects. Never null as a whole: empty documents are skipped. */
  readonly value: unknown
  /** Where the key or list item at `path` is written; the nearest part that exists when it is missing. `[]` is the document. */
  locate(path: YamlPath): Position
}

export interface YamlText {
  readonly documents: readonly YamlDocument[]
  readonly problems: readonly YamlProblem[]
}

export interface YamlLimits {
  /** UTF-16 code units of the whole text. */
  readonly maxLength: number
  /** Lexical tokens of the whole text; a text that is one error after the other costs the most per token. */
  readonly maxTokens: number
  readonly maxDepth: number
  /** Values in one document, those that aliases repeat included. */
  readonly maxNodes: number
  readonly maxProblems: number
}

export const YAML_LIMITS: YamlLimits = {
  maxLength: 1_048_576,
  maxTokens: 300_000,
  maxDepth: 64,
  maxNodes: 200_000,
  maxProblems: 50,
}

/** Never throws, whatever the text. */
export function parseYaml(text: string, limits: YamlLimits = YAML_LIMITS): YamlText {
  if (text.length > limits.maxLength) {
    const message = `the text has ${text.length} characters, at most ${limits.maxLength} are read`
    return { documents: [], problems: [{ line: 1, column: 1, message }] }
  }
  const lines = new LineCounter()
  const tokens = readTokens(text, lines, limits)
  if (!Array.isArray(tokens)) return { documents: [], problems: [tokens] }
  const composer = new Composer({
    version: '1.2',
    logLevel: 'silent',
    prettyErrors: false,
    stringKeys: true,
    // The library compares every key with every other, which a large mapping turns into minutes; the walk below uses a set.
    uniqueKeys: false,
  })
  const documents: YamlDocument[] = []
  const problems: YamlProblem[] = []
  for (const document of composer.compose(tokens)) {
    const reading = new Reading(document, lines, limits)
    problems.push(...reading.problems)
    if (reading.problems.length === 0 && reading.value !== null) {
      documents.push({ value: reading.value, locate: (path) => reading.locate(path) })
    }
  }
  return { documents, problems: problems.slice(0, limits.maxProblems) }
}

/**
 * The library's composer recurses, and where its stack ends inside a regular expression Node itself aborts, which no
 * `catch` sees. So the depth is bounded on the tokens, which are read without recursion.
 */
function readTokens(text: string, lines: LineCounter, { maxDepth, maxTokens }: YamlLimits): CST.Token[] | YamlProblem {
  const parser = new Parser(lines.addNewLine)
  lines.addNewLine(0)
  const tokens: CST.Token[] = []
  let count = 0
  for (const lexeme of new Lexer().lex(text)) {
    count += 1
    if (count > maxTokens) return { ...positionOf(lines, parser.offset), message: `more than ${maxTokens} tokens` }
    tokens.push(...parser.next(lexeme))
    // Beside the nesting levels the stack holds the document and the scalar being read.
    if (parser.stack.length > maxDepth + 2) return { ...positionOf(lines, parser.offset), message: tooDeep(maxDepth) }
  }
  tokens.push(...parser.end())
  return tokens
}

function tooDeep(maxDepth: number): string {
  return `the document is nested too deeply, at most ${maxDepth} levels are read`
}

/** One walk over one document. */
class Reading {
  readonly problems: YamlProblem[] = []
  readonly value: unknown
  readonly #contents: Node | null
  readonly #lines: LineCounter
  readonly #limits: YamlLimits
  readonly #anchors = new Map<string, Node>()
  readonly #targets = new Map<Alias, Node>()
  #nodes = 0

  constructor(document: Document.Parsed, lines: LineCounter, limits: YamlLimits) {
    this.#contents = document.contents
    this.#lines = lines
    this.#limits = limits
    for (const flaw of [...document.errors, ...document.warnings]) this.#refuse(flaw.pos[0], flaw.message)
    this.value = this.problems.length === 0 ? this.#read(document.contents, 0, false) : null
  }

  locate(path: YamlPath): Position {
    let node: unknown = this.#contents
    let offset = startOf(node)
    for (const step of path) {
      const container = isAlias(node) ? this.#targets.get(node) : node
      if (isMap(container)) {
        const pair = container.items.find((candidate) => keyOf(candidate) === String(step))
        if (pair === undefined) break
        offset = startOf(pair.key)
        node = pair.value
      } else if (isSeq(container) && typeof step === 'number' && step < container.items.length) {
        node = container.items[step]
        offset = startOf(node)
      } else break
    }
    return positionOf(this.#lines, offset)
  }

  #refuse(offset: number, message: string): void {
    if (this.problems.length < this.#limits.maxProblems) {
      this.problems.push({ ...positionOf(this.#lines, offset), message })
    }
  }

  #read(node: unknown, depth: number, repeated: boolean): unknown {
    this.#nodes += 1
    if (this.#nodes > this.#limits.maxNodes) {
      if (this.#nodes === this.#limits.maxNodes + 1)
        this.#refuse(startOf(node), `more than ${this.#limits.maxNodes} values`)
      return null
    }
    if (depth > this.#limits.maxDepth) {
      this.#refuse(startOf(node), tooDeep(this.#limits.maxDepth))
      return null
    }
    if (isAlias(node)) return this.#readAlias(node, depth)
    if (!repeated && (isScalar(node) || isCollection(node)) && node.anchor !== undefined) {
      this.#anchors.set(node.anchor, node)
    }
    if (isMap(node)) return this.#readMap(node.items, depth, repeated)
    if (isSeq(node)) return node.items.map((item) => this.#read(item, depth + 1, repeated))
    return isScalar(node) ? node.value : null
  }

  /** One level deeper than the alias itself, so that an alias inside its own anchor ends at the depth limit. */
  #readAlias(alias: Alias, depth: number): unknown {
    const target = this.#targets.get(alias) ?? this.#anchors.get(alias.source)
    if (target === undefined) {
      this.#refuse(startOf(alias), `the alias *${alias.source} has no anchor before it`)
      return null
    }
    this.#targets.set(alias, target)
    return this.#read(target, depth + 1, true)
  }

  #readMap(pairs: readonly Pair[], depth: number, repeated: boolean): Record<string, unknown> {
    const object: Record<string, unknown> = {}
    const seen = new Set<string>()
    for (const pair of pairs) {
      const key = keyOf(pair)
      if (key === undefined) this.#refuse(startOf(pair.key), 'a key must be a string')
      else if (key === '__proto__') this.#refuse(startOf(pair.key), 'the key "__proto__" is not allowed')
      else if (seen.has(key)) this.#refuse(startOf(pair.key), `the key ${JSON.stringify(key)} is written twice`)
      else {
        seen.add(key)
        object[key] = this.#read(pair.value, depth + 1, repeated)
      }
    }
    return object
  }
}

function keyOf(pair: Pair): string | undefined {
  return isScalar(pair.key) && typeof pair.key.value === 'string' ? pair.key.value : undefined
}

function startOf(node: unknown): number {
  return isAlias(node) || isScalar(node) || isCollection(node) ? (node.range?.[0] ?? 0) : 0
}

function positionOf(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset)
  return { line: Math.max(1, line), column: Math.max(1, col) }
}
