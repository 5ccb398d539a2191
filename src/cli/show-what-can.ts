/** Everything that a principal may do, printed: the entries of its user JWT, each with the rules behind it. */
import type { Entry, WhatCan } from '../audit/what-can.ts'
import { table } from '../lib/table.ts'
import { nameOrigin } from '../policy/origin.ts'
import { REFUSALS } from '../policy/refusal.ts'
import type { Output } from './output.ts'
import { limitsInWords, placeOf, repliesInWords, ruleless } from './words.ts'

export function printWhatCan(answer: WhatCan, output: Output): void {
  output.line(output.paint(answer.principal, 'strong'))
  if (answer.refusal !== undefined) {
    output.line(`${output.paint('no login', 'bad')}: ${answer.refusal}, ${REFUSALS[answer.refusal].meaning}`)
    for (const origin of answer.accountRules) output.line(`  ${nameOrigin(origin)}  ${placeOf(origin)}`)
    output.line(`to mend it: ${REFUSALS[answer.refusal].next}`)
    return
  }
  output.line(
    `account  ${answer.account ?? ''}   inbox prefix  ${answer.inboxPrefix ?? ''}   snapshot  ${answer.snapshotId.slice(0, 12)}`,
  )
  output.line()
  const rows = answer.entries.map((entry) => [entry.action, entry.effect, entry.entry, rulesOf(entry)])
  for (const line of table(['', '', 'subject', 'rule'], rows)) output.line(line)
  const resp = answer.permissions?.resp
  if (resp !== undefined) output.line(`\nmay answer requests: ${repliesInWords(resp)}`)
  for (const words of limitsInWords(answer.limits ?? {})) output.line(`limited to ${words}`)
  for (const { pattern, reason } of answer.shortfalls) output.line(`given less: ${pattern}: ${reason}`)
}

function rulesOf({ rules, effect, entry }: Entry): string {
  if (rules.length > 0) return rules.map((origin) => `${nameOrigin(origin)} ${placeOf(origin)}`.trim()).join(', ')
  return ruleless(effect, entry)
}
