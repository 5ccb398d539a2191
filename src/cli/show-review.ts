/**
 * The access review of an account as a document: markdown for people who sign it, CSV for those who filter it.
 * Says the same of the same policy: the only thing that is not in the review is the day it was made, which is given.
 */
import type { Member, RefusedMember, Review } from '../audit/review.ts'
import { nameOrigin, type Origin } from '../policy/origin.ts'
import { REFUSALS } from '../policy/refusal.ts'
import { csv } from './csv.ts'
import { placeOf, repliesInWords, ruleless } from './words.ts'

/** @param date to be printed, as it stands. The last line has no end. */
export function reviewMarkdown(review: Review, date?: string): string {
  const { account, snapshotId, members, refused, denies, gaps } = review
  return [
    `# Access review of account ${code(account)}`,
    '',
    `${date === undefined ? '' : `Day ${plain(date)}. `}Policy snapshot ${code(snapshotId)}.`,
    '',
    ...summaryLines(review),
    ...section('Principals', members.filter(({ known }) => known).flatMap(memberLines)),
    ...section('Principals that are described, not named', members.filter(({ known }) => !known).flatMap(memberLines)),
    ...section('Refused', refusedLines(refused)),
    ...section('DENY rules in force', rulesTable(denies)),
    ...section(
      'What this review does not know',
      gaps.flatMap(({ message, hint }) => [`- ${plain(message)}. ${plain(hint)}.`]),
    ),
  ].join('\n')
}

/** One line for each entry and rule, and one for a principal that may do nothing. The last line has no end. */
export function reviewCsv({ account, snapshotId, members, refused }: Review): string {
  const rows = members.flatMap((member): string[][] => {
    const who = [account, member.principal, member.known ? 'yes' : 'no', 'yes']
    if (member.entries.length === 0) return [[...who, '', '', '', '', '']]
    return member.entries.flatMap(({ action, effect, entry, rules }) => {
      const origins = rules.length === 0 ? [undefined] : rules
      return origins.map((origin) => [...who, action, effect, entry, ...ruleCells(origin, effect, entry)])
    })
  })
  const without = refused.map(({ principal, known, code: refusal }) => {
    const who = [account, principal, known ? 'yes' : 'no', refusal]
    return [...who, '', '', '', '', '']
  })
  return csv(
    ['account', 'principal', 'named', 'login', 'action', 'effect', 'entry', 'rule', 'written in', 'snapshot'],
    [...rows, ...without].map((cells) => [...cells, snapshotId]),
  )
}

function ruleCells(origin: Origin | undefined, effect: 'allow' | 'deny', entry: string): [rule: string, place: string] {
  return origin === undefined ? [ruleless(effect, entry), ''] : [nameOrigin(origin), placeOf(origin)]
}

function summaryLines({ summary, complete }: Review): string[] {
  const { publishEverything, subscribeEverything } = summary
  return markdownTable(
    ['', ''],
    [
      ['principals', String(summary.principals)],
      ['patterns of principals', String(summary.patterns)],
      ['log in and may do nothing', String(summary.idle)],
      ['refused', String(summary.refused)],
      ['entries with wildcards', String(summary.wildcards)],
      ['may publish everything', everythingText(publishEverything)],
      ['may subscribe to everything', everythingText(subscribeEverything)],
      ['DENY rules in force', String(summary.denies)],
      ['complete', complete ? 'yes' : 'no, see the end'],
    ],
  )
}

function everythingText(holders: Review['summary']['publishEverything']): string {
  if (holders.length === 0) return 'nobody'
  return holders
    .map(
      ({ principal, without }) =>
        `${code(principal)}${without.length === 0 ? '' : ` without ${without.map(code).join(', ')}`}`,
    )
    .join('; ')
}

function memberLines(member: Member): string[] {
  const { principal, alsoAs = [], inbox, accountRules, entries, resp, limits, shortfalls } = member
  const rows = entries.map(({ action, effect, entry, rules }) => [
    action,
    effect,
    code(entry),
    rules.length === 0 ? ruleless(effect, entry) : rules.map(ruleText).join('; '),
  ])
  const facts = [
    ...alsoAs.map((name) => `also as ${code(name)}`),
    `lives here by ${accountRules.map(ruleText).join('; ')}, ${inbox} inbox`,
    ...(resp === undefined ? [] : [`may answer requests: ${repliesInWords(resp)}`]),
    ...(limits.maxSessionSeconds === undefined ? [] : [`sessions of at most ${limits.maxSessionSeconds} s`]),
    ...(limits.connectionTypes === undefined ? [] : [`connects as ${limits.connectionTypes.join(', ')}`]),
    ...shortfalls.map(({ pattern, reason }) => `given less: ${code(pattern)}: ${plain(reason)}`),
  ]
  return [
    `### ${code(principal)}`,
    '',
    ...facts.map((fact) => `- ${fact}`),
    '',
    ...(rows.length === 0 ? ['No permissions.', ''] : [...markdownTable(['action', '', 'entry', 'rules'], rows), '']),
  ]
}

function refusedLines(refused: readonly RefusedMember[]): string[] {
  if (refused.length === 0) return []
  const rows = refused.map(({ principal, code: refusal, rules }) => [
    code(principal),
    `${refusal}: ${REFUSALS[refusal].meaning}`,
    rules.map(ruleText).join('; '),
  ])
  return markdownTable(['principal', 'why', 'rules'], rows)
}

function rulesTable(rules: readonly Origin[]): string[] {
  return rules.length === 0
    ? []
    : markdownTable(
        ['rule', 'written in'],
        rules.map((rule) => [plain(nameOrigin(rule)), plain(placeOf(rule))]),
      )
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', `## ${title}`, '', ...withoutLastBlank(lines)]
}

function withoutLastBlank(lines: readonly string[]): readonly string[] {
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines
}

function ruleText(origin: Origin): string {
  const place = placeOf(origin)
  return `${plain(nameOrigin(origin))}${place === '' ? '' : ` (${plain(place)})`}`
}

function markdownTable(headers: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [tableLine(headers), tableLine(headers.map(() => '---')), ...rows.map(tableLine)]
}

function tableLine(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

const CONTROL = /\p{Cc}/gu

/** As code, whatever it holds: more backticks stand around than in a row inside (CommonMark 6.1). */
function code(text: string): string {
  const shown = text.replaceAll(CONTROL, '\u{fffd}')
  const runs = shown.match(/`+/g) ?? []
  if (runs.length === 0) return `\`${shown}\``
  const fence = '`'.repeat(Math.max(...runs.map(({ length }) => length)) + 1)
  return `${fence} ${shown} ${fence}`
}

/** Words, whatever they hold: nothing of them is read as markdown or HTML. */
function plain(text: string): string {
  return text
    .replaceAll(CONTROL, '\u{fffd}')
    .replaceAll(/[\\`*_<>&]/g, (mark) => `\\${mark}`)
    .replaceAll('](', ']\\(')
}
