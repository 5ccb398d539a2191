/** What the client line `nats` 2.x is promised. */
import {
  AckPolicy,
  consumerOpts,
  createInbox,
  DeliverPolicy,
  nanos,
  RequestStrategy,
  type JetStreamManager,
  type JsMsg,
  type NatsConnection,
} from 'nats'
import { must, take, type Call } from './call.ts'
import { publishMuch, MUCH } from './calls-current.ts'
import { oldKvCalls } from './calls-old-kv.ts'
import { oldObjectCalls } from './calls-old-objects.ts'
import * as grants from './grants.ts'

const ONE = { strategy: RequestStrategy.Count, maxMessages: 1, maxWait: 2000 } as const

/** Not in the interface, but in the documentation. */
interface WithDirect {
  readonly direct: { getMessage(stream: string, query: { last_by_subj: string }): Promise<unknown> }
}

export const oldCalls: readonly Call<NatsConnection>[] = [
  {
    name: 'publish with acknowledgement and message id',
    grants: grants.publishCreated,
    async run(client) {
      const js = client.jetstream()
      await js.publish('orders.created', undefined, { msgID: 'one' })
      must((await js.publish('orders.created', undefined, { msgID: 'one' })).duplicate, 'a duplicate')
    },
  },
  {
    name: 'consumer made before: get, info, next, fetch, consume; ack, nak, working, term, ack of ack',
    grants: grants.useBilling,
    async run(client, owner) {
      const consumer = await client.jetstream().consumers.get('ORDERS', 'billing')
      await consumer.info()
      await handle([(await consumer.next({ expires: 1000 }))!])
      await handle(await take(await consumer.fetch({ max_messages: 2, expires: 1000 }), 2))
      await publishMuch(owner)
      const messages = await consumer.consume()
      for (const message of await take(messages, 1)) must(await message.ackAck(), 'an answer to the ack')
      messages.stop()
      await client.jetstreamManager()
    },
  },
  {
    name: 'consumer made before, in the older way: pull, fetch, pullSubscribe with bind',
    grants: grants.useBilling,
    async run(client) {
      const js = client.jetstream()
      await handle([await js.pull('ORDERS', 'billing', 1000)])
      await handle(await take(js.fetch('ORDERS', 'billing', { batch: 1, expires: 1000 }), 1))
      const subscription = await js.pullSubscribe('orders.>', consumerOpts().bind('ORDERS', 'billing'))
      subscription.pull({ batch: 1, expires: 1000 })
      await handle(await take(subscription, 1))
    },
  },
  {
    name: 'own consumer with one filter: add, get, next, update, delete',
    grants: grants.ownFiltered,
    async run(client) {
      const manager = await client.jetstreamManager()
      const config = { filter_subject: 'orders.created', ack_policy: AckPolicy.Explicit }
      await manager.consumers.add('ORDERS', { ...config, durable_name: 'mine' })
      await manager.consumers.update('ORDERS', 'mine', { description: 'changed' })
      const consumer = await client.jetstream().consumers.get('ORDERS', 'mine')
      must(await (await consumer.next({ expires: 1000 }))!.ackAck(), 'an answer to the ack')
      must(await consumer.delete(), 'the consumer gone')
    },
  },
  {
    name: 'own push consumer to the own inbox: add, subscribe with bind, flow control',
    grants: grants.ownPush,
    async run(client, owner, inboxPrefix) {
      const manager = await client.jetstreamManager()
      await manager.consumers.add('ORDERS', {
        durable_name: 'mine',
        filter_subject: 'orders.created',
        ack_policy: AckPolicy.Explicit,
        deliver_subject: createInbox(inboxPrefix),
        flow_control: true,
        idle_heartbeat: nanos(5000),
        deliver_policy: DeliverPolicy.New,
      })
      const options = consumerOpts().bind('ORDERS', 'mine')
      const subscription = await client.jetstream().subscribe('orders.created', options)
      await publishMuch(owner)
      await take(subscription, MUCH)
      await subscription.destroy()
    },
  },
  {
    name: 'own push consumer on a whole stream: subscribe with durable',
    grants: grants.ownWhole,
    async run(client) {
      const options = consumerOpts().durable('mine').bindStream('ORDERS').deliverTo('deliver.mine').ackExplicit()
      const subscription = await client.jetstream().subscribe('orders.created', options)
      await handle(await take(subscription, 1))
      await subscription.destroy()
    },
  },
  {
    name: 'push consumer made before, in its group: subscribe with bind',
    grants: grants.useMail,
    async run(client) {
      const options = consumerOpts().bind('ORDERS', 'mail').queue('mailers').manualAck()
      const subscription = await client.jetstream().subscribe('orders.>', options)
      await handle(await take(subscription, 3))
    },
  },
  {
    name: 'ordered push consumer with one filter and a name of its own',
    grants: grants.ordered,
    async run(client, owner) {
      const options = consumerOpts().orderedConsumer().bindStream('ORDERS').consumerName('reader')
      const subscription = await client.jetstream().subscribe('orders.created', options)
      await publishMuch(owner)
      await take(subscription, MUCH)
    },
  },
  {
    name: 'ordered consumers of a whole stream: subscribe, and get',
    grants: grants.orderedWholeOld,
    async run(client) {
      const js = client.jetstream()
      await take(await js.subscribe('orders.created', consumerOpts().orderedConsumer()), 1)
      const consumer = await js.consumers.get('ORDERS', { filterSubjects: 'orders.created' })
      await take(await consumer.fetch({ max_messages: 1, expires: 1000 }), 1)
    },
  },
  {
    name: 'last message of a subject',
    grants: grants.readCreated,
    async run(client) {
      const manager = (await client.jetstreamManager()) as JetStreamManager & WithDirect
      await manager.direct.getMessage('ORDERS', { last_by_subj: 'orders.created' })
    },
  },
  ...oldKvCalls,
  ...oldObjectCalls,
  {
    name: 'service: host, be found, answer',
    grants: grants.hostOrders,
    async run(client, owner) {
      const hosted = await client.services.add({ name: 'orders', version: '1.0.0' })
      hosted.addEndpoint('top', { subject: 'shop.top', handler: (_problem, message) => void message.respond('got') })
      await client.flush()
      must((await owner.request('shop.top')).string() === 'got', 'an answer')
      for (const place of ['$SRV.PING', '$SRV.INFO.orders', '$SRV.STATS.orders']) await owner.request(place)
    },
  },
  {
    name: 'service: discover, and call',
    grants: [...grants.discoverOrders, ...grants.callTop],
    async run(client, owner) {
      owner.subscribe('shop.top', { callback: (_problem, message) => void message.respond('got') })
      const info = JSON.stringify({ name: 'orders', id: 'abc' })
      for (const place of ['$SRV.PING.orders', '$SRV.INFO.orders', '$SRV.STATS.orders.abc']) {
        owner.subscribe(place, { callback: (_problem, message) => void message.respond(info) })
      }
      await owner.flush()
      const services = client.services.client(ONE)
      await take(await services.ping('orders'), 1)
      await take(await services.info('orders'), 1)
      await take(await services.stats('orders', 'abc'), 1)
      must((await client.request('shop.top')).string() === 'got', 'an answer')
    },
  },
]

async function handle(messages: readonly JsMsg[]): Promise<void> {
  for (const [index, message] of messages.entries()) {
    message.working()
    if (index === 0) must(await message.ackAck(), 'an answer to the ack')
    else if (index === 1) message.term()
    else message.nak(10_000)
  }
}
