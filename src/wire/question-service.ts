/**
 * Questions over NATS: a micro service (ADR-32) with an endpoint for each, in one queue group so that replicas share them. Who may ask
 * is for the permissions of its account to say: nothing on the wire proves a caller.
 * Reconnects for ever; a subscription that the server refuses is tried again after a while.
 */
import {
  connect,
  DebugEvents,
  Events,
  type Authenticator,
  type ConnectionOptions,
  type NatsConnection,
  type Service,
  type ServiceMsg,
} from 'nats'
import { OUTCOMES, refusal, type Reply } from '../answers/outcome.ts'
import type { TakeQuestion } from '../answers/incoming.ts'
import { ASKS, type Ask } from '../answers/question.ts'
import { err, ok } from '../lib/result.ts'
import { createBackoff, foreverAgain, type Backoff } from './backoff.ts'
import type { ConnectionDeps } from './service-connections.ts'

export interface QuestionServiceSettings {
  readonly servers: readonly string[]
  /** Asked at each connect, so that rotated credentials are taken up. */
  readonly authenticator: Authenticator
  readonly tls?: ConnectionOptions['tls']
  /** Stands before the name of each question. */
  readonly subjectPrefix: string
  /** Semantic version, as the services API wants it. */
  readonly version: string
}

export interface QuestionServiceEvents {
  readonly take: TakeQuestion
  /** `problem` holds no secrets. */
  changed(state: 'connected' | 'disconnected' | 'failed', problem?: string): void
}

export interface QuestionService {
  readonly ready: boolean
  /** Takes no more questions, answers those it has, and closes. */
  stop(): Promise<void>
}

/** Of this account, shared or private, or of one that imports the service. */
const INBOX = /^(?:_INBOX[^.]*|_R_)\../
const NAME = 'nib'
const QUEUE = 'nib'
/** Of an answer with its headers. */
const HEADROOM_BYTES = 1024
/** The default of nats-server, until it has said its own. */
const USUAL_PAYLOAD = 1_048_576
const STOP_LIMIT_MS = 1_000

const DESCRIPTIONS: Readonly<Record<Ask, string>> = {
  'who-can': 'who may use the subjects of a pattern: {action, pattern, queue?}',
  'what-can': 'what a principal may do: {principal, claims?, groups?} or {token}',
  why: 'whether a principal may use a subject, and why: {principal, claims?, groups?, action, subject, queue?}',
  plan: 'what other documents would change: {candidate: [{file, text}]}',
  drift: 'where HTTP rights and NATS rights of a service differ: {}',
  review: 'access review of an account: {account}',
}

export function openQuestionService(
  settings: QuestionServiceSettings,
  events: QuestionServiceEvents,
  deps: ConnectionDeps,
): QuestionService {
  const backoff = createBackoff(deps.chance)
  let connection: NatsConnection | undefined
  let service: Service | undefined
  let isUp = false
  let stopping = false
  const underWay = new Set<Promise<void>>()

  async function answer(ask: Ask, message: ServiceMsg, nc: NatsConnection): Promise<void> {
    const reply = await events.take({
      ask,
      via: 'nats',
      body: (maxBytes) => Promise.resolve(message.data.length > maxBytes ? err(tooLarge(maxBytes)) : ok(message.data)),
      isGone: () => nc.isClosed(),
    })
    if (!nc.isClosed()) respond(message, reply, nc)
  }

  function receive(ask: Ask, message: ServiceMsg, nc: NatsConnection): void {
    // Nobody would hear the answer, or somebody who did not ask: whoever asks must not make the bridge publish elsewhere.
    if (!INBOX.test(message.reply ?? '')) return
    const answering = answer(ask, message, nc).finally(() => underWay.delete(answering))
    underWay.add(answering)
  }

  async function serve(nc: NatsConnection): Promise<void> {
    const added = await nc.services.add({
      name: NAME,
      version: settings.version,
      description: 'who may do what on this NATS: answers of the identity bridge',
      queue: QUEUE,
    })
    service = added
    for (const ask of ASKS) {
      added.addEndpoint(ask, {
        subject: `${settings.subjectPrefix}.${ask}`,
        metadata: { description: DESCRIPTIONS[ask], format: 'application/json' },
        handler: (problem, message) => {
          if (problem === null) receive(ask, message, nc)
        },
      })
    }
    // The server's answer to the ping comes after its word on the subscriptions.
    await nc.flush()
    if (added.isStopped || stopping) return
    backoff.reset()
    isUp = true
    events.changed('connected')
  }

  async function watch(nc: NatsConnection): Promise<void> {
    for await (const { type } of nc.status()) {
      if (type === Events.Disconnect || type === Events.Reconnect) {
        isUp = type === Events.Reconnect
        events.changed(isUp ? 'connected' : 'disconnected')
      } else if (type === DebugEvents.Reconnecting) backoff.advance()
    }
  }

  async function run(): Promise<void> {
    while (!stopping) {
      try {
        const nc = await connect(optionsOf(settings, backoff))
        connection = nc
        void watch(nc)
        if (!stopping) await serve(nc)
        const problem = await Promise.race([nc.closed(), service?.stopped])
        isUp = false
        if (!stopping) events.changed('failed', problem instanceof Error ? problem.message : 'the connection ended')
        if (!stopping) await nc.close()
      } catch (problem) {
        isUp = false
        if (!stopping) events.changed('failed', problem instanceof Error ? problem.message : 'unknown')
      }
      if (stopping) return
      const wait = backoff.wait()
      backoff.advance()
      await deps.sleep(wait)
    }
  }

  void run()
  const within = (step: Promise<unknown> | undefined): Promise<unknown> =>
    Promise.race([Promise.resolve(step).catch(() => undefined), deps.sleep(STOP_LIMIT_MS)])
  return {
    get ready() {
      return isUp && !stopping
    },
    async stop() {
      const wasUp = isUp
      stopping = true
      // A server that is gone delivers nothing more, and a drain would wait for its answer.
      if (wasUp) {
        await within(service?.stop())
        await within(Promise.allSettled(underWay))
        await within(connection?.flush())
      }
      await within(connection?.close())
    },
  }
}

function respond(message: ServiceMsg, reply: Reply, nc: NatsConnection): void {
  const room = (nc.info?.max_payload ?? USUAL_PAYLOAD) - HEADROOM_BYTES
  const { outcome, text, message: said = '' } = reply.text.length > room ? answerTooLarge(room) : reply
  if (outcome === 'answered') message.respond(text)
  // A header is one line of visible characters.
  else message.respondError(OUTCOMES[outcome], said.replaceAll(/[^ -~]/g, '?'), text)
}

function tooLarge(maxBytes: number): Reply {
  const message = `the question has more than ${maxBytes} bytes`
  return refusal('too-large', { code: 'too-large', message, hint: 'ask the policy files: --policies' })
}

function answerTooLarge(room: number): Reply {
  const message = `the answer has more than the ${room} bytes that this server carries in one message`
  return refusal('too-large', { code: 'answer-too-large', message, hint: 'ask over HTTP, or something narrower' })
}

function optionsOf({ servers, authenticator, tls }: QuestionServiceSettings, backoff: Backoff): ConnectionOptions {
  return {
    servers: [...servers],
    name: 'nib-questions',
    authenticator,
    ...(tls === undefined ? {} : { tls }),
    ...foreverAgain(backoff),
  }
}
