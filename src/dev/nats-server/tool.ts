/** Runs another program to its end, within a time, and says in one line what went wrong. No shell. */
import { execFile, type ExecFileException } from 'node:child_process'
import { err, ok, type Result } from '../../lib/result.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export interface ToolRun {
  readonly env: Environment
  readonly timeoutMs: number
  readonly cwd?: string
}

const MAX_OUTPUT_BYTES = 4 * 1024 * 1024
const MAX_LINE = 200

/** @returns standard output, or the reason: not found, too slow, or the program's own last line. */
export function runTool(file: string, args: readonly string[], run: ToolRun): Promise<Result<string, string>> {
  const { env, timeoutMs, cwd } = run
  const options = { env, timeout: timeoutMs, maxBuffer: MAX_OUTPUT_BYTES, killSignal: 'SIGKILL' as const }
  return new Promise((resolve) => {
    const ended = (error: ExecFileException | null, stdout: string, stderr: string): void => {
      if (error === null) return resolve(ok(stdout))
      if (error.code === 'ENOENT') return resolve(err(`${file} not found`))
      if (error.killed === true) return resolve(err(`${file} took longer than ${Math.round(timeoutMs / 1000)} s`))
      return resolve(err(lastLine(stderr) ?? lastLine(stdout) ?? `${file} failed (${error.code ?? error.message})`))
    }
    try {
      execFile(file, args, cwd === undefined ? options : { ...options, cwd }, ended)
    } catch (error) {
      // Some errors of starting a process are thrown, not handed over (ENOTDIR).
      resolve(err(`${file} cannot be run (${error instanceof Error ? error.message : 'unknown'})`))
    }
  })
}

function lastLine(text: string): string | undefined {
  const line = text.trim().split('\n').at(-1)?.trim()
  return line === undefined || line === '' ? undefined : line.slice(0, MAX_LINE)
}
