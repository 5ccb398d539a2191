/** Micro service calls of the current client line. */
import { Svcm } from '@nats-io/services'
import type { NatsConnection } from '@nats-io/transport-node'
import { must, take, type Call } from './call.ts'
import * as grants from './grants.ts'

const ONE = { strategy: 'count', maxMessages: 1, maxWait: 2000 } as const

export const serviceCalls: readonly Call<NatsConnection>[] = [
  {
    name: 'service: host in groups, be found, answer',
    grants: grants.hostOrders,
    async run(client, owner) {
      await hostOn(client)
      await ask(owner)
      must((await owner.request('shop.orders.get')).string() === 'got', 'an answer')
    },
  },
  {
    name: 'service: host in its queue group, answer many times',
    grants: grants.hostQueued,
    async run(client, owner) {
      const hosted = await servicesOf(client).add({ name: 'orders', version: '1.0.0' })
      hosted.addEndpoint('top', {
        subject: 'shop.top',
        handler(_problem, message) {
          for (let part = 0; part < 3; part++) message.respond(String(part))
        },
      })
      await client.flush()
      const answers = await owner.requestMany('shop.top', '', { ...ONE, maxMessages: 3 })
      must((await take(answers, 3)).length === 3, 'three answers')
    },
  },
  {
    name: 'service: discover one by its name',
    grants: grants.discoverOrders,
    async run(client, owner) {
      await hostOn(owner)
      await ask(client)
    },
  },
  {
    name: 'service: discover all',
    grants: grants.discoverAll,
    async run(client, owner) {
      await hostOn(owner)
      const services = servicesOf(client).client(ONE)
      await take(await services.ping(), 1)
      await take(await services.info(), 1)
      const [stats] = await take(await services.stats(), 1)
      await take(await services.info('orders', stats!.id), 1)
      await ask(client)
    },
  },
  {
    name: 'service: call, for one answer and for many',
    grants: grants.callTop,
    async run(client, owner) {
      await hostOn(owner)
      must((await client.request('shop.top')).string() === 'got', 'an answer')
      await take(await client.requestMany('shop.top', '', ONE), 1)
    },
  },
]

/** Their release is built on another copy of the same core. */
function servicesOf(connection: NatsConnection): Svcm {
  return new Svcm(connection as unknown as ConstructorParameters<typeof Svcm>[0])
}

async function hostOn(connection: NatsConnection): Promise<void> {
  const hosted = await servicesOf(connection).add({ name: 'orders', version: '1.0.0' })
  const handler = (_problem: unknown, message: { respond(text: string): unknown }): void => void message.respond('got')
  hosted.addGroup('shop').addGroup('orders').addEndpoint('get', handler)
  hosted.addEndpoint('top', { subject: 'shop.top', handler })
  await connection.flush()
}

async function ask(connection: NatsConnection): Promise<void> {
  const services = servicesOf(connection).client(ONE)
  await take(await services.ping('orders'), 1)
  await take(await services.stats('orders'), 1)
  const [info] = await take(await services.info('orders'), 1)
  for (const verb of ['ping', 'info', 'stats'] as const)
    await take<unknown>(await services[verb]('orders', info!.id), 1)
}
