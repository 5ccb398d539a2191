/**
 * The bridge's connections to NATS: several, all in one queue group, because a server handles our replies one by one per connection.
 * Reconnects for ever with backoff and jitter, also after refused credentials; says when it is ready (subscribed and confirmed on every one).
 */
import {
  connect,
  DebugEvents,
  ErrorCode,
  Events,
  type Authenticator,
  type ConnectionOptions,
  type Msg,
  type NatsConnection,
  type Subscription,
} from 'nats'
import { createBackoff, foreverAgain, type Backoff } from './backoff.ts'
import type { Envelope } from './envelope.ts'

export interface ConnectionSettings {
  readonly servers: readonly string[]
  readonly name: string
  readonly count: number
  readonly queueGroup: string
  /** That the servers ask in, as they name it. */
  readonly account: string
  /** Asked at each connect, so that rotated credentials are taken up. */
  readonly authenticator: Authenticator
  readonly tls?: ConnectionOptions['tls']
}

export interface Received {
  readonly envelope: Envelope
  readonly arrivedAt: number
  /** Bytes: the server's `max_payload`. */
  readonly longestReply: number
  reply(payload: Uint8Array): void
}

export interface ConnectionEvents {
  received(request: Received): void
  /** Log line of a connection; `problem` holds no secrets. One that is connected may be so to no use. */
  changed(state: 'connected' | 'disconnected' | 'failed' | 'closed', connection: number, problem?: string): void
}

export interface ServiceConnections {
  /** Connections that are up and subscribed. */
  readonly ready: number
  readonly count: number
  /** Public keys of the servers that those are up to, each once. */
  readonly servers: readonly string[]
  /** Stops taking requests; the connections stay open for replies. */
  stopReceiving(): Promise<void>
  close(): Promise<void>
}

const SUBJECT = '$SYS.REQ.USER.AUTH'
const XKEY_HEADER = 'Nats-Server-Xkey'
/** As nats.js says it of a first connect. */
const REFUSED = "'Authorization Violation'"
/** Each step of leaving: the server has had its time. */
const CLOSE_LIMIT_MS = 1_000

export interface ConnectionDeps {
  now(): number
  /** From 0 up to 1. */
  chance(): number
  sleep(milliseconds: number): Promise<void>
}

export function openServiceConnections(
  settings: ConnectionSettings,
  events: ConnectionEvents,
  deps: ConnectionDeps,
): ServiceConnections {
  const links = Array.from({ length: settings.count }, (_, index) => openLink(settings, events, deps, index))
  return {
    get ready() {
      return links.filter((link) => link.ready()).length
    },
    count: settings.count,
    get servers() {
      return [...new Set(links.flatMap((link) => link.server() ?? []))]
    },
    stopReceiving: async () => void (await Promise.allSettled(links.map((link) => link.stopReceiving()))),
    close: async () => void (await Promise.allSettled(links.map((link) => link.close()))),
  }
}

interface Link {
  ready(): boolean
  server(): string | undefined
  stopReceiving(): Promise<void>
  close(): Promise<void>
}

function openLink(settings: ConnectionSettings, events: ConnectionEvents, deps: ConnectionDeps, index: number): Link {
  const backoff = createBackoff(deps.chance)
  let connection: NatsConnection | undefined
  let subscription: Subscription | undefined
  let subscribed = false
  let isRefused = false
  let stopping = false

  function receive(problem: Error | null, message: Msg): void {
    if (problem !== null) {
      isRefused = true
      subscribed = false
      events.changed('failed', index, `subscription refused: ${problem.message}`)
      // Ends this turn of `run`; the next one tries again, after a while.
      void connection?.close()
      return
    }
    const replySubject = message.reply ?? ''
    const arrivedAt = deps.now()
    const xkeyHeader = message.headers?.get(XKEY_HEADER) ?? ''
    events.received({
      envelope: { payload: message.data, xkeyHeader, replySubject, arrivedAt },
      arrivedAt,
      longestReply: connection?.info?.max_payload ?? 0,
      reply: (payload) => {
        message.respond(payload)
      },
    })
  }

  async function subscribe(nc: NatsConnection): Promise<void> {
    isRefused = false
    subscription = nc.subscribe(SUBJECT, { queue: settings.queueGroup, callback: receive })
    await confirm(nc)
  }

  /** The server's answer to the ping comes after its word on the subscription. */
  async function confirm(nc: NatsConnection): Promise<void> {
    await nc.flush()
    subscribed = !isRefused && !nc.isClosed()
    if (!subscribed) return
    backoff.reset()
    events.changed('connected', index, elsewhere(nc, settings.account))
  }

  async function watch(nc: NatsConnection): Promise<void> {
    for await (const status of nc.status()) {
      if (status.type === Events.Disconnect) {
        subscribed = false
        events.changed('disconnected', index)
      } else if (status.type === Events.Reconnect) {
        // Fails when the connection is lost again; then there is another event.
        await confirm(nc).catch(() => undefined)
      } else if (status.type === DebugEvents.Reconnecting) {
        backoff.advance()
      } else if (status.type === Events.Error && status.data === ErrorCode.AuthorizationViolation) {
        // nats.js goes on trying and keeps the reason to itself.
        events.changed('failed', index, REFUSED)
      }
    }
  }

  async function run(): Promise<void> {
    while (!stopping) {
      try {
        const nc = await connect(optionsOf(settings, backoff, index))
        connection = nc
        if (stopping) return await nc.close()
        await subscribe(nc)
        void watch(nc)
        const problem = await nc.closed()
        subscribed = false
        events.changed('closed', index, problem instanceof Error ? problem.message : undefined)
      } catch (problem) {
        subscribed = false
        events.changed('failed', index, problem instanceof Error ? problem.message : 'unknown')
      }
      if (stopping) return
      const wait = backoff.wait()
      backoff.advance()
      await deps.sleep(wait)
    }
  }

  const running = run()
  const within = (step: Promise<unknown> | undefined): Promise<unknown> =>
    Promise.race([Promise.resolve(step).catch(() => undefined), deps.sleep(CLOSE_LIMIT_MS)])
  return {
    ready: () => subscribed && !stopping,
    server: () => (subscribed ? connection?.info?.server_id : undefined),
    async stopReceiving() {
      const isUp = subscribed
      stopping = true
      // A server that is gone delivers nothing more, and a drain would wait for its answer.
      if (isUp) await within(subscription?.drain())
    },
    async close() {
      const isUp = subscribed
      stopping = true
      if (connection !== undefined && !connection.isClosed()) {
        if (isUp) await within(connection.flush())
        await within(connection.close())
      }
      await within(running)
    },
  }
}

function optionsOf(settings: ConnectionSettings, backoff: Backoff, index: number): ConnectionOptions {
  return {
    servers: [...settings.servers],
    name: `${settings.name}-${index}`,
    authenticator: settings.authenticator,
    ...(settings.tls === undefined ? {} : { tls: settings.tls }),
    ...foreverAgain(backoff),
  }
}

/** From 2.12 on nats-server tells a connection its account. In another one it hears nothing, and nobody says why. */
function elsewhere({ info }: NatsConnection, account: string): string | undefined {
  const found: unknown = info !== undefined && 'remote_account' in info ? info.remote_account : undefined
  if (typeof found !== 'string' || found === account) return undefined
  return `it is in the account ${found}, but logins are asked about in ${account}`
}
