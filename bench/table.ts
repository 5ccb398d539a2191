/** Tables that line up in a terminal and are Markdown at the same time. Pure. */

export interface Table {
  readonly title: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** Sentences below the table. */
  readonly notes: readonly string[]
}

const MISSING = '–'

/** First column to the left, the others to the right. */
export function renderTable(table: Table): string {
  const widths = table.columns.map((column, index) =>
    Math.max(column.length, ...table.rows.map((row) => (row[index] ?? MISSING).length)),
  )
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, index) => align(cells[index] ?? MISSING, width, index)).join(' | ')} |`
  const rule = `|${widths.map((width, index) => (index === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`
  const notes = table.notes.length === 0 ? [] : ['', ...table.notes]
  return [`## ${table.title}`, '', line(table.columns), rule, ...table.rows.map(line), ...notes, ''].join('\n')
}

function align(text: string, width: number, index: number): string {
  return index === 0 ? text.padEnd(width) : text.padStart(width)
}

/** A number with as many digits as mean something; a dash for what was not measured. */
export function formatNumber(value: number | undefined, digits = 0): string {
  if (value === undefined || !Number.isFinite(value)) return MISSING
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

export function formatRatio(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return MISSING
  return `${formatNumber(value, value < 10 ? 2 : 0)}x`
}
