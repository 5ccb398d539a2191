/**
 * One client of the shop: a stock `nats` connection, and what the server said to each thing it tried. Every wait has an end.
 * nats-server answers in order, so whatever it has to say about a message is here when the PONG behind it is.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { connect, ErrorCode, Events, jwtAuthenticator, NatsError, type Msg, type NatsConnection } from 'nats'
import { within } from '../dev/deadline.ts'

export interface LoginOptions {
  readonly url: string
  /** Shown in the server's lists of connections. */
  readonly name: string
  readonly token: string | undefined
  readonly sentinel: string | undefined
  readonly inboxPrefix: string
}

/** `violation`: the server's permissions violation. `failed`: neither that nor success. */
export type Reaction<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'violation' }
  | { readonly kind: 'failed'; readonly problem: string }

export interface Client {
  /** As the server names it, since 2.11. */
  readonly account: string | undefined
  publish(subject: string, payload: string): Promise<Reaction<undefined>>
  /** @param receive never throws. */
  subscribe(subject: string, queue: string | undefined, receive: (message: Msg) => void): Promise<Reaction<undefined>>
  request(subject: string, payload: string): Promise<Reaction<Msg>>
  /** Everything that the server sent before now has arrived when this is fulfilled. */
  settle(): Promise<void>
  close(): Promise<void>
}

const LIMIT_MS = 5000

/** @returns `undefined` when the server refuses the login. @throws when it neither lets in nor refuses. */
export async function logIn(options: LoginOptions): Promise<Client | undefined> {
  const { url, name, token, sentinel, inboxPrefix } = options
  try {
    const connecting = connect({
      servers: url,
      name,
      inboxPrefix,
      reconnect: false,
      maxReconnectAttempts: 0,
      timeout: LIMIT_MS,
      ...(token !== undefined && { token }),
      ...(sentinel !== undefined && { authenticator: jwtAuthenticator(sentinel) }),
    })
    return await openClient(await within(connecting, LIMIT_MS, `an answer to the login of ${name}`))
  } catch (problem) {
    if (codeOf(problem) === ErrorCode.AuthorizationViolation) return undefined
    throw problem
  }
}

async function openClient(nc: NatsConnection): Promise<Client> {
  const violations: string[] = []
  // Ends with the process: the library leaves these iterators open when a connection closes.
  void collectViolations(nc, violations)

  async function settle(): Promise<void> {
    await within(nc.flush(), LIMIT_MS, 'a PONG of the server')
    // Status events and callbacks of what came before the PONG run first.
    await nextTurn()
  }

  async function react(subject: string, send: () => void): Promise<Reaction<undefined>> {
    const earlier = violations.length
    try {
      send()
      await settle()
    } catch (problem) {
      return failed(problem)
    }
    return violations.slice(earlier).includes(subject) ? { kind: 'violation' } : { kind: 'done', value: undefined }
  }

  // The server says in a second INFO, behind the login, which account it was.
  await settle()
  return {
    account: remoteAccount(nc.info),
    publish: (subject, payload) => react(subject, () => nc.publish(subject, payload)),
    subscribe: (subject, queue, receive) =>
      react(subject, () => {
        nc.subscribe(subject, { callback: receiving(receive), ...(queue !== undefined && { queue }) })
      }),
    async request(subject, payload) {
      try {
        const value = await within(nc.request(subject, payload, { timeout: LIMIT_MS }), LIMIT_MS, 'a reply')
        return { kind: 'done', value }
      } catch (problem) {
        if (codeOf(problem) === ErrorCode.PermissionsViolation) return { kind: 'violation' }
        return codeOf(problem) === ErrorCode.NoResponders
          ? { kind: 'failed', problem: 'nobody answers' }
          : failed(problem)
      }
    },
    settle,
    close: () => within(nc.close(), LIMIT_MS, 'the end of a connection'),
  }
}

/** What goes wrong with a subscription is collected from the status of the connection. */
function receiving(receive: (message: Msg) => void): (problem: Error | null, message: Msg) => void {
  return (problem, message) => {
    if (problem === null) receive(message)
  }
}

async function collectViolations(nc: NatsConnection, violations: string[]): Promise<void> {
  for await (const { type, permissionContext } of nc.status()) {
    if (type === Events.Error && permissionContext !== undefined) violations.push(permissionContext.subject)
  }
}

function failed(problem: unknown): { readonly kind: 'failed'; readonly problem: string } {
  return { kind: 'failed', problem: problem instanceof Error ? problem.message : 'unknown' }
}

function codeOf(problem: unknown): string | undefined {
  return problem instanceof NatsError ? problem.code : undefined
}

/** Not among the fields that the library's type knows. */
function remoteAccount(info: NatsConnection['info']): string | undefined {
  const account: unknown = Object.entries(info ?? {}).find(([field]) => field === 'remote_account')?.[1]
  return typeof account === 'string' ? account : undefined
}
