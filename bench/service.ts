/** How a responder process meets NATS: service connections in one queue group, one reply per request, ended by SIGTERM. */
import { connect, jwtAuthenticator, type Msg, type NatsConnection } from 'nats'
import { CALLOUT_SUBJECT, QUEUE_GROUP, type Answer, type ResponderSetup } from './responder-setup.ts'

export async function answerOnNats(setup: ResponderSetup, answer: Answer): Promise<void> {
  const connections = await openServiceConnections(setup)
  for (const connection of connections) {
    connection.subscribe(CALLOUT_SUBJECT, {
      queue: QUEUE_GROUP,
      callback: (error, message) => {
        if (error === null) reply(message, answer)
      },
    })
    await connection.flush()
  }
  process.once('SIGTERM', () => {
    void Promise.all(connections.map((connection) => connection.close())).then(() => process.exit(0))
  })
}

function reply(message: Msg, answer: Answer): void {
  try {
    const payload = answer(message.data, message.headers?.get('Nats-Server-Xkey') ?? '')
    if (payload instanceof Promise) payload.then((late) => respond(message, late)).catch(refused)
    else respond(message, payload)
  } catch (cause) {
    refused(cause)
  }
}

function respond(message: Msg, payload: Uint8Array | undefined): void {
  if (payload !== undefined) message.respond(payload)
}

function refused(cause: unknown): void {
  console.error('refused:', String(cause))
}

async function openServiceConnections(setup: ResponderSetup): Promise<readonly NatsConnection[]> {
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
