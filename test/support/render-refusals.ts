/** The table of docs/refusals.md, made from the codes themselves. */
import { REFUSALS } from '../../src/policy/refusal.ts'

export function renderRefusals(): string {
  const rows = Object.entries(REFUSALS).map(([code, { answer, meaning }]) => [
    `\`${code}\``,
    answer === 'error' ? 'answered' : 'silence',
    meaning,
  ])
  const all = [['code', 'nats-server hears', 'meaning'], ...rows]
  const widths = [0, 1, 2].map((column) => Math.max(...all.map((row) => (row[column] ?? '').length)))
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  const [head = [], ...body] = all
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n')
}
