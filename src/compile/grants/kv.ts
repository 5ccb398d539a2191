/** `kv`: keys of a key-value bucket to read, watch and write; the bucket to look after. Pure. docs/grants.md has the subjects. */
import { z } from 'zod'
import type { Effect } from '../../policy/model.ts'
import type { Pattern } from '../../subject/index.ts'
import type { Mistake } from '../mistake.ts'
import { quote, spellPath } from '../../lib/spell.ts'
import { ANY_NAME, bucketName, domainName, keys } from '../values/resource-names.ts'
import {
  ACCOUNT_INFO,
  consumerInfo,
  deleteMessage,
  createFiltered,
  createUnnamed,
  directGet,
  flowControl,
  getAnything,
  jetStreamApi,
  manageStream,
  purge,
  readWithoutConsumer,
  streamInfo,
  touchConsumer,
  touchStream,
  wildcardThatWidens,
} from './jetstream-api.ts'
import { checkResource, grantsOf, misplaced, saysNothing, type At, type Draft, type Resource } from './resource.ts'
import { defineVerb } from './verb.ts'
import { contradictsWhole, denyOfPart, wholeInDeny } from './whole.ts'

const schema = z
  .strictObject({
    bucket: bucketName,
    domain: domainName.optional(),
    read: keys.optional().describe('keys to get, from a bucket with direct access; a pattern may not end in *'),
    watch: keys.optional().describe('keys to watch and list, and their history; a pattern may not end in *'),
    write: keys.optional().describe('keys to put, create, update, delete and purge'),
    admin: z
      .boolean()
      .optional()
      .describe('create, change and destroy the bucket; whoever does can copy any subject of the account into it'),
    wholeStream: z
      .boolean()
      .optional()
      .describe(
        'read and watch reach every key, old revisions, and buckets without direct access; they must be [">"] then',
      ),
  })
  .describe('a key-value bucket, and what is done with its keys')

type Fields = z.output<typeof schema>

const resource: Resource<Fields> = { schema, mistakes, drafts }

export const kv = defineVerb({
  verb: 'kv',
  shape: { kv: schema.optional() },
  written: [],
  check: (written, path, effect) => checkResource(resource, 'kv', written, path, effect),
  translate: (fields, effect) => (fields.kv === undefined ? [] : grantsOf(drafts(fields.kv, effect))),
})

function drafts(fields: Fields, effect: Effect): Draft[] {
  return effect === 'deny' ? denied(fields) : allowed(fields)
}

function allowed({ bucket, domain, read, watch, write, admin, wholeStream }: Fields): Draft[] {
  const stream = `KV_${bucket}`
  const whole = wholeStream === true
  const requests = [
    ACCOUNT_INFO,
    streamInfo(stream),
    ...(read ?? []).map((key) => directGet(stream, subjectOf(bucket, key))),
    ...(read !== undefined && whole ? getAnything(stream) : []),
    ...(watch === undefined ? [] : [consumerInfo(stream, ANY_NAME)]),
    ...(watch ?? []).map((key) => createFiltered(stream, ANY_NAME, subjectOf(bucket, key))),
    ...(watch !== undefined && whole ? [createUnnamed(stream)] : []),
    ...(admin === true ? manageStream(stream) : []),
  ]
  return [
    { verb: 'request', subjects: jetStreamApi('allow', domain)(...requests) },
    { verb: 'request', subjects: (write ?? []).map((key) => written(subjectOf(bucket, key), domain)) },
    { verb: 'publish', subjects: watch === undefined ? [] : [flowControl(stream, ANY_NAME)] },
  ]
}

/** Reading is denied in every way, as reading in one way is reading. */
function denied({ bucket, read, watch, write, admin }: Fields): Draft[] {
  const stream = `KV_${bucket}`
  const reads = read !== undefined || watch !== undefined
  const requests = [
    ...(reads ? [...readWithoutConsumer(stream), ...touchConsumer(stream, ANY_NAME)] : []),
    ...(write === undefined ? [] : [purge(stream), deleteMessage(stream)]),
    ...(admin === true ? touchStream(stream) : []),
  ]
  const writes = (write ?? []).map((key) => subjectOf(bucket, key))
  return [
    { verb: 'request', subjects: jetStreamApi('deny')(...requests) },
    { verb: 'publish', subjects: writes.flatMap((subject) => [subject, written(subject, ANY_NAME)]) },
    // A put is a message on the key's subject, that a plain subscription receives.
    { verb: 'subscribe', subjects: reads ? [subjectOf(bucket, { text: '>' })] : [] },
  ]
}

function subjectOf(bucket: string, { text }: Pick<Pattern, 'text'>): string {
  return `$KV.${bucket}.${text}`
}

/** Clients write to another domain through its API prefix. */
function written(subject: string, domain: string | undefined): string {
  return domain === undefined ? subject : `$JS.${domain}.API.${subject}`
}

function mistakes({ bucket, read, watch, write, admin, wholeStream }: Fields, effect: Effect, at: At): Mistake[] {
  const found = bucketPrefix(bucket, at)
  if (read === undefined && watch === undefined && write === undefined && admin !== true) {
    found.push(saysNothing(at, 'read, watch, write or admin'))
  }
  if (effect === 'deny') {
    const parts = [...denyOfPart(read, at, 'read', 'keys'), ...denyOfPart(watch, at, 'watch', 'keys')]
    return [...found, ...parts, ...wholeInDeny(wholeStream, at, 'wholeStream')]
  }
  if (wholeStream === true) {
    const contradictions = [
      ...contradictsWhole(read, at, 'read', 'wholeStream'),
      ...contradictsWhole(watch, at, 'watch', 'wholeStream'),
    ]
    const alone = read === undefined && watch === undefined
    return [
      ...found,
      ...contradictions,
      ...(alone ? [misplaced(at('wholeStream'), 'goes with read or watch only')] : []),
    ]
  }
  return [
    ...found,
    ...(read ?? []).flatMap((key, index) => wildcardThatWidens(key, at('read', index))),
    ...(watch ?? []).flatMap((key, index) => wildcardThatWidens(key, at('watch', index))),
  ]
}

function bucketPrefix(bucket: string, at: At): Mistake[] {
  if (!bucket.startsWith('KV_')) return []
  const message = `${spellPath(at('bucket'))} is ${quote(bucket)}, which is the bucket behind the stream "KV_${bucket}"`
  const hint = `leave out KV_ if the stream is ${quote(bucket)}`
  return [{ severity: 'warning', code: 'bucket-prefix', message, hint, path: at('bucket') }]
}
