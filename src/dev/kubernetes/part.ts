/**
 * A program that runs beside us as part of a cluster: its log is kept, it can be stopped short, and it never outlives this process.
 * It is ended by force: what it stores is thrown away with its folder.
 */
import { spawn } from 'node:child_process'
import { createLogLines, type LogLines } from '../nats-server/log-lines.ts'
import { leaveNoOrphan } from '../nats-server/no-orphans.ts'

export interface PartOptions {
  readonly name: string
  readonly binary: string
  readonly args: readonly string[]
  /** Where it runs; removed when this process ends without having stopped it. */
  readonly folder: string
}

export interface Part {
  readonly pid: number
  readonly log: Pick<LogLines, 'lines' | 'find'>
  readonly isRunning: () => boolean
  /** Settled when the process has ended, whoever ended it. */
  readonly ended: Promise<void>
  signal(name: 'SIGSTOP' | 'SIGCONT'): void
  kill(): Promise<void>
}

const LINES_IN_ERROR = 8

/** @throws when the program cannot be started. */
export async function startPart({ name, binary, args, folder }: PartOptions): Promise<Part> {
  const child = spawn(binary, args, {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    // Ctrl-C must reach us first: whoever uses the cluster goes before it.
    detached: true,
  })
  const closed = new Promise<string>((resolve) => {
    child.once('close', () => resolve('it ended'))
    child.once('error', (error) => resolve(error.message))
  })
  const { pid } = child
  if (pid === undefined) throw new Error(`cannot run ${name}: ${await closed}`)
  const release = leaveNoOrphan({ pid, folder })
  const log = createLogLines()
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => log.add(text))
  let isRunning = true
  const ended = closed.then(() => {
    isRunning = false
    release()
    log.end()
  })
  return {
    pid,
    log,
    ended,
    isRunning: () => isRunning,
    signal: (signal) => void child.kill(signal),
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** @returns an error that ends with what the program said last. */
export function lastWords(message: string, part: Part): Error {
  return new Error([`${message}; its last words:`, ...part.log.lines.slice(-LINES_IN_ERROR)].join('\n  '))
}
