/** Object store calls of the client line `nats` 2.x. */
import { StorageType, type NatsConnection } from 'nats'
import { must, take, type Call } from './call.ts'
import * as grants from './grants.ts'

export const oldObjectCalls: readonly Call<NatsConnection>[] = [
  {
    name: 'objects: open, info, list, watch, get',
    grants: grants.osReadOld,
    async run(client) {
      const store = await client.jetstream().views.os('files')
      must((await store.info('a/b'))?.size === 10, 'ten bytes')
      must((await store.list()).length === 1, 'one object')
      must((await store.getBlob('a/b'))?.length === 10, 'the whole object')
      await take(await store.watch({ includeHistory: true }), 1)
    },
  },
  {
    name: 'objects: put, put again, link, describe, delete',
    grants: grants.osWrite,
    async run(client) {
      const store = await client.jetstream().views.os('files')
      await store.putBlob({ name: 'c' }, new Uint8Array(5))
      await store.putBlob({ name: 'c' }, new Uint8Array(6))
      await store.link('d', (await store.info('c'))!)
      await store.linkStore('e', store)
      await store.update('c', { description: 'changed' })
      must((await store.delete('c')).success, 'the object gone')
    },
  },
  {
    name: 'objects: create the store, seal it, destroy it',
    grants: grants.osAdmin,
    async run(client) {
      const store = await client.jetstream().views.os('fresh', { storage: StorageType.Memory })
      await store.seal()
      must(await store.destroy(), 'the store gone')
    },
  },
]
