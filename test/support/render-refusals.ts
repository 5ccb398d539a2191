/** The tables and entries of docs/refusals.md, made from the codes themselves. */
import { MENDERS, REFUSALS } from '../../src/policy/refusal.ts'

const CELL = ['code', 'nats-server hears', 'meaning'] as const

export function renderRefusals(): string {
  const all = Object.entries(REFUSALS)
  const rows = all.map(([code, { answer, meaning }]) => [linkTo(code), hears(answer), meaning])
  const widths = CELL.map((head, column) => Math.max(head.length, ...rows.map((row) => (row[column] ?? '').length)))
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  const table = [line(CELL), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
  const entries = all.map(([code, { meaning, menders, next }]) => {
    const who = menders.map((mender) => MENDERS[mender]).join(' or ')
    return [
      `### ${code}`,
      `${sentence(meaning)} ${sentence(`${who} can mend it`)}`,
      `To mend it: ${linked(next)}.`,
    ].join('\n\n')
  })
  return [table, '## What to do next', ...entries].join('\n\n')
}

/** As GitHub names the heading. */
function linkTo(code: string): string {
  return `[\`${code}\`](#${code.toLowerCase()})`
}

function hears(answer: 'silence' | 'error'): string {
  return answer === 'error' ? 'answered' : 'silence'
}

function sentence(clause: string): string {
  return `${clause.slice(0, 1).toUpperCase()}${clause.slice(1)}.`
}

/** Other pages are named as seen from the top of the repository. */
function linked(text: string): string {
  return text.replaceAll(/\bdocs\/([\w-]+\.md)/g, '[$1]($1)')
}
