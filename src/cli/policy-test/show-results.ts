/** Results of `nib test` as a person reads them: a line for each assertion, what went wrong below it, what no assertion touches. Pure but for the paint. */
import type { Coverage } from '../../audit/coverage.ts'
import { table } from '../../lib/table.ts'
import { nameOrigin } from '../../policy/origin.ts'
import type { Output } from '../output.ts'
import { partInWords, placeOf } from '../words.ts'
import type { TestResult, TestRun } from './test-run.ts'

type Paint = Output['paint']

const MARK = 0
const RULE = 2
const BELOW = 6

export function runLines(run: TestRun, paint: Paint): readonly string[] {
  const { test, snapshot, cases } = run
  const results = cases.flatMap((one) => one.results)
  const rows = results.map((result) => [result.passed ? '✓' : '✗', result.statement, ...decidedBy(result)])
  const lines = table(['', '', '', ''], rows, {
    indent: 1,
    gap: 1,
    paint: (cell, row, column) => {
      if (column === MARK) return paint(cell, results[row]?.passed === true ? 'good' : 'bad')
      return column < RULE ? `${cell} ` : paint(cell, 'dim')
    },
  })
  const named = test.name === undefined ? '' : `  ${test.name}`
  const shown = [`${paint(test.file, 'strong')}${named}  ${paint(`snapshot ${snapshot.id.slice(0, 12)}`, 'dim')}`]
  let row = 0
  for (const one of cases) {
    if (one.case.name !== undefined) shown.push(` ${paint(one.case.name, 'strong')}`)
    for (const result of one.results) {
      shown.push(lines[row] ?? '')
      row += 1
      if (!result.passed) shown.push(...explain(result, placeOf({ file: test.file, ...lineOf(one.case.line) }), paint))
      if (result.note !== undefined) shown.push(`${' '.repeat(BELOW)}note: ${result.note}`)
    }
  }
  return shown
}

function lineOf(line: number | undefined): { line?: number } {
  return line === undefined ? {} : { line }
}

/** The first of the rules that decided is enough for a line; `--json` has all. */
function decidedBy({ deciding, reasons, extent, refusal, decidedBy }: TestResult): string[] {
  if (decidedBy !== undefined && deciding.length === 0) return [decidedBy]
  if (refusal !== undefined) return [`no login: ${refusal}`]
  const decided = reasons.filter(({ origin }) => deciding.includes(origin))
  const first = decided.find(({ part }) => part !== 'account') ?? (extent === undefined ? decided[0] : undefined)
  return first === undefined ? ['no rule grants it'] : [nameOrigin(first.origin), placeOf(first.origin)]
}

function explain({ expected, found, reasons }: TestResult, place: string, paint: Paint): string[] {
  const rows = reasons.map(({ part, origin, pattern }) => [
    partInWords(part),
    nameOrigin(origin),
    pattern ?? '',
    placeOf(origin),
  ])
  const facts = [
    ['expected', expected, place],
    ['found', found, ''],
  ]
  return [
    ...table(['', '', ''], facts, {
      indent: BELOW,
      paint: (cell, row, column) => (column === 0 ? paint(cell, row === 0 ? 'good' : 'bad') : cell),
    }),
    ...table(['', '', '', ''], rows, { indent: BELOW }),
  ]
}

export function coverageLines(coverage: Coverage, paint: Paint): readonly string[] {
  const { exercised, total, rules } = coverage
  const missed = rules.filter((rule) => !rule.exercised).map(({ origin }) => [nameOrigin(origin), placeOf(origin)])
  return [
    `${paint('coverage', 'strong')}  ${exercised} of ${total} rules, ${percentOf(coverage)} %`,
    ...(missed.length === 0 ? [] : table(['behind no assertion', 'written in'], missed, { indent: 1 })),
  ]
}

/** Rounded down: 100 means all. */
export function percentOf({ percent }: Coverage): number {
  return Math.floor(percent)
}
