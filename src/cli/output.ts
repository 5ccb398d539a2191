/**
 * What a person sees: plain lines on stdout, problems on stderr as `nib: error: …` with a hint. Colour only on a terminal that
 * wants it (https://no-color.org). Machines ask for `--json`.
 */
import { styleText } from 'node:util'
import type { Output } from '../dev/output.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'

export type { Output } from '../dev/output.ts'

export interface Stream {
  write(text: string): unknown
  readonly isTTY?: boolean
}

const STYLES = { good: 'green', bad: 'red', dim: 'dim', strong: 'bold' } as const

export function createOutput(out: Stream, problems: Stream, env: Readonly<Record<string, string | undefined>>): Output {
  const isColourful = out.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb'
  return {
    line: (text = '') => void out.write(`${text}\n`),
    json: (value) => void out.write(`${JSON.stringify(value, undefined, 2)}\n`),
    paint: (text, tone) =>
      tone === 'plain' || !isColourful ? text : styleText(STYLES[tone], text, { validateStream: false }),
    error(message, hint) {
      problems.write(`nib: error: ${message}\n`)
      if (hint !== undefined) problems.write(`nib: hint: ${hint}\n`)
    },
    diagnostics(list) {
      for (const diagnostic of list) problems.write(`${diagnosticLine(diagnostic)}\n`)
    },
  }
}

export function diagnosticLine({ file, line, column, severity, code, message, hint }: Diagnostic): string {
  const place = [file, line, column].filter((part) => part !== undefined).join(':')
  return `${place === '' ? '' : `${place}: `}${severity}: ${message} [${code}]${hint === undefined ? '' : `\n  hint: ${hint}`}`
}
