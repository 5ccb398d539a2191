/**
 * What a person sees: plain lines on stdout, problems on stderr as `nib: error: …` with a hint, diagnostics as aligned lines that
 * begin with file:line:column. Colour only on a terminal that wants it (https://no-color.org). Machines ask for `--json`.
 */
import { styleText } from 'node:util'
import type { Output, Tone } from '../dev/output.ts'
import { table } from '../lib/table.ts'
import type { Diagnostic, Severity } from '../policy/diagnostic.ts'

export type { Output } from '../dev/output.ts'

export interface Stream {
  write(text: string): unknown
  readonly isTTY?: boolean
}

type Paint = Output['paint']

const STYLES = { good: 'green', bad: 'red', dim: 'dim', strong: 'bold' } as const
const TONES = { error: 'bad', warning: 'strong', info: 'dim' } as const satisfies Record<Severity, Tone>

export function createOutput(out: Stream, problems: Stream, env: Readonly<Record<string, string | undefined>>): Output {
  const paintProblem = painter(problems, env)
  return {
    line: (text = '') => void out.write(`${text}\n`),
    json: (value) => void out.write(`${JSON.stringify(value, undefined, 2)}\n`),
    paint: painter(out, env),
    error(message, hint) {
      problems.write(`nib: error: ${message}\n`)
      if (hint !== undefined) problems.write(`nib: hint: ${hint}\n`)
    },
    diagnostics(list) {
      for (const line of diagnosticLines(list, paintProblem)) problems.write(`${line}\n`)
    },
  }
}

function painter(stream: Stream, env: Readonly<Record<string, string | undefined>>): Paint {
  const isColourful = stream.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb'
  return (text, tone) =>
    tone === 'plain' || !isColourful ? text : styleText(STYLES[tone], text, { validateStream: false })
}

const SEVERITY = 1

/** `file:line:column: severity: message [code]`, as compilers write it, in columns; a hint goes below its message. */
function diagnosticLines(list: readonly Diagnostic[], paint: Paint): readonly string[] {
  const tones: Tone[] = []
  const rows = list.flatMap(({ file, line, column, severity, code, message, hint }) => {
    const place = [file, line, column].filter((part) => part !== undefined).join(':')
    tones.push(TONES[severity])
    const row = [place === '' ? '' : `${place}:`, `${severity}:`, `${message} [${code}]`]
    if (hint === undefined) return [row]
    tones.push('dim')
    return [row, ['', '', `hint: ${hint}`]]
  })
  // Without any place the lines would begin with blanks.
  const first = rows.some(([place]) => place !== '') ? 0 : 1
  return table(
    ['', '', ''],
    rows.map((row) => row.slice(first)),
    {
      gap: 1,
      paint: (cell, row, column) => (column + first === SEVERITY ? paint(cell, tones[row] ?? 'plain') : cell),
    },
  )
}
