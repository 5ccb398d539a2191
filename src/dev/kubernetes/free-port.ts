/**
 * A port on loopback that nobody listens on. Below the range that systems give to outgoing connections, so that a server that was stopped
 * finds its port free when it comes back.
 */
import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

const FROM = 20_000
const BELOW = 32_000
const ATTEMPTS = 50

/** @throws when none was found. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = randomInt(FROM, BELOW)
    if (await isFree(port)) return port
  }
  throw new Error(`no free port between ${FROM} and ${BELOW} in ${ATTEMPTS} attempts`)
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
