/**
 * `nib explain`: what a refusal means, who can mend it and what to do next, for whoever finds its code in a log.
 * Takes the code as nats-server logs it, as a metric has it or as the HTTP door spells it; knows no others.
 */
import { didYouMean } from '../lib/nearest.ts'
import { quote } from '../lib/spell.ts'
import { table } from '../lib/table.ts'
import { isRefusalCode, MENDERS, REFUSALS, type RefusalCode } from '../policy/refusal.ts'
import type { Output } from './output.ts'

export interface ExplainOptions {
  readonly json?: true
}

const CODES = Object.keys(REFUSALS).filter(isRefusalCode)

/** @param asked all of them when it is left out. @returns 0, or 2 for a code that there is not. */
export function explainCommand(asked: string | undefined, { json }: ExplainOptions, output: Output): number {
  if (asked === undefined) {
    if (json === true) output.json(CODES.map(explained))
    else for (const line of table(['code', 'meaning'], CODES.map(row))) output.line(line)
    return 0
  }
  const code = codeIn(asked)
  if (!isRefusalCode(code)) {
    output.error(
      `there is no refusal ${quote(asked)}`,
      didYouMean(code, CODES) ?? 'nib explain lists them; the findings of nib lint are explained by nib lint --explain',
    )
    return 2
  }
  if (json === true) output.json(explained(code))
  else print(code, output)
  return 0
}

/** `TOKEN_AUDIENCE 8314e58b-7`, `token-audience` -> `TOKEN_AUDIENCE` */
function codeIn(text: string): string {
  const [word = ''] = text.trim().split(/\s/)
  return word.toUpperCase().replaceAll('-', '_')
}

function row(code: RefusalCode): [string, string] {
  return [code, REFUSALS[code].meaning]
}

interface Explained {
  readonly code: RefusalCode
  readonly answered: boolean
  readonly meaning: string
  readonly menders: readonly string[]
  readonly next: string
}

function explained(code: RefusalCode): Explained {
  const { answer, meaning, menders, next } = REFUSALS[code]
  return { code, answered: answer === 'error', meaning, menders: menders.map((mender) => MENDERS[mender]), next }
}

function print(code: RefusalCode, output: Output): void {
  const { answered, meaning, menders, next } = explained(code)
  const hears = answered ? 'the code and the decision id' : 'nothing'
  output.line(`${output.paint(code, 'strong')}  ${meaning}`)
  output.line()
  const rows = [
    ['nats-server hears', hears],
    ['who can mend it', menders.join(' or ')],
    ['to mend it', next],
  ]
  for (const line of table(['', ''], rows)) output.line(line)
}
