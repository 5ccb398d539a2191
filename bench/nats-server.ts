/** Runs a nats-server with a generated configuration on a free loopback port. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startChild, untilReady, type Child } from './child.ts'

export interface RunningServer extends Child {
  readonly port: number
}

const NAME = 'nats-server'
const LISTENING = /Listening for client connections on 127\.0\.0\.1:(\d+)/

export async function startNatsServer(
  path: string,
  config: string,
  folder: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<RunningServer> {
  const file = join(folder, 'nats-server.conf')
  writeFileSync(file, config, { mode: 0o600 })
  const child = startChild(NAME, { file: path, args: ['-c', file], environment }, folder)
  const port = await untilReady(NAME, child, () => LISTENING.exec(child.log())?.[1])
  return { ...child, port: Number(port) }
}
