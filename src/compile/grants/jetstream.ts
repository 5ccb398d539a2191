/** `jetstream`: publish to a stream, read it through a consumer or by subject, look after it. Pure. docs/grants.md has the subjects. */
import type { Effect } from '../../policy/model.ts'
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
import { jetstreamSchema, type JetStreamFields } from './jetstream-schema.ts'
import { checkResource, grantsOf, type Draft, type Resource } from './resource.ts'
import { defineVerb } from './verb.ts'

const resource: Resource<JetStreamFields> = { schema: jetstreamSchema, mistakes: jetstreamMistakes, drafts }

export const jetstream = defineVerb({
  verb: 'jetstream',
  shape: { jetstream: jetstreamSchema.optional() },
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
