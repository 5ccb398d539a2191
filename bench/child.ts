/**
 * Starts child processes and ends them. What they write goes to a file, not through a pipe of ours: reading it would cost
 * the CPU that the measured processes need. Every wait has a limit.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as pass } from 'node:timers/promises'

export interface Child {
  readonly pid: number
  /** Everything it wrote so far. */
  log(): string
  /** @throws with the end of its log when it has ended. */
  assertRunning(): void
  /** SIGTERM, and SIGKILL when that was not heard within 5 s. */
  stop(): Promise<void>
}

export interface Command {
  readonly file: string
  readonly args: readonly string[]
  /** Beside our own environment. */
  readonly environment?: Readonly<Record<string, string>>
}

const running = new Set<ChildProcess>()
/** Whatever ends the bench ends what it started: signals are made into exits in main.ts. */
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

const START_LIMIT_MS = 15_000
const STOP_LIMIT_MS = 5000
const POLL_MS = 20
const LINES_SHOWN = 15

export function startChild(name: string, command: Command, folder: string): Child {
  const file = join(folder, `${name}.log`)
  const descriptor = openSync(file, 'w', 0o600)
  const child = spawn(command.file, command.args, {
    stdio: ['ignore', descriptor, descriptor],
    env: { ...process.env, ...command.environment },
  })
  closeSync(descriptor)
  running.add(child)
  child.once('exit', () => running.delete(child))
  let problem: string | undefined
  child.once('error', (error) => (problem = error.message))
  const log = (): string => readFileSync(file, 'utf8')
  return {
    pid: child.pid ?? 0,
    log,
    assertRunning() {
      if (problem === undefined && child.exitCode === null && child.signalCode === null) return
      throw new Error(`${name} ended: ${problem ?? child.exitCode ?? child.signalCode}\n${lastLines(log())}`)
    },
    stop: () => stopChild(child),
  }
}

/** @throws with the end of the child's log when it ends, or does not get there within 15 s. */
export async function untilReady<T>(
  name: string,
  child: Child,
  look: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const limit = performance.now() + START_LIMIT_MS
  while (performance.now() < limit) {
    child.assertRunning()
    const found = await look()
    if (found !== undefined) return found
    await pass(POLL_MS)
  }
  await child.stop()
  throw new Error(`${name} was not ready within ${START_LIMIT_MS / 1000} s\n${lastLines(child.log())}`)
}

export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  const limit = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS)
  child.kill('SIGTERM')
  await exited
  clearTimeout(limit)
}

function lastLines(text: string): string {
  const lines = text.trimEnd().split('\n').slice(-LINES_SHOWN)
  return lines.map((line) => `  ${line}`).join('\n')
}
