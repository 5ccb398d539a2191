/** How a responder process connects, and ends: service connections for ever, drained on SIGTERM. */
import { connect, jwtAuthenticator, type NatsConnection } from 'nats'
import type { ResponderSetup } from './responder-setup.ts'

export async function openServiceConnections(setup: ResponderSetup): Promise<readonly NatsConnection[]> {
  const { login } = setup
  const credentials =
    'jwt' in login
      ? { authenticator: jwtAuthenticator(login.jwt, Buffer.from(login.seed)) }
      : { user: login.user, pass: login.password }
  const open = Array.from({ length: setup.connections }, () =>
    connect({ servers: setup.url, maxReconnectAttempts: -1, ...credentials }),
  )
  return Promise.all(open)
}

/** Says `ready`, and ends the process on SIGTERM. */
export function announceReady(connections: readonly NatsConnection[]): void {
  process.once('SIGTERM', () => {
    void Promise.all(connections.map((connection) => connection.close())).then(() => process.exit(0))
  })
  process.stdout.write('ready\n')
}
