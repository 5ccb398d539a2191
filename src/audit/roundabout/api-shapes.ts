/**
 * The subjects of the JetStream API by which somebody reads or writes other subjects, and where in them stream, consumer and filter
 * stand. Pure. After server/jetstream_api.go of 2.15.1; test/audit/roundabout holds them against a real server.
 */
import type { Pattern } from '../../subject/index.ts'
import { writtenPattern } from './written-pattern.ts'

export type ApiVerb =
  | 'direct-get'
  | 'direct-get-subject'
  | 'message-get'
  | 'create-unnamed'
  | 'create-named'
  | 'create-filtered'
  | 'create-durable'
  | 'consumer-delete'
  | 'next'
  | 'ack'
  | 'stream-create'
  | 'stream-update'
  | 'stream-delete'
  | 'stream-restore'
  | 'restore-upload'
  | 'stream-snapshot'
  | 'answered'
  | 'whole'

export interface ApiShape {
  readonly verb: ApiVerb
  /** Every subject of this form, in the API of the server that the client is connected to. */
  readonly pattern: Pattern
  /** The same in the API of another domain; not for what is no request. */
  readonly inDomain?: Pattern
  /** Position of the name of the stream; that of the consumer follows, where there is one. */
  readonly stream?: number
  readonly hasConsumer: boolean
  /** Position where a filter begins that the server holds the request to. */
  readonly filter?: number
}

const API = '$JS.API'

export const API_SHAPES: readonly ApiShape[] = [
  request('direct-get', 'DIRECT.GET', { names: 1 }),
  request('direct-get-subject', 'DIRECT.GET', { names: 1, filter: true }),
  request('message-get', 'STREAM.MSG.GET', { names: 1 }),
  request('create-unnamed', 'CONSUMER.CREATE', { names: 1 }),
  request('create-named', 'CONSUMER.CREATE', { names: 2 }),
  request('create-filtered', 'CONSUMER.CREATE', { names: 2, filter: true }),
  request('create-durable', 'CONSUMER.DURABLE.CREATE', { names: 2 }),
  request('consumer-delete', 'CONSUMER.DELETE', { names: 2 }),
  request('next', 'CONSUMER.MSG.NEXT', { names: 2 }),
  request('stream-create', 'STREAM.CREATE', { names: 1 }),
  request('stream-update', 'STREAM.UPDATE', { names: 1 }),
  request('stream-delete', 'STREAM.DELETE', { names: 1 }),
  request('stream-restore', 'STREAM.RESTORE', { names: 1 }),
  request('stream-snapshot', 'STREAM.SNAPSHOT', { names: 1 }),
  // An acknowledgement may ask for the next message, as a fetch does.
  { verb: 'ack', pattern: writtenPattern('$JS.ACK.*.*.*.*.*.*.*'), stream: 2, hasConsumer: true },
  { verb: 'restore-upload', pattern: writtenPattern('$JS.SNAPSHOT.RESTORE.*.*'), stream: 3, hasConsumer: false },
  // The rest of what is answered, to whatever reply subject the request names.
  ...['INFO', 'STREAM.NAMES', 'STREAM.LIST'].map((words) => request('answered', words, { names: 0 })),
  ...['STREAM.INFO', 'STREAM.PURGE', 'STREAM.MSG.DELETE', 'CONSUMER.NAMES', 'CONSUMER.LIST'].map((words) =>
    request('answered', words, { names: 1 }),
  ),
  ...['CONSUMER.INFO', 'CONSUMER.PAUSE', 'CONSUMER.RESET', 'CONSUMER.UNPIN'].map((words) =>
    request('answered', words, { names: 2 }),
  ),
  { verb: 'whole', pattern: writtenPattern(`${API}.>`), inDomain: writtenPattern('$JS.*.API.>'), hasConsumer: false },
]

function request(verb: ApiVerb, words: string, { names, filter }: { names: 0 | 1 | 2; filter?: true }): ApiShape {
  const tail = [...Array.from({ length: names }, () => '.*'), ...(filter ? ['.>'] : [])].join('')
  const stream = words.split('.').length + 2
  return {
    verb,
    pattern: writtenPattern(`${API}.${words}${tail}`),
    inDomain: writtenPattern(`$JS.*.API.${words}${tail}`),
    ...(names === 0 ? {} : { stream }),
    hasConsumer: names === 2,
    ...(filter ? { filter: stream + names } : {}),
  }
}
