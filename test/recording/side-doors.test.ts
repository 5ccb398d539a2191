/**
 * Where a list of subjects would say less than JetStream does: what the server itself holds to, what it does not, and that a DENY
 * closes every way to read. The subjects here are written as an attacker would, not as a client library does.
 */
import type { NatsConnection } from '@nats-io/transport-node'
import { connect } from '@nats-io/transport-node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { deliveryFilterOf } from '../../src/policy/delivery-filter.ts'
import { natsServerForTests } from '../support/nats-server.ts'
import { openStage, type Stage } from './stage.ts'

const RAW = { waive: 'reach-jetstream' }
const EVERYTHING = [
  "request: ['$JS.API.>', '$KV.>', '$O.>', 'orders.>']",
  "publish: ['$JS.ACK.>']",
  "subscribe: ['$KV.>', '$O.>', 'orders.>']",
]

const tried = {
  filtered: {
    grants: ['jetstream: {stream: ORDERS, consume: {consumer: mine, create: true, filter: orders.created}}'],
  },
  ordered: { grants: ['jetstream: {stream: ORDERS, consume: {ordered: true, filter: orders.created}}'] },
  keyWithStar: { grants: ["request: ['$JS.API.DIRECT.GET.KV_carts.$KV.carts.cart.*']"], ...RAW },
  filterWithStar: { grants: ["request: ['$JS.API.CONSUMER.CREATE.ORDERS.mine.orders.*']"], ...RAW },
  keyDenied: { grants: EVERYTHING, deny: ["kv: {bucket: carts, read: ['>']}"], ...RAW },
  streamDenied: { grants: EVERYTHING, deny: ["jetstream: {stream: ORDERS, consume: {consumer: '*'}}"], ...RAW },
  consumerDenied: { grants: EVERYTHING, deny: ['jetstream: {stream: ORDERS, consume: {consumer: billing}}'], ...RAW },
  storeDenied: { grants: EVERYTHING, deny: ['objectStore: {store: files, read: true}'], ...RAW },
  writeDenied: { grants: EVERYTHING, deny: ['kv: {bucket: carts, write: [secret.1]}'], ...RAW },
  adminDenied: { grants: EVERYTHING, deny: ["jetstream: {stream: '*', admin: true}"], ...RAW },
} as const

type Account = keyof typeof tried
const accounts = Object.keys(tried) as Account[]

for (const version of [undefined, '2.10.26']) {
  const binary = await natsServerForTests(version)
  const isFiltering = deliveryFilterOf(binary?.version ?? '') === 'filtering'

  describe.skipIf(binary === undefined)(`on nats-server ${binary?.version}`, () => {
    let stage: Stage
    const clients = new Map<Account, NatsConnection>()
    beforeAll(async () => {
      stage = await openStage(version, Object.values(tried))
      for (const [index, account] of accounts.entries()) {
        await (await stage.furnish(index)).close()
        const { port, user, pass, inboxPrefix } = stage.login(index)
        clients.set(account, await connect({ port, user, pass, inboxPrefix }))
      }
    })
    afterAll(async () => {
      for (const client of clients.values()) await client.close()
      await stage.stop()
    })

    /** What the server answers; `refused` for a permission error. */
    async function ask(account: Account, subject: string, body: object | string = ''): Promise<string> {
      try {
        const text = typeof body === 'string' ? body : JSON.stringify(body)
        const answer = await clients.get(account)!.request(subject, text, { timeout: 2000 })
        return answer.headers?.get('Nats-Subject') || answer.string()
      } catch (problem) {
        if (/permissions violation/i.test(String(problem))) return 'refused'
        throw problem
      }
    }

    function consumer(config: object): object {
      return { stream_name: 'ORDERS', config: { name: 'mine', ack_policy: 'none', ...config } }
    }

    test.each([
      ['another filter', { filter_subject: 'orders.paid' }],
      ['a wider filter', { filter_subject: 'orders.>' }],
      ['several filters', { filter_subjects: ['orders.created', 'orders.paid'] }],
      ['no filter', {}],
    ])('a consumer with %s than the subject of its request is not made', async (_what, config) => {
      const answer = await ask('filtered', '$JS.API.CONSUMER.CREATE.ORDERS.mine.orders.created', consumer(config))
      expect(answer).toContain('"error"')
    })

    test('under a key that ends in * a client reads deeper keys too, so such keys are refused in a grant', async () => {
      expect(await ask('keyWithStar', '$JS.API.DIRECT.GET.KV_carts.$KV.carts.cart.*')).toBe('$KV.carts.cart.2')
      const deeper = await connect({ ...stage.login(accounts.indexOf('keyWithStar')), user: owner('keyWithStar') })
      await deeper.request('$KV.carts.cart.2.card.number', '4711')
      await deeper.close()
      expect(await ask('keyWithStar', '$JS.API.DIRECT.GET.KV_carts.$KV.carts.cart.>')).toBe(
        '$KV.carts.cart.2.card.number',
      )
    })

    test('under a filter that ends in * a client makes consumers with > too, so such filters are refused in a grant', async () => {
      const subject = '$JS.API.CONSUMER.CREATE.ORDERS.mine.orders.>'
      expect(await ask('filterWithStar', subject, consumer({ filter_subject: 'orders.>' }))).not.toContain('"error"')
    })

    test('under a grant for ordered consumers a client can narrow the filter of another consumer, as docs/grants.md warns', async () => {
      const config = { durable_name: 'audit', ack_policy: 'explicit', filter_subject: 'orders.created' }
      const answer = await ask('ordered', '$JS.API.CONSUMER.CREATE.ORDERS.audit.orders.created', {
        stream_name: 'ORDERS',
        config: { ...config, max_ack_pending: 1000, ack_wait: 30_000_000_000 },
      })
      expect(answer).toContain('"filter_subject":"orders.created"')
    })

    test('a DENY of reading a bucket closes every way to read it, and leaves other buckets', async () => {
      const bucket = ['KV_carts', '$KV.carts'] as const
      expect(await Promise.all(waysToRead(...bucket).map((way) => ask('keyDenied', way)))).toEqual(refusedAll(bucket))
      expect(await ask('keyDenied', '$JS.API.DIRECT.GET.KV_other.$KV.other.cart.1')).toBe('$KV.other.cart.1')
      expect(await receives('keyDenied', '$KV.carts.>', '$KV.carts.cart.1')).toBe(false)
      expect(await receives('keyDenied', '$KV.>', '$KV.carts.cart.1')).toBe(false)
      // Old servers do not filter a wider subscription, so there it is not granted at all.
      expect(await receives('keyDenied', '$KV.>', '$KV.other.cart.1')).toBe(isFiltering)
    })

    test('a DENY of consuming a stream closes every way to read it', async () => {
      const stream = ['ORDERS', 'orders'] as const
      expect(await Promise.all(waysToRead(...stream).map((way) => ask('streamDenied', way)))).toEqual(
        refusedAll(stream),
      )
    })

    test('a DENY of reading a store closes every way to read it', async () => {
      const store = ['OBJ_files', '$O.files'] as const
      expect(await Promise.all(waysToRead(...store).map((way) => ask('storeDenied', way)))).toEqual(refusedAll(store))
    })

    test('a DENY of one consumer leaves the others', async () => {
      for (const verb of ['INFO', 'MSG.NEXT', 'DELETE', 'CREATE', 'DURABLE.CREATE', 'PAUSE']) {
        expect(await ask('consumerDenied', `$JS.API.CONSUMER.${verb}.ORDERS.billing`)).toBe('refused')
      }
      expect(await ask('consumerDenied', '$JS.API.CONSUMER.INFO.ORDERS.audit')).toContain('"name":"audit"')
    })

    test('a DENY of writing a key leaves other keys, and lets nobody purge', async () => {
      expect(await ask('writeDenied', '$KV.carts.secret.1')).toBe('refused')
      expect(await ask('writeDenied', '$JS.API.STREAM.PURGE.KV_carts')).toBe('refused')
      expect(await ask('writeDenied', '$KV.carts.cart.1')).toContain('"seq"')
    })

    test('a DENY of looking after any stream leaves using them', async () => {
      for (const verb of ['CREATE', 'UPDATE', 'DELETE', 'PURGE', 'SNAPSHOT', 'RESTORE', 'MSG.DELETE']) {
        expect(await ask('adminDenied', `$JS.API.STREAM.${verb}.ORDERS`)).toBe('refused')
      }
      expect(await ask('adminDenied', '$JS.API.STREAM.INFO.ORDERS')).toContain('"name":"ORDERS"')
    })

    function owner(account: Account): string {
      return `owner-${accounts.indexOf(account)}`
    }

    async function receives(account: Account, subscription: string, subject: string): Promise<boolean> {
      const client = clients.get(account)!
      const sender = await connect({ ...stage.login(accounts.indexOf(account)), user: owner(account) })
      let received = false
      const subscribed = client.subscribe(subscription, { callback: (problem) => void (received ||= problem === null) })
      await client.flush()
      await sender.request(subject, 'x')
      await sender.flush()
      await client.flush()
      subscribed.unsubscribe()
      await sender.close()
      return received
    }
  })
}

/** Measured on real servers: each reads the stream without a subscription to its subjects. */
function waysToRead(stream: string, prefix: string): string[] {
  return [
    ...['DIRECT.GET', 'STREAM.MSG.GET', 'STREAM.SNAPSHOT', 'STREAM.UPDATE', 'CONSUMER.CREATE'].map(
      (way) => `$JS.API.${way}.${stream}`,
    ),
    ...[`${prefix}.x`, `${prefix}.>`, '>', '*'].map((filter) => `$JS.API.DIRECT.GET.${stream}.${filter}`),
    ...[`${prefix}.x`, `${prefix}.>`, '>'].map((filter) => `$JS.API.CONSUMER.CREATE.${stream}.any.${filter}`),
    ...['CREATE', 'DURABLE.CREATE', 'MSG.NEXT'].map((verb) => `$JS.API.CONSUMER.${verb}.${stream}.any`),
  ]
}

function refusedAll([stream, prefix]: readonly [string, string]): string[] {
  return waysToRead(stream, prefix).map(() => 'refused')
}
