/**
 * `objectStore`: read, write, look after an object store, whole: its clients fetch descriptions with requests that can name
 * anything in the store, and the parts of an object under names that nobody knows before. Pure.
 */
import { z } from 'zod'
import type { Effect } from '../../policy/model.ts'
import type { Mistake } from '../mistake.ts'
import { spellPath } from '../../lib/spell.ts'
import { ANY_NAME, domainName, storeName } from '../values/resource-names.ts'
import {
  ACCOUNT_INFO,
  createFiltered,
  createUnnamed,
  deleteMessage,
  directGet,
  flowControl,
  getMessage,
  jetStreamApi,
  manageStream,
  purge,
  readWithoutConsumer,
  STREAM_NAMES,
  streamInfo,
  touchConsumer,
  touchStream,
} from './jetstream-api.ts'
import { checkResource, grantsOf, saysNothing, type At, type Draft, type Resource } from './resource.ts'
import { defineVerb } from './verb.ts'

const schema = z
  .strictObject({
    store: storeName,
    domain: domainName.optional(),
    read: z.boolean().optional().describe('get, list and watch all objects of the store'),
    write: z
      .boolean()
      .optional()
      .describe('put, link, change and delete any object of the store; clients look first, so it needs read: true'),
    admin: z
      .boolean()
      .optional()
      .describe('create, seal and destroy the store; whoever does can copy any subject of the account into it'),
    streamNames: z
      .boolean()
      .optional()
      .describe(
        'may ask which stream has a subject, and so see the names of all streams: nats 2.x does to get, list and watch',
      ),
  })
  .describe('an object store, and what is done with it')

type Fields = z.output<typeof schema>

const resource: Resource<Fields> = { schema, mistakes, drafts }

export const objectStore = defineVerb({
  verb: 'objectStore',
  shape: { objectStore: schema.optional() },
  written: [],
  check: (written, path, effect) => checkResource(resource, 'objectStore', written, path, effect),
  translate: (fields, effect) => (fields.objectStore === undefined ? [] : grantsOf(drafts(fields.objectStore, effect))),
})

function drafts(fields: Fields, effect: Effect): Draft[] {
  return effect === 'deny' ? denied(fields) : allowed(fields)
}

function allowed({ store, domain, read, write, admin, streamNames }: Fields): Draft[] {
  const stream = `OBJ_${store}`
  const requests = [
    ACCOUNT_INFO,
    streamInfo(stream),
    ...(streamNames === true ? [STREAM_NAMES] : []),
    ...(read === true
      ? [
          getMessage(stream),
          directGet(stream, `$O.${store}.M.>`),
          createUnnamed(stream),
          createFiltered(stream, ANY_NAME, `$O.${store}.>`),
        ]
      : []),
    // The parts of what was overwritten or deleted are purged.
    ...(write === true ? [purge(stream)] : []),
    ...(admin === true ? manageStream(stream) : []),
  ]
  return [
    { verb: 'request', subjects: jetStreamApi('allow', domain)(...requests) },
    { verb: 'request', subjects: write === true ? [`$O.${store}.C.>`, `$O.${store}.M.>`] : [] },
    { verb: 'publish', subjects: read === true ? [flowControl(stream, ANY_NAME)] : [] },
  ]
}

function denied({ store, read, write, admin, streamNames }: Fields): Draft[] {
  const stream = `OBJ_${store}`
  const requests = [
    ...(streamNames === true ? [STREAM_NAMES] : []),
    ...(read === true ? [...readWithoutConsumer(stream), ...touchConsumer(stream, ANY_NAME)] : []),
    ...(write === true ? [purge(stream), deleteMessage(stream)] : []),
    ...(admin === true ? touchStream(stream) : []),
  ]
  return [
    { verb: 'request', subjects: jetStreamApi('deny')(...requests) },
    { verb: 'publish', subjects: write === true ? [`$O.${store}.>`] : [] },
    { verb: 'subscribe', subjects: read === true ? [`$O.${store}.>`] : [] },
  ]
}

function mistakes({ read, write, admin, streamNames }: Fields, effect: Effect, at: At): Mistake[] {
  if (read !== true && write !== true && admin !== true && streamNames !== true)
    return [saysNothing(at, 'read, write or admin')]
  if (effect === 'deny' || write !== true || read === true) return []
  const message = `${spellPath(at('write'))} without read: true, but clients look an object up before they write it`
  return [{ code: 'write-without-read', message, hint: 'say read: true as well', path: at('write') }]
}
