/**
 * The HTTP operations that a route's subjects stand for, one method at a time, and the way back from paths to subjects. Pure.
 */
import type { OperationAttributes } from '../istio/index.ts'
import { UNKNOWN } from '../istio/index.ts'
import { parsePattern, type Pattern } from '../subject/index.ts'
import type { Box, Cell } from './box.ts'
import { tokenOfSegment } from './segment.ts'
import type { Template, TemplatePart } from './template.ts'

/** A route with one method; one with `{method}` becomes several, each with the method's token spelled out. */
export interface RouteOperation {
  readonly subject: readonly TemplatePart[]
  readonly path: readonly TemplatePart[]
  /** The paths: a cell without text for each variable, a tail for `{x...}`. */
  readonly box: Box
  /** Without the path, which is not one. */
  readonly attributes: OperationAttributes
  /** All its subjects. */
  readonly pattern: Pattern
}

export interface Constants {
  readonly method: string
  readonly host: string
  /** The workload's; `undefined` when the route does not say it. */
  readonly port: number | undefined
}

export function routeOperation(subject: Template, path: Template, { method, host, port }: Constants): RouteOperation {
  const parts = subject.parts.map((part): TemplatePart =>
    part.is === 'method' ? { is: 'literal', text: method.toLowerCase() } : part,
  )
  return {
    subject: parts,
    path: path.parts,
    box: boxOfPath(path),
    attributes: {
      method,
      host,
      path: UNKNOWN,
      port: port ?? UNKNOWN,
      destinationIp: UNKNOWN,
      sni: UNKNOWN,
      filterMetadata: UNKNOWN,
    },
    pattern: patternOfParts(parts),
  }
}

export function boxOfPath({ parts }: Template): Box {
  const cells = parts.flatMap((part): Cell[] =>
    part.is === 'rest' ? [] : [part.is === 'literal' ? part.text : undefined],
  )
  return { cells, tail: parts.some(({ is }) => is === 'rest') }
}

/** All subjects of a template; `{method}` is any token. */
export function patternOfParts(parts: readonly TemplatePart[]): Pattern {
  const tokens = parts.map((part) => (part.is === 'literal' ? part.text : part.is === 'rest' ? '>' : '*'))
  return mustParse(tokens.join('.'))
}

export interface Subjects {
  readonly patterns: readonly Pattern[]
  /** Whether they are exactly the subjects of the boxes. */
  readonly isExact: boolean
}

/**
 * @param boxes within the route
 * @param bound `under`: what cannot be spelled is left out. `over`: it is covered by something wider.
 */
export function subjectsOf(operation: RouteOperation, boxes: readonly Box[], bound: 'under' | 'over'): Subjects {
  const patterns: Pattern[] = []
  let isExact = true
  for (const box of boxes) {
    const spelled = spell(operation, box, bound)
    if (spelled === 'nothing') continue
    isExact &&= spelled.isExact
    if (spelled.pattern !== undefined) patterns.push(spelled.pattern)
  }
  return { patterns, isExact }
}

interface Spelled {
  readonly pattern: Pattern | undefined
  readonly isExact: boolean
}

function spell({ subject, path }: RouteOperation, box: Box, bound: 'under' | 'over'): Spelled | 'nothing' {
  const tokens: string[] = []
  let isExact = true
  for (const part of subject) {
    if (part.is === 'literal') tokens.push(part.text)
    if (part.is !== 'one' && part.is !== 'rest') continue
    const position = path.findIndex((other) => other.is === part.is && other.name === part.name)
    for (const cell of part.is === 'rest' ? box.cells.slice(position) : [box.cells[position]]) {
      const found = cell === undefined ? ANY : tokenOfSegment(cell)
      if (found.is === 'none') return 'nothing'
      if (found.is === 'token') {
        tokens.push(found.token)
        continue
      }
      isExact = false
      if (bound === 'under') return { pattern: undefined, isExact }
      tokens.push(ANY.token)
    }
    if (part.is === 'rest' && box.tail) tokens.push('>')
  }
  const parsed = parsePattern(tokens.join('.'))
  if (parsed.ok) return { pattern: parsed.value, isExact }
  return { pattern: bound === 'under' ? undefined : cutShort(tokens), isExact: false }
}

const ANY = { is: 'token', token: '*' } as const

/** Too long to be written: everything that begins alike. */
function cutShort(tokens: readonly string[]): Pattern {
  for (let length = tokens.length - 1; length > 0; length--) {
    const parsed = parsePattern([...tokens.slice(0, length), '>'].join('.'))
    if (parsed.ok) return parsed.value
  }
  return mustParse('>')
}

function mustParse(text: string): Pattern {
  const parsed = parsePattern(text)
  if (!parsed.ok) throw new Error(`the subject of a checked template is a pattern: ${parsed.error}`)
  return parsed.value
}
