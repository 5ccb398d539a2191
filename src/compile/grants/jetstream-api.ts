/**
 * JetStream in subjects: what a client publishes to have a thing done. Pure. test/recording holds these forms against real clients.
 * A filter in a subject (`DIRECT.GET`, `CONSUMER.CREATE` with a name) binds the server; a request without one can ask for anything.
 */
import type { Effect } from '../../policy/model.ts'
import type { Pattern } from '../../subject/index.ts'
import type { Mistake } from '../mistake.ts'
import { quote, spellPath, type Path } from '../../lib/spell.ts'

/** Requests of one API, `STREAM.INFO.ORDERS`, as the subjects that they are sent to. */
export type Api = (...requests: readonly string[]) => string[]

/**
 * The API of a domain, or of the server that the client is connected to. In a DENY the API of every domain: servers of a domain
 * check its requests under `$JS.API`, wherever the client sent them.
 */
export function jetStreamApi(effect: Effect, domain?: string): Api {
  const prefixes =
    effect === 'deny' ? ['$JS.API', '$JS.*.API'] : [domain === undefined ? '$JS.API' : `$JS.${domain}.API`]
  return (...requests) => prefixes.flatMap((prefix) => requests.map((request) => `${prefix}.${request}`))
}

/** Numbers of the account, without a name in them; clients ask for them before anything else. */
export const ACCOUNT_INFO = 'INFO'
/** The names of all streams of the account. */
export const STREAM_NAMES = 'STREAM.NAMES'

/** Configuration, numbers, and the names of the subjects in it. */
export function streamInfo(stream: string): string {
  return `STREAM.INFO.${stream}`
}

/** The last message of a subject, where the stream allows direct access. */
export function directGet(stream: string, subject: string): string {
  return `DIRECT.GET.${stream}.${subject}`
}

/** Any message, by number or subject, in either way that streams offer. */
export function getAnything(stream: string): string[] {
  return [`DIRECT.GET.${stream}`, `DIRECT.GET.${stream}.>`, getMessage(stream)]
}

/** Any message, in the way that every stream offers. */
export function getMessage(stream: string): string {
  return `STREAM.MSG.GET.${stream}`
}

/**
 * Every way to messages of a stream that is not a consumer, for a DENY: a change can have them sent elsewhere. What another
 * stream copies out of this one is not here.
 */
export function readWithoutConsumer(stream: string): string[] {
  return [...getAnything(stream), `STREAM.SNAPSHOT.${stream}`, `STREAM.UPDATE.${stream}`]
}

/** Configuration and numbers of a consumer. */
export function consumerInfo(stream: string, consumer: string): string {
  return `CONSUMER.INFO.${stream}.${consumer}`
}

/** Fetch from a pull consumer. */
export function nextMessage(stream: string, consumer: string): string {
  return `CONSUMER.MSG.NEXT.${stream}.${consumer}`
}

/** With one filter, which the server compares with the request's. */
export function createFiltered(stream: string, consumer: string, filter: string): string {
  return `CONSUMER.CREATE.${stream}.${consumer}.${filter}`
}

/** With any filter or none. */
export function createNamed(stream: string, consumer: string): string[] {
  return [`CONSUMER.CREATE.${stream}.${consumer}`, `CONSUMER.CREATE.${stream}.${consumer}.>`]
}

/** As {@link createNamed}, and in the form for several filters, which is that of old clients. */
export function createUnfiltered(stream: string, consumer: string): string[] {
  return [...createNamed(stream, consumer), `CONSUMER.DURABLE.CREATE.${stream}.${consumer}`]
}

/** Without a name in the subject: the server finds one, or takes that of the request. */
export function createUnnamed(stream: string): string {
  return `CONSUMER.CREATE.${stream}`
}

export function deleteConsumer(stream: string, consumer: string): string {
  return `CONSUMER.DELETE.${stream}.${consumer}`
}

export function listConsumers(stream: string): string[] {
  return [`CONSUMER.LIST.${stream}`, `CONSUMER.NAMES.${stream}`]
}

/** Everything that concerns one consumer (`*`: all of them), for a DENY. */
export function touchConsumer(stream: string, consumer: string): string[] {
  const verbs = ['INFO', 'DELETE', 'PAUSE', 'UNPIN', 'RESET', 'MSG.NEXT', 'LEADER.STEPDOWN']
  return [
    ...verbs.map((verb) => `CONSUMER.${verb}.${stream}.${consumer}`),
    ...createUnfiltered(stream, consumer),
    createUnnamed(stream),
  ]
}

export function purge(stream: string): string {
  return `STREAM.PURGE.${stream}`
}

export function deleteMessage(stream: string): string {
  return `STREAM.MSG.DELETE.${stream}`
}

export function manageStream(stream: string): string[] {
  return ['CREATE', 'UPDATE', 'DELETE', 'PURGE'].map((verb) => `STREAM.${verb}.${stream}`)
}

/** What changes a stream or takes messages out of it, for a DENY. */
export function touchStream(stream: string): string[] {
  const verbs = ['SNAPSHOT', 'RESTORE', 'LEADER.STEPDOWN', 'PEER.REMOVE']
  return [...manageStream(stream), deleteMessage(stream), ...verbs.map((verb) => `STREAM.${verb}.${stream}`)]
}

/** Ack, nak, term and progress of the messages of one consumer (`*`: of all). */
export function acks(stream: string, consumer: string): string {
  return `$JS.ACK.${stream}.${consumer}.>`
}

/** As {@link acks}, with what servers send that have the feature flag js_ack_fc_v2: domain and account come first. For a DENY. */
export function everyAck(stream: string, consumer: string): string[] {
  return [acks(stream, consumer), `$JS.ACK.*.*.${stream}.${consumer}.>`]
}

/** Push consumers wait for the answer to these. */
export function flowControl(stream: string, consumer: string): string {
  return `$JS.FC.${stream}.${consumer}.>`
}

/**
 * A request is a literal subject, and `>` is a literal token of it: under an allow of `….cart.*` a client may send `….cart.>`,
 * which JetStream reads as everything below. No deny can tell the two apart.
 */
export function wildcardThatWidens(pattern: Pattern, path: Path): Mistake[] {
  if (pattern.tokens.at(-1) !== '*') return []
  const wider = [...pattern.tokens.slice(0, -1), '>'].join('.')
  const message = `${spellPath(path)} ${quote(pattern.text)} ends in *, which JetStream would let widen to ${quote(wider)}`
  const hint = `write ${quote(wider)} if all of that may be read (clients may then use * too), or name what may be read`
  return [{ code: 'wildcard-widens', message, hint, path }]
}
