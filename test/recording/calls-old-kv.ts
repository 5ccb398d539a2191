/** Key-value calls of the client line `nats` 2.x. */
import { StringCodec, StorageType, type NatsConnection } from 'nats'
import { must, take, type Call } from './call.ts'
import * as grants from './grants.ts'

const { encode } = StringCodec()

export const oldKvCalls: readonly Call<NatsConnection>[] = [
  {
    name: 'kv: open, get, status',
    grants: grants.kvRead,
    async run(client) {
      const { views } = client.jetstream()
      const opened = await views.kv('carts')
      must((await opened.get('cart.1'))?.string() === 'carts', 'the value')
      await opened.status()
      const bound = await views.kv('carts', { bindOnly: true, allow_direct: true })
      must((await bound.get('cart.1'))?.string() === 'carts', 'the value')
    },
  },
  {
    name: 'kv: watch one key',
    grants: grants.kvWatch,
    async run(client) {
      const bucket = await client.jetstream().views.kv('carts')
      await take(await bucket.watch({ key: 'cart.1' }), 1)
    },
  },
  {
    name: 'kv: watch the whole bucket, with flow control',
    grants: grants.kvWatchAll,
    async run(client, owner) {
      for (let key = 0; key < 40; key++) await owner.request(`$KV.carts.large.${key}`, new Uint8Array(100_000))
      const bucket = await client.jetstream().views.kv('carts')
      await take(await bucket.watch(), 43)
    },
  },
  {
    name: 'kv: create, put, update, delete, purge',
    grants: grants.kvWrite,
    async run(client) {
      const bucket = await client.jetstream().views.kv('carts')
      await bucket.create('cart.9', encode('1'))
      await bucket.update('cart.9', encode('2'), await bucket.put('cart.9', encode('2')))
      await bucket.delete('cart.9')
      await bucket.purge('cart.9')
    },
  },
  {
    name: 'kv: keys, history, old revisions, several keys at once',
    grants: grants.kvWhole,
    async run(client) {
      const bucket = await client.jetstream().views.kv('carts')
      must((await take(await bucket.keys(), 9)).length === 3, 'all keys')
      await take(await bucket.history({ key: 'cart.1' }), 1)
      must((await bucket.get('cart.2', { revision: 2 }))?.string() === 'carts', 'the revision')
      await take(await bucket.watch({ key: ['cart.1', 'cart.2'] }), 2)
    },
  },
  {
    name: 'kv: get from a bucket without direct access',
    grants: grants.kvPlain,
    async run(client) {
      const bucket = await client.jetstream().views.kv('plain')
      must((await bucket.get('cart.1'))?.string() === 'plain', 'the value')
    },
  },
  {
    name: 'kv: create the bucket, remove what was deleted, destroy it',
    grants: grants.kvAdmin,
    async run(client) {
      const bucket = await client.jetstream().views.kv('fresh', { storage: StorageType.Memory })
      await bucket.put('a', encode('1'))
      await bucket.delete('a')
      await (bucket as typeof bucket & { purgeDeletes(olderMs: number): Promise<unknown> }).purgeDeletes(0)
      must(await bucket.destroy(), 'the bucket gone')
    },
  },
]
