/** The values that the variables of a route can have, as boxes of tokens: `{x}` by `{x}`, and the tokens of `{x...}` behind. Pure. */
import { intersect, type Pattern } from '../subject/index.ts'
import type { Box, Cell } from './box.ts'
import type { RouteOperation } from './operation.ts'
import { segmentOfToken, tokenOfSegment } from './segment.ts'
import type { TemplatePart } from './template.ts'

export interface VariableBox {
  /** Cells are tokens. */
  readonly box: Box
  /** The cells whose token only stands for others like it. */
  readonly rough: ReadonlySet<number>
  /** From this cell on it stands for everything that is longer, too. */
  readonly endless?: number
}

export interface Spelled {
  readonly subject: string
  readonly path: string
  /** With wildcards for what is free, or rough. */
  readonly within: string
}

export interface Variables {
  /** @returns nothing when no token has the segments; `rough` and `endless` count segments of the path. */
  ofPath(path: {
    readonly box: Box
    readonly rough?: readonly number[]
    readonly endless?: number
  }): readonly VariableBox[]
  /** What the pattern shares with the route. */
  ofPattern(pattern: Pattern): readonly VariableBox[]
  /** Everything, length by length up to `cells`, and what is longer. */
  lengths(cells: number): readonly VariableBox[]
  spell(box: VariableBox, fresh: string): Spelled
}

const NONE: ReadonlySet<number> = new Set()

export function createVariables(operation: RouteOperation): Variables {
  const { subject, path } = operation
  const names = subject.flatMap((part) => (part.is === 'one' ? [part.name] : []))
  const inSubject = names.map((name) => positionOf(subject, name))
  const inPath = names.map((name) => positionOf(path, name))
  const hasRest = subject.some(({ is }) => is === 'rest')
  const restInSubject = subject.findIndex(({ is }) => is === 'rest')
  const restInPath = path.findIndex(({ is }) => is === 'rest')

  return {
    ofPath({ box, rough = [], endless }) {
      const rest = hasRest ? box.cells.slice(restInPath) : []
      const tokens: Cell[] = []
      for (const cell of [...inPath.map((at) => box.cells[at]), ...rest]) {
        const read = cell === undefined ? undefined : tokenOfSegment(cell)
        if (read !== undefined && read.is !== 'token') return []
        tokens.push(read?.token)
      }
      const at = rough.map(cellOfSegment).filter((cell) => cell >= 0)
      const from = endless === undefined ? {} : { endless: cellOfSegment(endless) }
      return [
        { box: { cells: tokens, tail: hasRest && box.tail }, rough: at.length === 0 ? NONE : new Set(at), ...from },
      ]
    },
    ofPattern(pattern) {
      const shared = intersect(operation.pattern, pattern)
      if (shared === undefined) return []
      const rest = hasRest ? shared.tokens.slice(restInSubject) : []
      const tail = rest.at(-1) === '>'
      const cells = [
        ...inSubject.map((at) => cellOf(shared.tokens[at])),
        ...rest.slice(0, tail ? -1 : undefined).map(cellOf),
      ]
      return [{ box: { cells, tail }, rough: NONE }]
    },
    lengths(cells) {
      const least = names.length
      if (!hasRest) return [{ box: { cells: free(least), tail: false }, rough: NONE }]
      const most = Math.max(cells, least)
      const each = Array.from({ length: most - least }, (_, i) => ({ cells: free(least + i + 1), tail: false }))
      const whole = { cells: free(least), tail: true }
      const longer = { cells: free(most), tail: true }
      return [whole, ...each, ...(most > least ? [longer] : [])].map((box) => ({ box, rough: NONE }))
    },
    spell({ box: { cells, tail }, rough, endless }, fresh) {
      const filled = [...cells, ...(tail ? [undefined] : [])].map((cell) => cell ?? fresh)
      const told = cells.slice(0, endless).map((cell, at) => (cell === undefined || rough.has(at) ? '*' : cell))
      const open = tail || endless !== undefined ? [...told, '>'] : told
      return {
        subject: fill(subject, filled).join('.'),
        path: `/${fill(path, filled.map(segmentOfToken)).join('/')}`,
        within: fill(subject, open).join('.'),
      }
    },
  }

  function cellOfSegment(segment: number): number {
    const one = inPath.indexOf(segment)
    if (one >= 0) return one
    return hasRest && segment >= restInPath ? names.length + segment - restInPath : -1
  }

  /** @param values of the variables, in the order of the cells */
  function fill(parts: readonly TemplatePart[], values: readonly string[]): string[] {
    return parts.flatMap((part) => {
      if (part.is === 'literal') return [part.text]
      if (part.is === 'one') return [values[names.indexOf(part.name)] ?? '']
      return part.is === 'rest' ? values.slice(names.length) : []
    })
  }
}

function free(count: number): Cell[] {
  return Array.from<Cell>({ length: count }).fill(undefined)
}

function cellOf(token: string | undefined): Cell {
  return token === '*' ? undefined : token
}

function positionOf(parts: readonly TemplatePart[], name: string): number {
  return parts.findIndex((part) => part.is === 'one' && part.name === name)
}
