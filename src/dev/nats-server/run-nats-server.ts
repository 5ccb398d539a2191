/**
 * Runs a nats-server with a given configuration until it is stopped, in a temporary folder of its own.
 * Learns from the server's log where it listens, so the configuration may ask for free ports (-1). Never leaves a process behind.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
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

type ServerProcess = ChildProcessByStdio<null, null, Readable>

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
  try {
    if ('text' in options.config) await writeFile(configFile, options.config.text, { mode: 0o600 })
    return await run(options, folder, configFile)
  } catch (problem) {
    await rm(folder, { recursive: true, force: true })
    throw problem
  }
}

async function run(options: RunOptions, folder: string, configFile: string): Promise<RunningNatsServer> {
  const child: ServerProcess = spawn(options.binary, ['-c', configFile], {
    cwd: folder,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'ignore', 'pipe'],
    // Ctrl-C must reach us first: the bridge drains before its server goes.
    detached: true,
  })
  const closed = endOf(child)
  const { pid } = child
  if (pid === undefined) throw new Error(`cannot run ${options.binary}: ${await closed}`)
  const release = leaveNoOrphan({ pid, folder })
  const log = createLogLines()
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => log.add(chunk))
  const ended = closed.then(() => {
    release()
    log.end()
  })

  const withinMs = options.readyWithinMs ?? READY_WITHIN_MS
  const ready = await log.find(READY, withinMs)
  const addresses = addressesIn(log.lines)
  if (ready === undefined || addresses === undefined) {
    const outcome = child.exitCode === null ? `nats-server was not ready within ${withinMs} ms` : 'nats-server ended'
    await end(child, ended)
    throw new Error([`${outcome}; its last words:`, ...log.lines.slice(-LINES_IN_ERROR)].join('\n  '))
  }
  return {
    ...addresses,
    pid,
    configFile,
    log,
    ended,
    async reload(text) {
      if (text !== undefined) await writeFile(configFile, text, { mode: 0o600 })
      const line = log.next(RELOADED, RELOAD_WITHIN_MS)
      child.kill('SIGHUP')
      const said = (await line) ?? 'it said nothing'
      if (!said.includes('Reloaded')) throw new Error(`nats-server did not reload: ${said}`)
    },
    async stop() {
      await end(child, ended)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** A server whose callout is wedged does not end on SIGTERM. */
async function end(child: ServerProcess, ended: Promise<void>): Promise<void> {
  child.kill('SIGTERM')
  const force = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS)
  await ended
  clearTimeout(force)
}

/** @returns why the process could not be started, or a word for its end; all of its log has been read by then. */
function endOf(child: ServerProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('close', () => resolve('it ended'))
    child.once('error', (error) => resolve(error.message))
  })
}
