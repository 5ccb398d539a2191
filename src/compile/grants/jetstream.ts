/** `jetstream`: publish to a stream, read it through a consumer or by subject, look after it. Pure. docs/grants.md has the subjects. */
import { z } from 'zod'
import type { Effect } from '../../policy/model.ts'
import { consumerName, domainName, streamName } from '../values/resource-names.ts'
import { pattern, patterns, queues } from '../values/pattern.ts'
import { consumeDrafts } from './jetstream-consume.ts'
import { jetstreamMistakes } from './jetstream-mistakes.ts'
import {
  ACCOUNT_INFO,
  deleteMessage,
  directGet,
  getAnything,
  jetStreamApi,
  manageStream,
  readWithoutConsumer,
  STREAM_NAMES,
  streamInfo,
  touchStream,
} from './jetstream-api.ts'
import { checkResource, grantsOf, type Draft, type Resource } from './resource.ts'
import { defineVerb } from './verb.ts'

const consume = z
  .strictObject({
    consumer: consumerName
      .optional()
      .describe(
        'name of the consumer: one that is there already, or with create: true an own one; "*" (every one) needs wholeStream',
      ),
    create: z
      .boolean()
      .optional()
      .describe('may also create, change and delete this consumer; needs filter, or wholeStream'),
    ordered: z
      .boolean()
      .optional()
      .describe(
        'ordered push consumers, whose names are random; needs filter, or wholeStream, which allows ordered pull consumers too',
      ),
    filter: pattern
      .optional()
      .describe(
        'the one filter that consumers created under this grant have; may not end in *, as JetStream would let that widen to >',
      ),
    push: z.boolean().optional().describe('a push consumer: delivered to the own inbox, or to deliver'),
    deliver: pattern.optional().describe('subject that the push consumer delivers to'),
    queue: queues.optional().describe('deliver groups: subscribe to deliver only as a member of one of them'),
  })
  .describe('read the stream through a consumer; in a DENY only consumer is given, "*" for every way to read')

const schema = z
  .strictObject({
    stream: streamName,
    domain: domainName.optional(),
    publish: patterns.optional().describe('subjects to publish to, with the acknowledgement of the stream'),
    consume: consume.optional(),
    read: patterns.optional().describe('subjects whose last message may be fetched, from a stream with direct access'),
    admin: z
      .boolean()
      .optional()
      .describe(
        'create, change, purge and delete the stream; whoever configures a stream can copy any subject of the account into it',
      ),
    wholeStream: z
      .boolean()
      .optional()
      .describe('consume and read may reach every message: needed for what subjects cannot scope'),
    streamNames: z
      .boolean()
      .optional()
      .describe(
        'may ask which stream has a subject, and so see the names of all streams: old clients do unless told the stream',
      ),
  })
  .describe('a JetStream stream, and what is done with it')

export type JetStreamFields = z.output<typeof schema>

const resource: Resource<JetStreamFields> = { schema, mistakes: jetstreamMistakes, drafts }

export const jetstream = defineVerb({
  verb: 'jetstream',
  shape: { jetstream: schema.optional() },
  written: [
    ['jetstream', 'publish', '*'],
    ['jetstream', 'consume', 'deliver'],
  ],
  check: (written, path, effect) => checkResource(resource, 'jetstream', written, path, effect),
  translate: (fields, effect) => (fields.jetstream === undefined ? [] : grantsOf(drafts(fields.jetstream, effect))),
})

function drafts(fields: JetStreamFields, effect: Effect): Draft[] {
  const { stream, domain } = fields
  const api = jetStreamApi(effect, domain)
  const published: Draft = { verb: 'request', subjects: (fields.publish ?? []).map(({ text }) => text) }
  return [
    published,
    { verb: 'request', subjects: api(...requestsOf(fields, effect)) },
    ...(fields.consume === undefined
      ? []
      : consumeDrafts(fields.consume, { stream, api, effect, wholeStream: fields.wholeStream === true })),
  ]
}

function requestsOf(
  { stream, consume, read, admin, wholeStream, streamNames }: JetStreamFields,
  effect: Effect,
): string[] {
  const names = streamNames === true ? [STREAM_NAMES] : []
  if (effect === 'deny') {
    return [
      ...names,
      ...(read === undefined ? [] : readWithoutConsumer(stream)),
      ...(admin === true ? touchStream(stream) : []),
    ]
  }
  const asks = consume !== undefined || read !== undefined || admin === true
  return [
    ...names,
    ...(asks ? [ACCOUNT_INFO, streamInfo(stream)] : []),
    ...(read ?? []).map(({ text }) => directGet(stream, text)),
    ...(read !== undefined && wholeStream === true ? getAnything(stream) : []),
    ...(admin === true ? [...manageStream(stream), deleteMessage(stream)] : []),
  ]
}
