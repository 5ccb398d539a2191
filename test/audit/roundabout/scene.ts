/**
 * What JetStream has in every world, what the topology says of it, and the doing of what a way says: with its own subjects, by whoever
 * it names, on the real server. Each attempt ends with the message where it should not be, or with the end of its time.
 */
import type { JetStreamManager, NatsConnection, StreamConfig } from 'nats'
import type { Way } from '../../../src/audit/roundabout/way.ts'
import type { TopologyText } from '../../../src/audit/topology.ts'

export const SECRET = 'secret.x'
export const COMMAND = 'admin.cmd'
/** Everybody may listen there. A push consumer delivers only to who subscribes to just that subject. */
export const EAR = 'ear.>'
const HEARD = 'ear.heard'
const BACKUP = 'ear.backup'
const REPUBLISHED = 'ear.republished'
const EARS = [HEARD, BACKUP, REPUBLISHED]
const MARK = 'the-secret'

const SUBJECTS = { SECRETS: ['secret.>'], OPEN: ['open.>'] }

export const STREAMS: NonNullable<TopologyText['accounts'][string]['streams']> = [
  {
    name: 'SECRETS',
    subjects: SUBJECTS.SECRETS,
    allowDirect: true,
    storage: 'file',
    consumers: [{ name: 'puller', durable: true }],
  },
  {
    name: 'OPEN',
    subjects: SUBJECTS.OPEN,
    allowDirect: true,
    storage: 'file',
    consumers: [{ name: 'fetched', durable: true }],
  },
]

export async function furnish(owner: NatsConnection): Promise<void> {
  const manager = await owner.jetstreamManager()
  await manager.streams.add({ name: 'SECRETS', subjects: SUBJECTS.SECRETS, allow_direct: true })
  await manager.streams.add({ name: 'OPEN', subjects: SUBJECTS.OPEN, allow_direct: true })
  await manager.consumers.add('SECRETS', { durable_name: 'puller', ack_policy: 'explicit' as never, mem_storage: true })
  await manager.consumers.add('OPEN', { durable_name: 'fetched', ack_policy: 'explicit' as never, mem_storage: true })
  for (const subject of ['open.hello', 'open.x', 'secret.y']) await owner.request(subject, 'hello')
  await owner.request(SECRET, MARK)
}

/** As {@link furnish} left it, whatever has been tried since. */
export async function tidy(owner: NatsConnection): Promise<void> {
  const manager = await owner.jetstreamManager()
  for await (const { config } of manager.streams.list()) await manager.streams.delete(config.name)
  await furnish(owner)
}

export interface Cast {
  readonly client: NatsConnection
  readonly owner: NatsConnection
  /** How long to wait for what may not come. */
  readonly patience?: number
}

/** Whether with each of its subjects the message of {@link SECRET} is heard by the client. */
export async function reads(way: Way, cast: Cast): Promise<boolean> {
  const { client, owner, patience = 3000 } = cast
  const uses = way.uses.filter((use) => !isDelete(use))
  for (const use of uses) {
    if (uses.length > 1) await tidy(owner)
    for (const before of way.uses.filter(isDelete)) client.publish(before)
    const places =
      way.kind === 'push-delivery' || way.kind === 'republish' || way.kind === 'account-import' ? [use] : EARS
    const isHeard = await hears(client, places, patience, async () => {
      if (places !== EARS) await owner.request(SECRET, MARK).catch(() => undefined)
      else await attemptRead(way, use, cast)
    })
    if (!isHeard) return false
  }
  return way.uses.length > 0
}

/** Whether something is heard on {@link COMMAND} that the client has put there. */
export async function writes(way: Way, cast: Cast): Promise<boolean> {
  const { client, owner, patience = 3000 } = cast
  const uses = way.uses.filter((use) => !isDelete(use))
  for (const use of uses) {
    if (uses.length > 1) await tidy(owner)
    for (const before of way.uses.filter(isDelete)) client.publish(before)
    const isHeard = await hears(
      owner,
      [COMMAND],
      patience,
      () => attemptWrite(way, use, cast),
      () => true,
    )
    if (!isHeard) return false
  }
  return way.uses.length > 0
}

function isDelete(use: string): boolean {
  return use.includes('.STREAM.DELETE.')
}

async function hears(
  listener: NatsConnection,
  places: readonly string[],
  patience: number,
  act: () => Promise<void>,
  isIt: (text: string, subject: string) => boolean = (text, subject) =>
    text.includes(MARK) || text.includes(Buffer.from(MARK).toString('base64')) || (subject === BACKUP && text !== ''),
): Promise<boolean> {
  let hear: (heard: boolean) => void = () => undefined
  const heard = new Promise<boolean>((resolve) => (hear = resolve))
  const subscriptions = places.map((place) =>
    listener.subscribe(place, {
      callback: (problem, message) => {
        if (problem === null && isIt(message.string(), message.subject)) hear(true)
      },
    }),
  )
  await listener.flush()
  await act()
  const result = await Promise.race([heard, deadline(patience)])
  for (const subscription of subscriptions) subscription.unsubscribe()
  return result
}

function deadline(milliseconds: number): Promise<boolean> {
  return new Promise((resolve) => AbortSignal.timeout(milliseconds).addEventListener('abort', () => resolve(false)))
}

function consumerBody(use: string, deliver: string): string {
  const tokens = use.split('.')
  const isDurable = tokens[3] === 'DURABLE'
  const [stream, consumer, ...filter] = tokens.slice(isDurable ? 5 : 4)
  const named = consumer === undefined ? {} : isDurable ? { durable_name: consumer } : { name: consumer }
  const filtered = filter.length === 0 ? {} : { filter_subject: filter.join('.') }
  return JSON.stringify({
    stream_name: stream,
    config: { ...named, ...filtered, deliver_subject: deliver, ack_policy: 'none', deliver_policy: 'all' },
  })
}

async function attemptRead(way: Way, use: string, cast: Cast): Promise<void> {
  const { client, owner } = cast
  const send = (body: string): void => client.publish(use, body, { reply: HEARD })
  const name = use.split('.')[4] ?? ''
  switch (way.kind) {
    case 'direct-get':
      return send(use.split('.').length === 5 ? JSON.stringify({ last_by_subj: SECRET }) : '')
    case 'message-get':
      return send(JSON.stringify({ last_by_subj: SECRET }))
    case 'consumer-create':
      return send(consumerBody(use, HEARD))
    case 'consumer-next':
      return send(
        use.startsWith('$JS.ACK') ? '+NXT {"batch":10}' : JSON.stringify({ batch: 10, expires: 2_000_000_000 }),
      )
    case 'stream-snapshot':
      // The backup is compressed, and so is what is in it.
      // What stream it is of cannot be seen in it.
      if (!use.endsWith('.SECRETS')) return
      return client.publish(use, JSON.stringify({ deliver_subject: BACKUP }), { reply: HEARD })
    case 'stream-create':
    case 'stream-update':
      send(JSON.stringify(await copying(name, owner, REPUBLISHED)))
      await client.flush()
      return isMade(name, cast, () => owner.request(SECRET, MARK))
    default:
      throw new Error(`no way of reading: ${way.kind}`)
  }
}

/** A configuration that copies the secrets, or captures them itself, and republishes to a place. */
async function copying(name: string, owner: NatsConnection, to: string): Promise<Partial<StreamConfig>> {
  const existing = await configOf(name, await owner.jetstreamManager())
  const republish = { src: SECRET, dest: to }
  if (name === 'SECRETS') return { name, subjects: SUBJECTS.SECRETS, ...existing, republish }
  return { ...existing, name, sources: [{ name: 'SECRETS' }], republish }
}

async function configOf(name: string, manager: JetStreamManager): Promise<Partial<StreamConfig>> {
  try {
    return (await manager.streams.info(name)).config
  } catch {
    return {}
  }
}

/** Requests of the API are done one after the other; that about the stream comes behind the one that makes it. */
async function isMade(name: string, { owner, patience = 3000 }: Cast, then: () => Promise<unknown>): Promise<void> {
  for (const end = Date.now() + patience; Date.now() < end;) {
    const config = await configOf(name, await owner.jetstreamManager())
    if (config.republish !== undefined) return void (await then())
  }
}

async function attemptWrite(way: Way, use: string, cast: Cast): Promise<void> {
  const { client, owner } = cast
  const send = (body: string): void => client.publish(use, body, { reply: COMMAND })
  const name = use.split('.')[4] ?? ''
  switch (way.kind) {
    case 'direct-get':
      return send(use.split('.').length === 5 ? JSON.stringify({ seq: 1 }) : '')
    case 'message-get':
      return send(JSON.stringify({ seq: 1 }))
    case 'consumer-create':
      return client.publish(use, consumerBody(use, COMMAND), { reply: HEARD })
    case 'consumer-next':
      return send(use.startsWith('$JS.ACK') ? '+NXT {"batch":1}' : JSON.stringify({ batch: 1, expires: 2_000_000_000 }))
    case 'stream-snapshot':
      return client.publish(use, JSON.stringify({ deliver_subject: COMMAND }), { reply: HEARD })
    case 'stream-create':
    case 'stream-update': {
      const existing = await configOf(name, await owner.jetstreamManager())
      const config = {
        ...existing,
        name,
        subjects: existing.subjects ?? [`made.${name}`],
        republish: { src: '*.*', dest: COMMAND },
      }
      client.publish(use, JSON.stringify(config), { reply: HEARD })
      await client.flush()
      const [subject = ''] = config.subjects
      return isMade(name, cast, () => owner.request(subject.replace('>', 'y'), 'x'))
    }
    default:
      return send('x')
  }
}
