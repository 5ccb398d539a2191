/** One responder serving one nats-server, both fresh, on loopback: what a measurement plays on. */
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { startChild, untilReady } from './child.ts'
import type { Cell } from './cell.ts'
import { createDeployment } from './deployment.ts'
import { attemptLogin, helloFor } from './load/attempt.ts'
import { startNatsServer } from './nats-server.ts'
import type { Responder } from './responders.ts'
import { PERMISSION_SETS, TOKEN_AUDIENCE, TOKEN_ISSUER, type World } from './world.ts'

export interface Stage {
  readonly port: number
  readonly serverPid: number
  readonly responderPid: number
  stop(): Promise<void>
}

export interface StageOptions {
  readonly cell: Cell
  readonly responder: Responder
  readonly world: World
  /** nats-server binary. */
  readonly server: string
  /** Seconds; 2 is nats-server's default. */
  readonly authorizationTimeout: number
  /** Of nats-server, beside our own. */
  readonly serverEnvironment?: Readonly<Record<string, string>>
  /** Temporary folder of the run. */
  readonly folder: string
}

const SERVICE_CONNECTIONS = 16
/** A login that nobody answers hangs until the server's limit: this one asks again. */
const FIRST_LOGIN_LIMIT_MS = 500

export async function openStage(options: StageOptions): Promise<Stage> {
  const { cell, responder, world } = options
  const folder = mkdtempSync(join(options.folder, `${responder.name}-`))
  const deployment = await createDeployment({ ...cell, authorizationTimeout: options.authorizationTimeout })
  const server = await startNatsServer(options.server, deployment.serverConfig, folder, options.serverEnvironment)
  try {
    const setup = {
      ...deployment.keys,
      url: `nats://127.0.0.1:${server.port}`,
      connections: SERVICE_CONNECTIONS,
      token: { issuer: TOKEN_ISSUER, audience: TOKEN_AUDIENCE, jwk: world.jwk },
      permissions: PERMISSION_SETS[cell.size],
    }
    const child = startChild(responder.name, responder.prepare(setup, folder), folder)
    await untilReady(responder.name, child, () => loginOnce(server.port, world))
    return {
      port: server.port,
      serverPid: server.pid,
      responderPid: child.pid,
      stop: async () => {
        await child.stop()
        await server.stop()
      },
    }
  } catch (error) {
    await server.stop()
    throw error
  }
}

/** @returns true once a whole login went through: the responder is ready, whatever it says of itself. */
async function loginOnce(port: number, { tokens }: World): Promise<true | undefined> {
  return new Promise((resolve) => {
    attemptLogin({
      port,
      hello: helloFor(tokens[0] ?? ''),
      limitMs: FIRST_LOGIN_LIMIT_MS,
      done: (outcome, socket) => {
        socket.destroy()
        resolve(outcome === 'in' ? true : undefined)
      },
    })
  })
}
