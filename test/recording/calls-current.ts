/** What the current client line, `@nats-io/*`, is promised. */
import { AckPolicy, DeliverPolicy, jetstream, jetstreamManager, StorageType, type JsMsg } from '@nats-io/jetstream'
import { createInbox, nanos, type NatsConnection } from '@nats-io/transport-node'
import { must, take, type Call } from './call.ts'
import * as grants from './grants.ts'
import { kvCalls } from './calls-current-kv.ts'
import { objectCalls } from './calls-current-objects.ts'
import { serviceCalls } from './calls-current-services.ts'

export const currentCalls: readonly Call<NatsConnection>[] = [
  {
    name: 'publish with acknowledgement and message id',
    grants: grants.publishCreated,
    async run(client) {
      const js = jetstream(client)
      await js.publish('orders.created', 'x', { msgID: 'one' })
      must((await js.publish('orders.created', 'x', { msgID: 'one' })).duplicate, 'a duplicate')
    },
  },
  {
    name: 'consumer made before: get, info, next, fetch, consume; ack, nak, working, term, ack of ack',
    grants: grants.useBilling,
    async run(client, owner) {
      const consumer = await jetstream(client).consumers.get('ORDERS', 'billing')
      await consumer.info()
      await handle([(await consumer.next({ expires: 1000 }))!])
      await handle(await take(await consumer.fetch({ max_messages: 2, expires: 1000 }), 2))
      await jetstream(owner).publish('orders.paid')
      const messages = await consumer.consume()
      for (const message of await take(messages, 1)) must(await message.ackAck(), 'an answer to the ack')
      await messages.close()
      await jetstreamManager(client)
      const stream = await jetstream(client).streams.get('ORDERS')
      await stream.getConsumer('billing')
    },
  },
  {
    name: 'own consumer with one filter: add, get, next, update, delete',
    grants: grants.ownFiltered,
    async run(client) {
      const manager = await jetstreamManager(client)
      const config = { filter_subject: 'orders.created', ack_policy: AckPolicy.Explicit }
      await manager.consumers.add('ORDERS', { ...config, durable_name: 'mine' })
      await manager.consumers.update('ORDERS', 'mine', { description: 'changed' })
      const consumer = await jetstream(client).consumers.get('ORDERS', 'mine')
      const message = await consumer.next({ expires: 1000 })
      must(message?.subject === 'orders.created', 'an order')
      must(await message!.ackAck(), 'an answer to the ack')
      must(await consumer.delete(), 'the consumer gone')
    },
  },
  {
    name: 'own consumer of a whole stream',
    grants: grants.ownUnfiltered,
    async run(client) {
      const manager = await jetstreamManager(client)
      await manager.consumers.add('ORDERS', { durable_name: 'mine', ack_policy: AckPolicy.Explicit })
      const consumer = await jetstream(client).consumers.get('ORDERS', 'mine')
      await handle(await take(await consumer.fetch({ max_messages: 3, expires: 1000 }), 3))
    },
  },
  {
    name: 'own push consumer to the own inbox, with flow control',
    grants: grants.ownPush,
    async run(client, owner, inboxPrefix) {
      const manager = await jetstreamManager(client)
      const deliver_subject = createInbox(inboxPrefix)
      await manager.consumers.add('ORDERS', {
        name: 'mine',
        filter_subject: 'orders.created',
        ack_policy: AckPolicy.None,
        deliver_subject,
        flow_control: true,
        idle_heartbeat: nanos(5000),
        deliver_policy: DeliverPolicy.New,
      })
      const consumer = await jetstream(client).consumers.getPushConsumer('ORDERS', 'mine')
      const messages = await consumer.consume()
      await publishMuch(owner)
      await take(messages, MUCH)
      await messages.close()
    },
  },
  {
    name: 'own push consumer on a whole stream, with several filters, to a subject',
    grants: grants.ownWhole,
    async run(client) {
      const manager = await jetstreamManager(client)
      await manager.consumers.add('ORDERS', {
        durable_name: 'mine',
        filter_subjects: ['orders.created', 'orders.paid'],
        deliver_subject: 'deliver.mine',
        ack_policy: AckPolicy.Explicit,
      })
      const consumer = await jetstream(client).consumers.getPushConsumer('ORDERS', 'mine')
      await handle(await take(await consumer.consume(), 2))
    },
  },
  {
    name: 'push consumer made before, in its group',
    grants: grants.useMail,
    async run(client) {
      const consumer = await jetstream(client).consumers.getPushConsumer('ORDERS', 'mail')
      await handle(await take(await consumer.consume(), 3))
    },
  },
  {
    name: 'ordered push consumer with one filter, with flow control',
    grants: grants.ordered,
    async run(client, owner) {
      const consumer = await jetstream(client).consumers.getPushConsumer('ORDERS', {
        filter_subjects: 'orders.created',
      })
      await publishMuch(owner)
      const messages = await consumer.consume()
      await take(messages, MUCH)
      await messages.close()
    },
  },
  {
    name: 'ordered pull consumers of a whole stream, with filters and without',
    grants: grants.orderedWhole,
    async run(client) {
      const { consumers } = jetstream(client)
      for (const filter_subjects of [undefined, 'orders.created', ['orders.created', 'orders.paid']]) {
        const consumer = await consumers.get('ORDERS', filter_subjects === undefined ? {} : { filter_subjects })
        await take(await consumer.fetch({ max_messages: 1, expires: 1000 }), 1)
      }
    },
  },
  {
    name: 'all consumers of a stream: make, list, use',
    grants: grants.everyConsumer,
    async run(client) {
      const manager = await jetstreamManager(client)
      await manager.consumers.add('ORDERS', { durable_name: 'made', ack_policy: AckPolicy.Explicit })
      must((await manager.consumers.list('ORDERS').next()).length === 4, 'four consumers')
      const consumer = await jetstream(client).consumers.get('ORDERS', 'made')
      must(await (await consumer.next({ expires: 1000 }))!.ackAck(), 'an answer to the ack')
    },
  },
  {
    name: 'last message of a subject',
    grants: grants.readCreated,
    async run(client) {
      const manager = await jetstreamManager(client)
      const message = await manager.direct.getMessage('ORDERS', { last_by_subj: 'orders.created' })
      must(message?.subject === 'orders.created', 'an order')
    },
  },
  {
    name: 'any message of a stream',
    grants: grants.readWhole,
    async run(client) {
      const manager = await jetstreamManager(client)
      await manager.direct.getMessage('ORDERS', { seq: 2 })
      await (await manager.streams.get('ORDERS')).getMessage({ seq: 3 })
    },
  },
  {
    name: 'stream: create, change, info, purge, delete a message, delete',
    grants: grants.adminStream,
    async run(client, owner) {
      const manager = await jetstreamManager(client)
      await manager.streams.add({ name: 'FRESH', subjects: ['fresh.>'], storage: StorageType.Memory })
      await manager.streams.update('FRESH', { description: 'changed' })
      await jetstream(owner).publish('fresh.one')
      await manager.streams.deleteMessage('FRESH', 1)
      await manager.streams.purge('FRESH')
      await manager.streams.info('FRESH')
      must(await manager.streams.delete('FRESH'), 'the stream gone')
    },
  },
  ...kvCalls,
  ...objectCalls,
  ...serviceCalls,
]

/** Enough bytes for nats-server to ask for flow control. */
export const MUCH = 40
const LARGE = new Uint8Array(100_000)

export async function publishMuch(owner: NatsConnection): Promise<void> {
  const js = jetstream(owner)
  await Promise.all(Array.from({ length: MUCH }, () => js.publish('orders.created', LARGE)))
}

async function handle(messages: readonly JsMsg[]): Promise<void> {
  for (const [index, message] of messages.entries()) {
    message.working()
    if (index === 0) must(await message.ackAck(), 'an answer to the ack')
    else if (index === 1) message.term()
    else message.nak(10_000)
  }
}
