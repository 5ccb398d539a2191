/** Where HTTP and NATS differ, printed service by service: what, for whom, where, why, and the rules on both sides. */
import type { Drift, DriftLine, DriftNote } from '../answers/drift/line.ts'
import { table } from '../lib/table.ts'
import { nameOrigin, type Origin } from '../policy/origin.ts'
import type { Output } from './output.ts'
import { placeOf } from './words.ts'

/** More of them would not be read; `--json` has all. */
const MOST_NAMES = 6

/** @returns 0 where rights are the same, 1 where they differ. */
export function driftExitCode({ lines }: Drift): number {
  return lines.length === 0 ? 0 : 1
}

export function printDrift(drift: Drift, output: Output): void {
  const { lines, notes, services, complete } = drift
  for (const service of new Set([...lines, ...notes].map((one) => one.service))) {
    output.line(output.paint(service, 'strong'))
    for (const line of lines) if (line.service === service) printLine(line, output)
    for (const note of notes) if (note.service === service) printNote(note, output)
    output.line()
  }
  if (!complete) output.line('not complete: some route has more kinds of subjects than were looked at')
  output.line(summaryOf(drift, output))
  if (services === 0) output.line('drift looks at SubjectRoutes, and there is none')
}

function summaryOf({ lines, services }: Drift, output: Output): string {
  const among = `${services} ${services === 1 ? 'service' : 'services'}`
  if (lines.length === 0) return `${output.paint('no differences', 'good')} between HTTP and NATS (${among})`
  const less = lines.filter(({ direction }) => direction === 'less').length
  const differences = `${lines.length} ${lines.length === 1 ? 'difference' : 'differences'}`
  return `${output.paint(differences, 'bad')} between HTTP and NATS (${among}): NATS gives less in ${less}, more in ${lines.length - less}`
}

function printLine(line: DriftLine, output: Output): void {
  const { direction, operations, subject, action } = line
  const tone = direction === 'more' ? 'bad' : 'strong'
  output.line(`  ${output.paint(`NATS gives ${direction}`, tone)}  ${operations.join(', ')}  ${action} ${subject}`)
  for (const row of table(['', ''], rowsOf(line), { indent: 4 })) output.line(row)
}

function rowsOf(line: DriftLine): string[][] {
  const { principals, patterns, example, reason, direction, certain } = line
  return [
    ['who', someOf([...principals, ...patterns])],
    ...whereOf(line),
    ['example', `${example.operation} is ${example.subject}`],
    ['why', reason.message],
    ...originRows('HTTP', line.http, httpWithoutRules(direction, certain)),
    ...originRows('NATS', line.nats, 'no rule grants it'),
    ...(certain ? [] : [['certain', 'no: on HTTP it depends on what nobody knows on NATS, or on a provider']]),
  ]
}

function whereOf({ subjects, without, extent, subject }: DriftLine): string[][] {
  const isWhole =
    subjects.length === 1 && without.length === 0 && extent === 'all' && sameShape(subjects[0] ?? '', subject)
  if (isWhole) return []
  const part = extent === 'part' ? 'some of ' : ''
  const but = without.length === 0 ? '' : ` without ${someOf(without)}`
  return [['where', `${part}${someOf(subjects)}${but}`]]
}

/** Whether the pattern is the whole route: a wildcard for each variable. */
function sameShape(pattern: string, template: string): boolean {
  const open = template.replaceAll(/\{[^}]*\.\.\.\}/g, '>').replaceAll(/\{[^}]*\}/g, '*')
  return pattern === open
}

function httpWithoutRules(direction: DriftLine['direction'], certain: boolean): string {
  if (direction === 'less' && certain) return 'no ALLOW policy selects the workload'
  return 'no rule allows it'
}

function originRows(side: string, origins: readonly Origin[], otherwise: string): string[][] {
  if (origins.length === 0) return [[side, otherwise]]
  return origins.map((origin, i) => [i === 0 ? side : '', `${nameOrigin(origin)}  ${placeOf(origin)}`.trimEnd()])
}

function printNote({ message, hint, origin }: DriftNote, output: Output): void {
  output.line(`  ${output.paint('note', 'dim')}  ${message}  ${placeOf(origin)}`.trimEnd())
  if (hint !== undefined) output.line(`        ${output.paint(hint, 'dim')}`)
}

function someOf(names: readonly string[]): string {
  const more = names.length - MOST_NAMES
  return `${names.slice(0, MOST_NAMES).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}
