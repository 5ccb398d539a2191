/** What a plan changes, printed: per principal what it gains and loses, an example of each, and the changed rule behind it. */
import type { Comparison, PrincipalChange } from '../audit/compare.ts'
import type { ExplainedEntry } from '../audit/change-explainer.ts'
import type { Login } from '../audit/decision-change.ts'
import type { ChangedRule } from '../audit/rule-changes.ts'
import { table } from '../lib/table.ts'
import type { Limits } from '../policy/model.ts'
import { nameOrigin } from '../policy/origin.ts'
import { REFUSALS } from '../policy/refusal.ts'
import type { Output, Tone } from '../dev/output.ts'
import { limitsInWords, placeOf, repliesInWords } from './words.ts'

export type FailOn = 'change' | 'widen'

/**
 * As `terraform plan -detailed-exitcode`: 0 nothing changes, 2 something does; with `widen`, 2 only when somebody gains.
 * A comparison that is not complete may hide a gain, and counts as one.
 */
export function planExitCode({ changes, widens, complete }: Comparison, failOn: FailOn = 'change'): 0 | 2 {
  if (!complete) return 2
  return (failOn === 'widen' ? widens : changes.length > 0) ? 2 : 0
}

/** Principals for whom the same changes are shown together. */
interface Group {
  readonly names: readonly string[]
  readonly title: string
  readonly rows: readonly Row[]
}

interface Row {
  readonly sign: '+' | '-' | '~'
  /** Action, subject, example. */
  readonly cells: readonly [what: string, subject: string, example: string]
  readonly rules: readonly ChangedRule[]
}

const MOST_NAMES = 4
const MOST_RULES = 3
const TONES = { '+': 'good', '-': 'bad', '~': 'plain' } as const satisfies Record<Row['sign'], Tone>

export function printPlan(comparison: Comparison, output: Output): void {
  const groups = groupsOf(comparison.changes)
  const rows = groups.flatMap((group) => group.rows)
  const lines = table(
    ['', '', 'subject', 'example', 'rule', 'written in'],
    rows.map(({ sign, cells, rules }) => [sign, ...cells, ...ruleCells(rules)]),
    { indent: 2, paint: (cell, row) => output.paint(cell, TONES[rows[row]?.sign ?? '~']) },
  )
  const [header = '', ...body] = lines
  if (rows.length > 0) output.line(output.paint(header, 'dim'))
  let next = 0
  for (const { names, title, rows: own } of groups) {
    for (const name of names.slice(0, MOST_NAMES)) output.line(output.paint(name, 'strong'))
    if (names.length > MOST_NAMES) output.line(output.paint(`and ${names.length - MOST_NAMES} more`, 'strong'))
    output.line(`  ${title}`)
    for (const line of body.slice(next, next + own.length)) output.line(line)
    next += own.length
    output.line()
  }
  for (const { message, hint } of comparison.gaps) output.line(`incomplete: ${message}; ${hint}`)
  output.line(summaryOf(comparison))
}

/** `3 principals gain, 1 loses, 0 logins change`. */
function summaryOf({ changes, rules, summary: { gain, lose, logins } }: Comparison): string {
  if (changes.length > 0) {
    const gains = `${gain} ${gain === 1 ? 'principal gains' : 'principals gain'}`
    return `${gains}, ${lose} ${lose === 1 ? 'loses' : 'lose'}, ${logins} ${logins === 1 ? 'login changes' : 'logins change'}`
  }
  if (rules.length === 0) return 'no change'
  return `no change for anybody: ${rules.length} ${rules.length === 1 ? 'rule differs and makes' : 'rules differ and make'} no difference`
}

function groupsOf(changes: readonly PrincipalChange[]): readonly Group[] {
  const groups = new Map<string, { names: string[]; title: string; rows: readonly Row[] }>()
  for (const change of changes) {
    const [title, rows] = [titleOf(change), rowsOf(change)]
    const key = JSON.stringify([title, rows])
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { names: [change.principal], title, rows })
    else group.names.push(change.principal)
  }
  return [...groups.values()]
}

function titleOf({ before, after, login }: PrincipalChange): string {
  if (login === undefined) return loginInWords(before)
  return `${loginInWords(before)} -> ${loginInWords(after)}`
}

function loginInWords(login: Login): string {
  return 'account' in login
    ? `account ${login.account}`
    : `no login: ${login.refusal}, ${REFUSALS[login.refusal].meaning}`
}

function rowsOf({ login, rules, gained, lost, replies, limits, inboxPrefix }: PrincipalChange): readonly Row[] {
  const homes = rules.filter(({ origin }) => origin.kind === 'AccountMap')
  return [
    ...(login === 'gained' ? [rowOf('+', 'login', '', homes)] : []),
    ...(login === 'lost' ? [rowOf('-', 'login', '', homes)] : []),
    ...(login === 'moved' || login === 'refused' ? [rowOf('~', 'login', '', homes)] : []),
    ...gained.map((entry) => entryRow('+', entry)),
    ...lost.map((entry) => entryRow('-', entry)),
    ...(replies?.after === undefined ? [] : [rowOf('+', 'replies', repliesInWords(replies.after), [])]),
    ...(replies?.before === undefined ? [] : [rowOf('-', 'replies', repliesInWords(replies.before), [])]),
    ...(limits === undefined
      ? []
      : [rowOf('~', 'limits', pairInWords(allLimits(limits.before), allLimits(limits.after)), rules)]),
    ...(inboxPrefix === undefined
      ? []
      : [rowOf('~', 'inbox', pairInWords(prefixInWords(inboxPrefix.before), prefixInWords(inboxPrefix.after)), homes)]),
  ]
}

function entryRow(sign: '+' | '-', entry: ExplainedEntry): Row {
  return { sign, cells: entryCells(entry), rules: entry.rules }
}

function rowOf(sign: Row['sign'], what: string, text: string, rules: readonly ChangedRule[]): Row {
  return { sign, cells: [what, text, ''], rules }
}

function entryCells({ action, entry, except, example, inbox }: ExplainedEntry): Row['cells'] {
  if (inbox && entry !== SHARED) return [action, 'the own inbox', '']
  const without = except.length === 0 ? '' : ` without ${except.join(', ')}`
  const { subject, queue } = example
  const shown = [subject, queue].filter((part) => part !== undefined).join(' ')
  return [action, `${entry}${without}`, shown === entry ? '' : shown]
}

const SHARED = '_INBOX.>'

function prefixInWords(prefix: string | undefined): string {
  return prefix === '_INBOX' ? 'shared' : 'private'
}

function allLimits(limits: Limits = {}): string {
  return limitsInWords(limits).join(', ') || 'none'
}

function pairInWords(before: string, after: string): string {
  return `${before} -> ${after}`
}

function ruleCells(rules: readonly ChangedRule[]): readonly [names: string, places: string] {
  const shown = rules.slice(0, MOST_RULES)
  const more = rules.length > shown.length ? ` and ${rules.length - shown.length} more` : ''
  const names = shown.map(({ change, origin }) => `${nameOrigin(origin)} (${change})`)
  const places = shown.map(({ origin }) => placeOf(origin)).filter((place) => place !== '')
  return [`${names.join(', ')}${more}`, places.join(', ')]
}
