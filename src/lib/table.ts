/**
 * Plain-text tables whose columns line up in a terminal. Pure.
 * Knows no colour itself: `paint` is given cells that have their final width. Control characters never reach the terminal.
 */

export interface TableOptions {
  /** Blanks before each line, default 0. */
  readonly indent?: number
  /** Blanks between columns, default 2. */
  readonly gap?: number
  /** Colours a cell, its padding included. `row` counts the rows from 0; the header is row -1. */
  readonly paint?: (cell: string, row: number, column: number) => string
}

const CONTROL = /\p{Cc}/gu
const NO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}]$/u
/** East Asian Wide and Fullwidth (Unicode Standard Annex 11), and emoji. */
const WIDE =
  /^[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]$/u

/** @returns one line for the header, unless every header is empty, and one for each row. No line ends with blanks. */
export function table(
  headers: readonly string[],
  rows: readonly (readonly string[])[],
  options: TableOptions = {},
): readonly string[] {
  const { indent = 0, gap = 2, paint = unpainted } = options
  const hasHeader = headers.some((header) => header !== '')
  const shown = [...(hasHeader ? [headers] : []), ...rows].map((cells) => cells.map(printable))
  const columns = Math.max(0, ...shown.map((cells) => cells.length))
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...shown.map((cells) => displayWidth(cells[column] ?? ''))),
  )
  return shown.map((cells, line) => {
    const row = hasHeader ? line - 1 : line
    const last = cells.findLastIndex((cell) => cell !== '')
    const painted = cells.slice(0, last + 1).map((cell, column) => {
      const padding = column === last ? 0 : (widths[column] ?? 0) - displayWidth(cell)
      return paint(`${cell}${' '.repeat(padding)}`, row, column)
    })
    return painted.length === 0 ? '' : `${' '.repeat(indent)}${painted.join(' '.repeat(gap))}`
  })
}

/** Terminal columns that a text takes, as far as that can be known without asking the terminal. */
export function displayWidth(text: string): number {
  let width = 0
  for (const character of text) {
    if (WIDE.test(character)) width += 2
    else if (!NO_WIDTH.test(character)) width += 1
  }
  return width
}

function printable(cell: string): string {
  return cell.replaceAll(CONTROL, '\u{fffd}')
}

function unpainted(cell: string): string {
  return cell
}
