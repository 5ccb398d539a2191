/** Turns what was tried into lines that fit 80 columns. Pure but for the paint. Says nothing that is not in the attempts. */
import type { Output } from '../dev/output.ts'
import { table } from '../lib/table.ts'
import type { Attempt } from './attempt.ts'

export interface Group {
  readonly who: string
  readonly about: string
}

export interface Rows {
  readonly header: string
  /** The lines of these attempts, in the order given. */
  of(attempts: readonly Attempt[]): readonly string[]
  /** The same under a heading for each group; a group without attempts is left out. */
  grouped(attempts: readonly Attempt[], groups: readonly Group[]): readonly string[]
}

type Paint = Output['paint']
type Tone = Parameters<Paint>[1]

const HEADERS = ['', '', 'the policy said', 'the server did']
const INBOX = /_INBOX_([0-9a-f]{6})[0-9a-f]{26}/
const MARK_WIDTH = 1

/** Lines up all attempts at once, so that they stand in the same columns wherever they are shown. */
export function createRows(all: readonly Attempt[], paint: Paint): Rows {
  const lines = table(HEADERS, all.map(cellsOf), {
    indent: 1,
    paint: (cell, row, column) => paintCell(cell, column, all[row], paint),
  })
  const shown = new Map(
    all.map((attempt, row) => [
      attempt,
      [lines[row + 1] ?? '', ...httpLine(attempt, paint), ...recordLine(attempt, paint)],
    ]),
  )
  const of = (attempts: readonly Attempt[]): readonly string[] =>
    attempts.flatMap((attempt) => shown.get(attempt) ?? [])
  return {
    header: lines[0] ?? '',
    of,
    grouped: (attempts, groups) =>
      groups.flatMap(({ who, about }) => {
        const own = attempts.filter((attempt) => attempt.who === who)
        return own.length === 0 ? [] : [`${paint(who, 'strong')}  ${paint(about, 'dim')}`, ...of(own), '']
      }),
  }
}

function cellsOf({ agrees, tried, forecast, outcome }: Attempt): readonly string[] {
  const shortened = tried.replace(INBOX, '_INBOX_$1…')
  return [`${agrees ? '✓' : '✗'} ${shortened}`, forecast.allowed ? 'yes' : 'no', forecast.because, outcome.said]
}

/** Green is what is allowed, red what is not; a line that disagrees is all red. The header belongs to no attempt. */
function paintCell(cell: string, column: number, attempt: Attempt | undefined, paint: Paint): string {
  if (attempt === undefined) return paint(cell, 'dim')
  if (!attempt.agrees) return paint(cell, 'bad')
  if (column === 0) return paint(cell.slice(0, MARK_WIDTH), 'good') + cell.slice(MARK_WIDTH)
  if (column === 2) return paint(cell, 'dim')
  return paint(cell, toneOf(column === 1 ? attempt.forecast.allowed : attempt.outcome.allowed))
}

function toneOf(allowed: boolean | undefined): Tone {
  return allowed === true ? 'good' : 'bad'
}

/** The other half of what the same policy decides. */
function httpLine({ http }: Attempt, paint: Paint): readonly string[] {
  if (http === undefined) return []
  const { operation, allowed, decidedBy } = http
  return [`     ${paint(`└ over HTTP ${operation}: ${allowed ? 'allowed' : 'denied'}, ${decidedBy}`, 'dim')}`]
}

/** The reason that the client does not hear. */
function recordLine({ outcome: { code, decisionId } }: Attempt, paint: Paint): readonly string[] {
  if (code === undefined) return []
  return [`     ${paint(`└ recorded as ${code}, decision ${decisionId ?? 'unknown'}`, 'dim')}`]
}
