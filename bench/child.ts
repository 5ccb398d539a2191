/** Starts a child process, waits for the line that says it serves, ends it. Every wait has a limit. */
import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { once } from 'node:events'

export interface Child {
  readonly pid: number
  /** What the ready pattern matched. */
  readonly ready: RegExpExecArray
  /** SIGTERM, and SIGKILL when that was not heard within 5 s. */
  stop(): Promise<void>
}

export interface Command {
  readonly file: string
  readonly args: readonly string[]
  /** Looked for in each line of stdout and stderr. */
  readonly ready: RegExp
}

const START_LIMIT_MS = 15_000
const STOP_LIMIT_MS = 5000
const LINES_KEPT = 20

/** @throws with the last lines the child wrote, when it ends or does not get ready within 15 s. */
export async function startChild(name: string, command: Command): Promise<Child> {
  const child = spawn(command.file, command.args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const lines: string[] = []
  const ready = await new Promise<RegExpExecArray>((resolve, reject) => {
    const fail = (why: string): void => {
      clearTimeout(limit)
      child.kill('SIGKILL')
      reject(new Error(`${name} ${why}\n${lines.map((line) => `  ${line}`).join('\n')}`))
    }
    const limit = setTimeout(() => fail(`was not ready within ${START_LIMIT_MS / 1000} s`), START_LIMIT_MS)
    child.once('error', (error) => fail(`did not start: ${error.message}`))
    child.once('exit', (code) => fail(`ended with ${code} before it was ready`))
    for (const stream of [child.stdout, child.stderr]) {
      const reader = createInterface({ input: stream })
      reader.on('line', (line) => {
        lines.push(line)
        if (lines.length > LINES_KEPT) lines.shift()
        const match = command.ready.exec(line)
        if (match === null) return
        clearTimeout(limit)
        resolve(match)
      })
    }
  })
  child.removeAllListeners('exit')
  // From here on its lines cost us CPU that the measured processes need: read them and drop them.
  for (const stream of [child.stdout, child.stderr]) stream.removeAllListeners('data').resume()
  return { pid: child.pid ?? 0, ready, stop: () => stopChild(child) }
}

export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  const limit = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS)
  child.kill('SIGTERM')
  await exited
  clearTimeout(limit)
}
