/** The output of a command, kept instead of shown. */
import { createOutput, type Output } from '../../src/cli/output.ts'

export interface CapturedOutput {
  readonly output: Output
  out(): string
  problems(): string
}

export function captureOutput(isTTY = false): CapturedOutput {
  let out = ''
  let problems = ''
  const output = createOutput(
    { isTTY, write: (text) => void (out += text) },
    { write: (text) => void (problems += text) },
    {},
  )
  return { output, out: () => out, problems: () => problems }
}
