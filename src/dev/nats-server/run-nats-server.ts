/**
 * Runs a nats-server with a given configuration until it is stopped, in a temporary folder of its own.
 * Learns from the server's log where it listens, so the configuration may ask for free ports (-1). Never leaves a process behind.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addressesIn, type Addresses } from './addresses.ts'
import { createLogLines, type LogLines } from './log-lines.ts'
import { leaveNoOrphan } from './no-orphans.ts'
import type { Environment } from './tool.ts'

export interface RunOptions {
  readonly binary: string
  /** The configuration as text; written to a file that only this user can read. Or a file that is there already. */
  readonly config: { readonly text: string } | { readonly file: string }
  /** Variables that the configuration names, beside those of this process. */
  readonly env?: Environment
  readonly readyWithinMs?: number
}

export interface RunningNatsServer extends Addresses {
  readonly pid: number
  readonly configFile: string
  readonly log: Pick<LogLines, 'lines' | 'find' | 'next'>
  /** SIGHUP, with a new text if one is given. @throws when the server refuses it or says nothing in time. */
  reload(text?: string): Promise<void>
  /** Settled when the process has ended, whoever ended it. */
  readonly ended: Promise<void>
  /** Ends the process, by force if it does not go by itself, and removes the folder. */
  stop(): Promise<void>
}

const READY = /\[INF\] Server is ready$/
const RELOADED = /\[INF\] Reloaded server configuration|\[ERR\] Failed to reload/
const READY_WITHIN_MS = 10_000
const RELOAD_WITHIN_MS = 5_000
const STOP_WITHIN_MS = 3_000
const LINES_IN_ERROR = 8

/** @throws when the server ends, or is not ready in time; the message ends with the last lines of its log. */
export async function runNatsServer(options: RunOptions): Promise<RunningNatsServer> {
  const folder = await mkdtemp(join(tmpdir(), 'nib-nats-server-'))
  const configFile = 'file' in options.config ? options.config.file : join(folder, 'nats-server.conf')
  if ('text' in options.config) await writeFile(configFile, options.config.text, { mode: 0o600 })
  const log = createLogLines()
  const child = spawn(options.binary, ['-c', configFile], {
    cwd: folder,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'ignore', 'pipe'],
    // Ctrl-C must reach us first: the bridge drains before its server goes.
    detached: true,
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => log.add(chunk))
  const ended = endOf(child)
  const { pid } = child
  if (pid === undefined) {
    await rm(folder, { recursive: true, force: true })
    throw new Error(`cannot run ${options.binary}: ${(await ended) ?? 'it did not start'}`)
  }
  const release = leaveNoOrphan({ pid, folder })
  const gone = ended.then(() => release())

  async function stop(): Promise<void> {
    child.kill('SIGTERM')
    const force = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS)
    await gone
    clearTimeout(force)
    await rm(folder, { recursive: true, force: true })
  }

  const withinMs = options.readyWithinMs ?? READY_WITHIN_MS
  const ready = await Promise.race([log.find(READY, withinMs), gone])
  const addresses = addressesIn(log.lines)
  if (ready === undefined || addresses === undefined) {
    await stop()
    const last = log.lines.slice(-LINES_IN_ERROR).map((line) => `  ${line}`)
    throw new Error([`nats-server was not ready within ${withinMs} ms; its last words:`, ...last].join('\n'))
  }
  return {
    ...addresses,
    pid,
    configFile,
    log,
    ended: gone,
    stop,
    async reload(text) {
      if (text !== undefined) await writeFile(configFile, text, { mode: 0o600 })
      const line = log.next(RELOADED, RELOAD_WITHIN_MS)
      child.kill('SIGHUP')
      const said = (await line) ?? 'it said nothing'
      if (!said.includes('Reloaded')) throw new Error(`nats-server did not reload: ${said}`)
    },
  }
}

/** @returns why the process could not be started, if it could not. */
function endOf(child: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve(undefined))
    child.once('error', (error) => resolve(error.message))
  })
}
