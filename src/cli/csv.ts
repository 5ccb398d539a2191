/**
 * Comma separated values: RFC 4180, lines end with CR LF. Pure.
 * A cell that a spreadsheet would take for a formula gets an apostrophe in front, so that opening a report runs nothing.
 */

const FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/
const NEEDS_QUOTES = /[",\r\n]/
const CONTROL = /[^\P{Cc}\t\r\n]/gu

/** @returns one line for the header and one for each row; the last line has no end. */
export function csv(headers: readonly string[], rows: readonly (readonly string[])[]): string {
  return [headers, ...rows].map((cells) => cells.map(cellText).join(',')).join('\r\n')
}

function cellText(cell: string): string {
  const text = cell.replaceAll(CONTROL, '\u{fffd}')
  const safe = FORMULA.test(text) ? `'${text}` : text
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
