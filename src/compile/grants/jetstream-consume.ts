/** What `jetstream.consume` means in subjects: which consumers may be used, created, acknowledged, and where they deliver. Pure. */
import type { Effect } from '../../policy/model.ts'
import type { Pattern } from '../../subject/index.ts'
import { ANY_NAME } from '../values/resource-names.ts'
import {
  acks,
  consumerInfo,
  createFiltered,
  createNamed,
  createUnfiltered,
  createUnnamed,
  deleteConsumer,
  everyAck,
  flowControl,
  listConsumers,
  nextMessage,
  readWithoutConsumer,
  touchConsumer,
  type Api,
} from './jetstream-api.ts'
import type { Draft } from './resource.ts'

export interface ConsumeFields {
  readonly consumer?: string | undefined
  readonly create?: boolean | undefined
  readonly ordered?: boolean | undefined
  readonly filter?: Pattern | undefined
  readonly push?: boolean | undefined
  readonly deliver?: Pattern | undefined
  readonly queue?: readonly Pattern[] | undefined
}

export interface ConsumedStream {
  readonly stream: string
  readonly api: Api
  readonly effect: Effect
  readonly wholeStream: boolean
}

export function consumeDrafts(consume: ConsumeFields, of: ConsumedStream): Draft[] {
  if (of.effect === 'deny') return denied(consume.consumer ?? ANY_NAME, of)
  if (consume.ordered === true) return ordered(consume.filter, of)
  return named(consume.consumer ?? ANY_NAME, consume, of)
}

/** Every way to read the stream when every consumer is meant: a message can be had without one. */
function denied(consumer: string, { stream, api }: ConsumedStream): Draft[] {
  const alone = consumer === ANY_NAME ? readWithoutConsumer(stream) : []
  return [
    { verb: 'request', subjects: api(...touchConsumer(stream, consumer), ...alone) },
    { verb: 'publish', subjects: everyAck(stream, consumer) },
  ]
}

function named(consumer: string, consume: ConsumeFields, { stream, api, wholeStream }: ConsumedStream): Draft[] {
  const requests = [consumerInfo(stream, consumer)]
  if (consume.push !== true) requests.push(nextMessage(stream, consumer))
  if (consume.create === true) {
    requests.push(deleteConsumer(stream, consumer))
    if (wholeStream) requests.push(...createUnfiltered(stream, consumer))
    else if (consume.filter !== undefined) requests.push(createFiltered(stream, consumer, consume.filter.text))
  }
  if (consumer === ANY_NAME) requests.push(...listConsumers(stream), createUnnamed(stream))
  // Members of a group are not asked for flow control.
  const flow = consume.push === true && consume.queue === undefined ? [flowControl(stream, consumer)] : []
  const drafts: Draft[] = [
    { verb: 'request', subjects: api(...requests) },
    { verb: 'publish', subjects: [acks(stream, consumer), ...flow] },
  ]
  if (consume.deliver !== undefined) {
    drafts.push({ verb: 'subscribe', subjects: [consume.deliver.text], queues: consume.queue })
  }
  return drafts
}

/**
 * Names are random, so the place of the name is open. Pushed to the own inbox: fetching from a random name would be fetching
 * from whatever consumer the stream has, which only `wholeStream` allows.
 */
function ordered(filter: Pattern | undefined, { stream, api, wholeStream }: ConsumedStream): Draft[] {
  const requests = [consumerInfo(stream, ANY_NAME)]
  if (filter !== undefined) requests.push(createFiltered(stream, ANY_NAME, filter.text))
  if (wholeStream) {
    requests.push(nextMessage(stream, ANY_NAME), createUnnamed(stream), ...createNamed(stream, ANY_NAME))
  }
  return [
    { verb: 'request', subjects: api(...requests) },
    { verb: 'publish', subjects: [flowControl(stream, ANY_NAME)] },
  ]
}
