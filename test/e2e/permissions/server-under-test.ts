/**
 * A real nats-server that lets in whoever the test wants with exactly the permissions that the test wants. The callout is the
 * smallest that signs with our own code; the whole bridge has a suite of its own.
 */
import { connect, usernamePasswordAuthenticator, type NatsConnection } from 'nats'
import { responseClaims, signToken, userClaims } from '../../../src/issue/index.ts'
import { parseSigner } from '../../../src/nkey/index.ts'
import type { Allowed, DeliveryFilter, Permissions } from '../../../src/policy/decision.ts'
import { deliveryFilterOf } from '../../../src/policy/delivery-filter.ts'
import { readClaims } from '../../../src/wire/claims.ts'
import { valueOf } from '../../support/fake-server.ts'
import { startEnvironment, type TestEnvironment } from '../../support/nats-server.ts'
import { openRawClient, type RawClient } from '../../support/raw-client.ts'

export interface ServerUnderTest {
  /** By the version that it signs into its requests. */
  readonly filter: DeliveryFilter
  /** With the permissions that are meant for servers like this one. */
  readonly logInUnder: (decision: Pick<Allowed, 'permissions'>) => Promise<RawClient>
  /** Full rights in the same account: sees and sends everything. */
  readonly witness: RawClient
  stop(): Promise<void>
}

const ACCOUNT = 'SHOP'
const SESSION_SECONDS = 3600

/** @param version of nats-server; without one, the one that everybody tests with. */
export async function startServerUnderTest(version?: string): Promise<ServerUnderTest> {
  const environment = await startEnvironment('config', {
    ...(version !== undefined && { version }),
    accounts: [ACCOUNT],
    breakGlass: [{ name: 'witness', account: ACCOUNT }],
  })
  try {
    const callout = await answerLogins(environment)
    const { port } = environment.server
    const witness = await openRawClient(port, environment.asBreakGlass('witness'))
    let logins = 0

    async function logInUnder({ permissions }: Pick<Allowed, 'permissions'>): Promise<RawClient> {
      logins += 1
      const ticket = String(logins)
      callout.tickets.set(ticket, permissions)
      return openRawClient(port, { authenticator: usernamePasswordAuthenticator('client', ticket) })
    }

    const first = await logInUnder({ permissions: { filtering: NOTHING, legacy: NOTHING } })
    first.close()
    return {
      filter: callout.filter(),
      logInUnder,
      witness,
      async stop() {
        witness.close()
        await callout.connection.close()
        await environment.stop()
      },
    }
  } catch (problem) {
    await environment.stop()
    throw problem
  }
}

const CLOSED = { allow: [], deny: ['>'] }
const NOTHING: Permissions = { pub: CLOSED, sub: CLOSED }

interface Callout {
  readonly connection: NatsConnection
  /** Permissions by the password that a client shows, each good for one login. */
  readonly tickets: Map<string, Allowed['permissions']>
  filter(): DeliveryFilter
}

async function answerLogins(environment: TestEnvironment): Promise<Callout> {
  const { bridge } = environment
  if (bridge.mode !== 'config') throw new Error('the permissions are asked about in config mode')
  const signer = valueOf(parseSigner(environment.read(bridge.issuer.file ?? ''), 'A'))
  const issuer = signer.publicKey
  const connection = await connect(environment.asBridge())
  const tickets = new Map<string, Allowed['permissions']>()
  let filter: DeliveryFilter = 'legacy'
  connection.subscribe('$SYS.REQ.USER.AUTH', {
    queue: bridge.queue,
    callback(_problem, message) {
      const claims: unknown = JSON.parse(
        Buffer.from(message.string().split('.')[1] ?? '', 'base64url').toString('utf8'),
      )
      const { login } = valueOf(readClaims(claims))
      const { userNkey, server } = login
      filter = deliveryFilterOf(server.version)
      const ticket = login.connect?.pass ?? ''
      const permissions = tickets.get(ticket)?.[filter] ?? NOTHING
      tickets.delete(ticket)
      const issuedAt = Math.floor(Date.now() / 1000)
      const common = { decisionId: `login-${ticket}`, userNkey, issuedAt, issuer }
      const jwt = signToken(
        userClaims({
          ...common,
          principalName: 'client',
          permissions,
          expiresAt: issuedAt + SESSION_SECONDS,
          placement: { mode: 'config', account: ACCOUNT },
        }),
        signer,
      )
      message.respond(Buffer.from(signToken(responseClaims({ ...common, serverId: server.id }, { jwt }), signer)))
    },
  })
  await connection.flush()
  return { connection, tickets, filter: () => filter }
}
