/** Key-value calls of the current client line. */
import { StorageType } from '@nats-io/jetstream'
import { Kvm } from '@nats-io/kv'
import type { NatsConnection } from '@nats-io/transport-node'
import { must, take, type Call } from './call.ts'
import * as grants from './grants.ts'

export const kvCalls: readonly Call<NatsConnection>[] = [
  {
    name: 'kv: open, get, status',
    grants: grants.kvRead,
    async run(client, owner) {
      const kvm = new Kvm(client)
      const opened = await kvm.open('carts', { allow_direct: true })
      must((await opened.get('cart.1'))?.string() === 'carts', 'the value')
      await (await new Kvm(owner).open('carts')).put('cart.1.total', '9')
      const found = await kvm.create('carts')
      must((await found.get('cart.1.total'))?.string() === '9', 'the total')
      must((await found.get('cart.2.total')) === null, 'no value')
      await found.status()
    },
  },
  {
    name: 'kv: watch, keys and history of one key',
    grants: grants.kvWatch,
    async run(client) {
      const bucket = await new Kvm(client).open('carts')
      must((await take(await bucket.keys('cart.1'), 1)).join() === 'cart.1', 'one key')
      must((await take(await bucket.history({ key: 'cart.1' }), 2)).length === 1, 'one revision')
      const watched = await bucket.watch({ key: 'cart.1' })
      await take(watched, 1)
      watched.stop()
    },
  },
  {
    name: 'kv: watch, keys and history of the whole bucket, with flow control',
    grants: grants.kvWatchAll,
    async run(client, owner) {
      const filled = await new Kvm(owner).open('carts')
      for (let key = 0; key < 40; key++) await filled.put(`large.${key}`, new Uint8Array(100_000))
      const bucket = await new Kvm(client).create('carts')
      must((await take(await bucket.keys(), 99)).length === 43, 'all keys')
      must((await take(await bucket.keys('cart.*'), 9)).length === 2, 'two keys')
      await take(await bucket.history(), 40)
      const watched = await bucket.watch()
      await take(watched, 43)
      watched.stop()
    },
  },
  {
    name: 'kv: create, put, update, delete, purge',
    grants: grants.kvWrite,
    async run(client) {
      const bucket = await new Kvm(client).create('carts')
      await bucket.create('cart.9', '1')
      await bucket.update('cart.9', '2', await bucket.put('cart.9', '2'))
      await bucket.delete('cart.9')
      await bucket.purge('cart.9')
    },
  },
  {
    name: 'kv: create again what was deleted',
    grants: grants.kvReadWrite,
    async run(client) {
      const bucket = await new Kvm(client).create('carts')
      await bucket.put('cart.9', '1')
      await bucket.delete('cart.9')
      await bucket.create('cart.9', '2')
    },
  },
  {
    name: 'kv: old revisions, several keys at once',
    grants: grants.kvWhole,
    async run(client) {
      const bucket = await new Kvm(client).create('carts')
      must((await bucket.get('cart.2', { revision: 2 }))?.string() === 'carts', 'the revision')
      const watched = await bucket.watch({ key: ['cart.1', 'cart.2'] })
      await take(watched, 2)
      watched.stop()
    },
  },
  {
    name: 'kv: get from a bucket without direct access',
    grants: grants.kvPlain,
    async run(client) {
      for (const bucket of [await new Kvm(client).create('plain'), await new Kvm(client).open('plain')]) {
        must((await bucket.get('cart.1'))?.string() === 'plain', 'the value')
      }
    },
  },
  {
    name: 'kv: create the bucket, remove what was deleted, destroy it',
    grants: grants.kvAdmin,
    async run(client) {
      const bucket = await new Kvm(client).create('fresh', { storage: StorageType.Memory })
      await bucket.put('a', '1')
      await bucket.delete('a')
      // Not in the interface, but in the documentation.
      await (bucket as typeof bucket & { purgeDeletes(olderMs: number): Promise<unknown> }).purgeDeletes(0)
      must(await bucket.destroy(), 'the bucket gone')
    },
  },
]
