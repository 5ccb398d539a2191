/**
 * Sets of paths, segment by segment: like subject patterns, but over the text between slashes, where dots and stars are text. Pure.
 */

/** A segment spelled out, or any. */
export type Cell = string | undefined

export interface Box {
  readonly cells: readonly Cell[]
  /** One or more segments follow. */
  readonly tail: boolean
}

/** The paths in both; `undefined` when there is none. */
export function intersectBoxes(a: Box, b: Box): Box | undefined {
  const length = Math.max(a.cells.length, b.cells.length)
  if (!reaches(a, length, b) || !reaches(b, length, a)) return undefined
  const cells: Cell[] = []
  for (let i = 0; i < length; i++) {
    const [left, right] = [a.cells[i], b.cells[i]]
    if (left !== undefined && right !== undefined && left !== right) return undefined
    cells.push(left ?? right)
  }
  return { cells, tail: a.tail && b.tail }
}

/** Whether the box has paths as long as the other asks for. */
function reaches(box: Box, length: number, other: Box): boolean {
  if (box.tail) return other.tail || other.cells.length > box.cells.length
  return box.cells.length === length && (!other.tail || other.cells.length < length)
}
