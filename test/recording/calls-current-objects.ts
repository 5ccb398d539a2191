/** Object store calls of the current client line. */
import { StorageType } from '@nats-io/jetstream'
import { Objm } from '@nats-io/obj'
import type { NatsConnection } from '@nats-io/transport-node'
import { must, take, type Call } from './call.ts'
import * as grants from './grants.ts'

const LARGE = new Uint8Array(4_000_000)

export const objectCalls: readonly Call<NatsConnection>[] = [
  {
    name: 'objects: open, info, list, watch, get, with flow control',
    grants: grants.osRead,
    async run(client, owner) {
      await (await new Objm(owner).open('files')).putBlob({ name: 'large' }, LARGE)
      const store = await new Objm(client).open('files')
      must((await store.info('a/b'))?.size === 10, 'ten bytes')
      must((await store.list()).length === 2, 'two objects')
      must((await store.getBlob('large'))?.length === LARGE.length, 'the whole object')
      const watched = await store.watch({ includeHistory: true })
      await take(watched, 1)
      await store.status()
    },
  },
  {
    name: 'objects: put, put again, link, describe, delete',
    grants: grants.osWrite,
    async run(client) {
      const store = await new Objm(client).create('files')
      await store.putBlob({ name: 'c' }, new Uint8Array(5))
      await store.putBlob({ name: 'c' }, new Uint8Array(6))
      await store.link('d', (await store.info('c'))!)
      await store.linkStore('e', store)
      await store.update('c', { description: 'changed' })
      must((await store.getBlob('d'))?.length === 6, 'the linked object')
      must((await store.delete('c')).success, 'the object gone')
    },
  },
  {
    name: 'objects: create the store, seal it, destroy it',
    grants: grants.osAdmin,
    async run(client) {
      const store = await new Objm(client).create('fresh', { storage: StorageType.Memory })
      await store.seal()
      must(await store.destroy(), 'the store gone')
    },
  },
]
