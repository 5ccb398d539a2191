/** Finds a nats-server and runs it with a generated configuration on a free loopback port. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startChild, type Child } from './child.ts'

const BINARY_VARIABLE = 'NATS_SERVER'

export interface RunningServer extends Child {
  readonly port: number
}

/** The binary that the environment names, else the one on PATH. */
export function findNatsServer(): { readonly path: string; readonly version: string } {
  const path = process.env[BINARY_VARIABLE] ?? 'nats-server'
  try {
    const version = /v?(\d+\.\d+\.\d+\S*)/.exec(execFileSync(path, ['--version'], { encoding: 'utf8' }))?.[1]
    if (version !== undefined) return { path, version }
  } catch (cause) {
    throw new Error(`cannot run ${path}; put nats-server on PATH or name it in ${BINARY_VARIABLE}`, { cause })
  }
  throw new Error(`${path} does not tell its version; is it a nats-server?`)
}

export async function startNatsServer(path: string, config: string, folder: string): Promise<RunningServer> {
  const file = join(folder, 'nats-server.conf')
  writeFileSync(file, config, { mode: 0o600 })
  const child = await startChild('nats-server', {
    file: path,
    args: ['-c', file],
    ready: /Listening for client connections on 127\.0\.0\.1:(\d+)/,
  })
  return { ...child, port: Number(child.ready[1]) }
}
