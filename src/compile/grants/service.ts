/** `service`: host a NATS micro service, find services, call them. Pure. ADR-32 has the subjects of discovery. */
import { z } from 'zod'
import type { Effect } from '../../policy/model.ts'
import { durationMs } from '../values/duration.ts'
import type { Mistake } from '../mistake.ts'
import { spellPath } from '../../lib/spell.ts'
import { patterns, queues } from '../values/pattern.ts'
import { ANY_NAME, knownService, serviceName } from '../values/resource-names.ts'
import { checkResource, grantsOf, saysNothing, type At, type Draft, type Resource } from './resource.ts'
import { DEFAULT_MAX_REPLIES, DEFAULT_REPLY_WITHIN_MS, maxReplies } from './respond.ts'
import { defineVerb } from './verb.ts'

const VERBS = ['PING', 'INFO', 'STATS'] as const

const host = z
  .strictObject({
    name: serviceName.describe('name under which the service is found'),
    endpoints: patterns.describe('subjects of its endpoints, groups included'),
    queue: queues
      .optional()
      .describe('queue groups of the endpoints: only as a member of one of them; clients use "q"'),
    maxReplies: maxReplies.optional().describe('replies to one request; -1 is no limit; default 1'),
    replyWithin: durationMs.optional().describe('how long after the request a reply may be sent; default 2m'),
  })
  .describe('answer at the endpoints of a service, and be found')

const schema = z
  .strictObject({
    host: host.optional(),
    discover: z
      .array(knownService)
      .min(1)
      .optional()
      .describe('services to ping and to ask for info and statistics; "*" is every service'),
    call: patterns.optional().describe('endpoints to send requests to'),
  })
  .describe('NATS micro services')

type Fields = z.output<typeof schema>

const resource: Resource<Fields> = { schema, mistakes, drafts }

export const service = defineVerb({
  verb: 'service',
  shape: { service: schema.optional() },
  written: [
    ['service', 'host', 'endpoints', '*'],
    ['service', 'call', '*'],
  ],
  check: (written, path, effect) => checkResource(resource, 'service', written, path, effect),
  translate: (fields, effect) => (fields.service === undefined ? [] : grantsOf(drafts(fields.service, effect))),
})

function drafts({ host, discover, call }: Fields, effect: Effect): Draft[] {
  const asked = (discover ?? []).flatMap((name) => (effect === 'deny' ? ['$SRV.>'] : askedFor(name)))
  return [
    ...(host === undefined ? [] : effect === 'deny' ? denied(host) : hosted(host)),
    { verb: 'request', subjects: asked },
    { verb: 'request', subjects: (call ?? []).map(({ text }) => text) },
  ]
}

function hosted({ name, endpoints, queue, maxReplies, replyWithin }: z.output<typeof host>): Draft[] {
  const replies = {
    maxReplies: maxReplies ?? DEFAULT_MAX_REPLIES,
    replyWithinMs: replyWithin ?? DEFAULT_REPLY_WITHIN_MS,
  }
  const subjects = endpoints.map(({ text }) => text)
  return [
    { verb: 'respond', subjects, queues: queue, ...replies },
    // Every instance answers for itself, so without a queue.
    { verb: 'respond', subjects: VERBS.flatMap((verb) => [`$SRV.${verb}`, ...askedOf(verb, name)]), ...replies },
  ]
}

/** The calls to all services stay open: the principal may host another one. */
function denied({ name, endpoints }: z.output<typeof host>): Draft[] {
  const found = VERBS.flatMap((verb) => [`$SRV.${verb}.${name}`, `$SRV.${verb}.${name}.>`])
  return [{ verb: 'subscribe', subjects: [...endpoints.map(({ text }) => text), ...found] }]
}

function askedFor(name: string): string[] {
  return VERBS.flatMap((verb) => (name === ANY_NAME ? [`$SRV.${verb}`, `$SRV.${verb}.>`] : askedOf(verb, name)))
}

/** By name, and by name and the random id of an instance. */
function askedOf(verb: (typeof VERBS)[number], name: string): string[] {
  return [`$SRV.${verb}.${name}`, `$SRV.${verb}.${name}.*`]
}

function mistakes({ host, discover, call }: Fields, effect: Effect, at: At): Mistake[] {
  if (host === undefined && discover === undefined && call === undefined)
    return [saysNothing(at, 'host, discover or call')]
  if (effect === 'allow') return []
  return (discover ?? []).flatMap((name, index) => {
    if (name === ANY_NAME) return []
    const message = `${spellPath(at('discover', index))} names a service, expected "*": whoever asks all services hears of this one too`
    return [
      { code: 'deny-of-part', message, hint: 'grant discover only for what may be found', path: at('discover', index) },
    ]
  })
}
