/** Why somebody may or may not use a subject, printed: the rules that decide, those that come close, and what would grant it. */
import type { WholeWhy } from '../audit/whole-why.ts'
import type { Remedy } from '../audit/remedy/remedy.ts'
import { table } from '../lib/table.ts'
import { nameOrigin } from '../policy/origin.ts'
import { REFUSALS } from '../policy/refusal.ts'
import type { Output } from '../dev/output.ts'
import { partInWords, placeOf } from './words.ts'

export function printWhy(answer: WholeWhy, output: Output): void {
  const verdict = answer.allowed ? output.paint('allowed', 'good') : output.paint('denied', 'bad')
  const queue = answer.queue === undefined ? '' : ` in queue group ${answer.queue}`
  output.line(`${output.paint(verdict, 'strong')}  ${answer.principal} ${answer.action} ${answer.subject}${queue}`)
  if (answer.account !== undefined) output.line(`account  ${answer.account}`)
  if (answer.partly) output.line('partly   the server accepts the subscription and delivers what is granted inside it')
  if (answer.refusal !== undefined) output.line(`no login: ${answer.refusal}, ${REFUSALS[answer.refusal].meaning}`)
  printReasons(answer, output)
  for (const shortfall of answer.shortfalls) output.line(`given less: ${shortfall}`)
  printClose(answer, output)
  if (answer.remedy !== undefined) printRemedy(answer.remedy, output)
}

function printReasons({ allowed, refusal, reasons }: WholeWhy, output: Output): void {
  const rows = reasons.map(({ part, origin, pattern }) => [
    partInWords(part),
    nameOrigin(origin),
    pattern ?? '',
    placeOf(origin),
  ])
  // The account is where the principal lives, and no word on the subject.
  const isUnspoken = !allowed && refusal === undefined && reasons.every(({ part }) => part === 'account')
  if (rows.length > 0 || isUnspoken) output.line()
  if (rows.length > 0) for (const line of table(['', 'rule', 'pattern', 'written in'], rows)) output.line(line)
  if (isUnspoken) output.line('no rule speaks of this subject: nothing granted means nothing allowed')
}

function printClose({ close }: WholeWhy, output: Output): void {
  if (close.length === 0) return
  const rows = close.map(({ missing, origin, pattern }) => [
    missing,
    origin === undefined ? '' : nameOrigin(origin),
    pattern ?? '',
    origin === undefined ? '' : placeOf(origin),
  ])
  output.line()
  for (const line of table(['comes close', 'rule', 'pattern', 'written in'], rows)) output.line(line)
}

function printRemedy({ summary, steps, blockedBy, others }: Remedy, output: Output): void {
  output.line()
  output.line(`${output.paint('to grant it', 'strong')}  ${summary}`)
  for (const step of steps) {
    // As long as it is prohibited, there is nothing to paste.
    if (step.kind !== 'new-document' || blockedBy.length > 0) continue
    output.line()
    for (const line of step.yaml.trimEnd().split('\n')) output.line(`  ${line}`)
  }
  if (others.length > 0) output.line()
  for (const other of others) output.line(`or           ${other}`)
}
