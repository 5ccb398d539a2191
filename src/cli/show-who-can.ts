/**
 * Who can publish or subscribe, printed: principals with names, those that are only described, and roundabout ways apart, each line
 * with the rule behind it; then whether that is everybody, and if not why.
 */
import { OWN_INBOX_RULE } from '../audit/holders/held-by.ts'
import type { Way } from '../audit/roundabout/way.ts'
import type { WhoCan } from '../audit/who-can.ts'
import type { Holder } from '../audit/holders/holder.ts'
import { table } from '../lib/table.ts'
import { nameOrigin, type Origin } from '../policy/origin.ts'
import { csv } from './csv.ts'
import type { Output } from './output.ts'
import { placeOf } from './words.ts'

/** A person reads no more; machines are given all. */
const MOST_HOLDERS = 50
const MOST_WAYS = 20
const MOST_ENTRIES = 4
const MOST_RULES = 3

export function printWhoCan(answer: WhoCan, output: Output): void {
  const { action, pattern, queue, holders, roundabout } = answer
  const known = holders.filter((holder) => holder.known)
  const described = holders.filter((holder) => !holder.known)
  output.line(
    output.paint(`who can ${action} ${pattern}${queue === undefined ? '' : ` in queue group ${queue}`}`, 'strong'),
  )
  output.line()
  if (holders.length === 0) output.line('nobody: no rule grants any of it to anybody who can log in')
  printHolders('principal', known, output)
  if (known.length > 0 && described.length > 0) output.line()
  printHolders(known.length > 0 ? 'and, not named' : 'principals, not named', described, output)
  if (roundabout.length > 0) printWays(roundabout, output)
  output.line()
  printGaps(answer, output)
}

/** One line for each rule behind each right, for spreadsheets. The last line has no end. */
export function whoCanCsv({ action, pattern, queue, snapshotId, holders, roundabout }: WhoCan): string {
  const asked = [action, pattern, queue ?? '']
  const direct = holders.flatMap((holder) => {
    const { principal, known, account, extent, parts, without } = holder
    const who = [principal, known ? 'yes' : 'no', account, extent]
    return parts.flatMap(({ entry, rules }) => linesFor([...who, entry, without.join('; '), 'permission'], rules))
  })
  const around = roundabout.flatMap(
    ({ kind, principal, alsoBy = [], known, account, reaches, uses, certain, rules }) => {
      const rights = [known ? 'yes' : 'no', account, certain ? 'around' : 'perhaps around', reaches, '']
      const way = `${kind} through ${uses.join(' ')}`
      return [principal, ...alsoBy].flatMap((name) => linesFor([name, ...rights, way], rules))
    },
  )
  return csv(
    [
      'action',
      'pattern',
      'queue',
      'principal',
      'named',
      'account',
      'extent',
      'subject',
      'without',
      'by',
      'rule',
      'written in',
      'snapshot',
    ],
    [...direct, ...around].map((cells) => [...asked, ...cells, snapshotId]),
  )
}

function linesFor(rights: readonly string[], rules: readonly Origin[]): string[][] {
  const origins = rules.length === 0 ? [undefined] : rules
  return origins.map((origin) => [...rights, ...(origin === undefined ? ['', ''] : ruleCells(origin))])
}

function printHolders(title: string, holders: readonly Holder[], output: Output): void {
  if (holders.length === 0) return
  const rows = holders.slice(0, MOST_HOLDERS).flatMap(rowsOf)
  for (const line of table([title, 'account', 'what', 'rule', 'written in'], rows)) output.line(line)
  printRest(holders.length - MOST_HOLDERS, output)
}

function rowsOf(holder: Holder): string[][] {
  const { principal, account, alsoAs = [] } = holder
  const names = [principal, ...alsoAs.map((name) => `  also as ${name}`)]
  const what = whatOf(holder)
  return Array.from({ length: Math.max(names.length, what.length) }, (_, line) => [
    names[line] ?? '',
    line === 0 ? account : '',
    ...(what[line] ?? ['', '', '']),
  ])
}

/** One line for each entry and rule: what, rule, place. */
function whatOf({ extent, rules, parts, without }: Holder): string[][] {
  if (extent === 'all') return underEach('all', rules)
  const more = parts.length - MOST_ENTRIES
  return [
    ...parts.slice(0, MOST_ENTRIES).flatMap((part) => underEach(part.entry, part.rules)),
    ...(more > 0 ? [[`and ${more} more`, '', '']] : []),
    ...shorten(without).map((text) => [text.startsWith('and ') ? text : `without ${text}`, '', '']),
  ]
}

function underEach(what: string, rules: readonly Origin[]): string[][] {
  const [first, ...others] = rules.slice(0, MOST_RULES)
  const more = rules.length - MOST_RULES
  return [
    [what, ...(first === undefined ? ['', ''] : ruleCells(first))],
    ...others.map((rule) => ['', ...ruleCells(rule)]),
    ...(more > 0 ? [['', `and ${more} more`, '']] : []),
  ]
}

function ruleCells(rule: Origin): [rule: string, place: string] {
  return [rule.kind === OWN_INBOX_RULE ? 'own inbox' : nameOrigin(rule), placeOf(rule)]
}

function shorten(texts: readonly string[]): string[] {
  const more = texts.length - MOST_ENTRIES
  return [...texts.slice(0, MOST_ENTRIES), ...(more > 0 ? [`and ${more} more`] : [])]
}

function printWays(ways: readonly Way[], output: Output): void {
  output.line()
  output.line(output.paint('roundabout ways', 'strong'))
  for (const way of ways.slice(0, MOST_WAYS)) {
    const { kind, principal, alsoBy = [], account, uses, reaches, certain, explanation, rules } = way
    say([certain ? kind : `perhaps ${kind}`, principal, account], output)
    say([explanation], output, 2)
    const rows = [
      ...shorten(alsoBy).map((name, line) => [line === 0 ? 'also by' : '', name]),
      ['reaches', reaches],
      ['uses', shorten(uses).join(', ')],
      ...rules.slice(0, MOST_RULES).map((origin) => ['by', `${nameOrigin(origin)}  ${placeOf(origin)}`.trimEnd()]),
    ]
    for (const line of table(['', ''], rows, { indent: 2 })) output.line(line)
  }
  printRest(ways.length - MOST_WAYS, output)
}

/** One line in which no cell can act on the terminal. */
function say(cells: readonly string[], output: Output, indent = 0): void {
  for (const line of table([''], [cells], { indent })) output.line(line)
}

function printRest(more: number, output: Output): void {
  if (more > 0) output.line(output.paint(`and ${more} more: --json or --csv lists them all`, 'dim'))
}

function printGaps({ complete, gaps }: WhoCan, output: Output): void {
  if (complete) {
    output.line(`${output.paint('complete', 'good')}: nobody else can`)
    return
  }
  output.line(`${output.paint('not complete', 'bad')}:`)
  for (const { message, hint } of gaps) {
    say([message], output, 2)
    say([`hint: ${hint}`], output, 4)
  }
}
