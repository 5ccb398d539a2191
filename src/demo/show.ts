/** Turns what was tried into lines that fit 80 columns. Pure but for the paint. Says nothing that is not in the attempts. */
import type { Output } from '../dev/output.ts'
import { table } from '../lib/table.ts'
import type { Attempt } from './attempt.ts'

export interface Group {
  readonly who: string
  readonly about: string
}

type Paint = Output['paint']

const HEADERS = ['', '', 'the policy said', 'the server did']
const INBOX = /_INBOX_([0-9a-f]{6})[0-9a-f]{26}/

/** One table; the lines of each group stand together, in the order of the groups. */
export function showAttempts(attempts: readonly Attempt[], groups: readonly Group[], paint: Paint): readonly string[] {
  const ordered = groups.flatMap(({ who }) => attempts.filter((attempt) => attempt.who === who))
  const [header = '', ...lines] = table(HEADERS, ordered.map(cellsOf), {
    indent: 1,
    paint: (cell, row, column) => paint(cell, row < 0 ? 'dim' : toneOf(ordered[row], column)),
  })
  const shown = ordered.map((attempt, index) => ({
    attempt,
    lines: [lines[index] ?? '', ...recordLine(attempt, paint)],
  }))
  return [
    header,
    ...groups.flatMap(({ who, about }) => {
      const own = shown.filter(({ attempt }) => attempt.who === who)
      if (own.length === 0) return []
      return [`${paint(who, 'strong')}  ${paint(about, 'dim')}`, ...own.flatMap((one) => one.lines), '']
    }),
  ]
}

/** Lines of one actor, without heading. */
export function showLines(attempts: readonly Attempt[], paint: Paint): readonly string[] {
  return table(HEADERS, attempts.map(cellsOf), {
    indent: 1,
    paint: (cell, row, column) => paint(cell, row < 0 ? 'dim' : toneOf(attempts[row], column)),
  })
}

function cellsOf({ agrees, tried, forecast, outcome }: Attempt): readonly string[] {
  const shortened = tried.replace(INBOX, '_INBOX_$1…')
  return [`${agrees ? '✓' : '✗'} ${shortened}`, forecast.allowed ? 'yes' : 'no', forecast.because, outcome.said]
}

function toneOf(attempt: Attempt | undefined, column: number): Parameters<Paint>[1] {
  if (attempt === undefined) return 'plain'
  if (!attempt.agrees) return 'bad'
  if (column === 1) return attempt.forecast.allowed ? 'good' : 'bad'
  if (column === 2) return 'dim'
  if (column === 3) return attempt.outcome.allowed === true ? 'good' : 'bad'
  return 'plain'
}

/** The reason that the client does not hear. */
function recordLine({ outcome: { code, decisionId } }: Attempt, paint: Paint): readonly string[] {
  if (code === undefined) return []
  return [`     ${paint(`└ recorded as ${code}, decision ${decisionId ?? 'unknown'}`, 'dim')}`]
}
