/**
 * What a person sees: plain lines on stdout, problems on stderr as `nib: error: …` with a hint, diagnostics as aligned lines that
 * begin with file:line:column. Colour only on a terminal that wants it (https://no-color.org). Machines ask for `--json`.
 * Names of files and arguments may come from strangers: no control character of theirs reaches the terminal.
 */
import { randomUUID } from 'node:crypto'
import { inspect } from 'node:util'
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

/** Why a command could not do what it was asked: the same shape for all of them. */
export interface Failure {
  readonly error: { readonly code: string; readonly message: string; readonly hint?: string }
  readonly diagnostics: readonly Diagnostic[]
}

export interface TerminalOutput extends Output {
  /** What was told on stderr, for a machine; nothing when it has its JSON already. */
  failure(code: string): Failure | undefined
}

export function createOutput(
  out: Stream,
  problems: Stream,
  env: Readonly<Record<string, string | undefined>>,
): TerminalOutput {
  const shown = painter(out, env)
  const shownProblem = painter(problems, env)
  const told: Diagnostic[] = []
  let error: Failure['error'] | undefined
  let hasJson = false
  return {
    line: (text = '') => void out.write(`${shown.finish(printable(text))}\n`),
    json(value) {
      hasJson = true
      out.write(`${jsonText(value)}\n`)
    },
    paint: shown.paint,
    error(message, hint, code = FAILED) {
      error ??= { code, message, ...(hint === undefined ? {} : { hint }) }
      problems.write(`nib: error: ${printable(message)}\n`)
      if (hint !== undefined) problems.write(`nib: hint: ${printable(hint)}\n`)
    },
    diagnostics(list) {
      told.push(...list)
      for (const line of diagnosticLines(list, shownProblem.paint)) {
        problems.write(`${shownProblem.finish(printable(line))}\n`)
      }
    },
    failure(code) {
      if (hasJson) return undefined
      return failureOf(error?.code === FAILED ? { ...error, code } : error, told)
    },
  }
}

/** Of {@link Failure}, where nothing better is known. */
const FAILED = 'failed'

export function failureOf(error: Failure['error'] | undefined, diagnostics: readonly Diagnostic[]): Failure {
  return { error: error ?? { code: 'documents-refused', message: 'the documents have errors' }, diagnostics }
}

// eslint-disable-next-line no-control-regex -- these are what it is about
const UNPRINTABLE = /\r(?!\n)|[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g
/** JSON escapes the others by itself. */
const UNPRINTABLE_IN_JSON = /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g

/** Text as a terminal may have it: lines stay lines, and nothing in it moves the cursor, colours or turns around what follows. */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, '\u{fffd}')
}

function jsonText(value: unknown): string {
  return JSON.stringify(value, undefined, 2).replaceAll(
    UNPRINTABLE_IN_JSON,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

interface Painter {
  readonly paint: Paint
  /** Marks become colours. */
  readonly finish: (text: string) => string
}

/** Paints with marks that nobody can know beforehand, so that escape sequences in the text are told from ours. */
function painter(stream: Stream, env: Readonly<Record<string, string | undefined>>): Painter {
  const isColourful = stream.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb'
  if (!isColourful) return { paint: (text) => inOneLine(text), finish: (text) => text }
  const secret = randomUUID()
  const marks = new RegExp(`${secret}:(\\d+);`, 'g')
  return {
    paint(text, tone) {
      if (tone === 'plain') return inOneLine(text)
      const [on, off] = inspect.colors[STYLES[tone]] ?? [0, 0]
      return `${secret}:${on};${inOneLine(text)}${secret}:${off};`
    },
    finish: (text) => text.replaceAll(marks, '\u001b[$1m'),
  }
}

/** A name with a line end in it would begin a line of its own. */
function inOneLine(text: string): string {
  return text.replaceAll(/[\r\n]/g, '\u{fffd}')
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
