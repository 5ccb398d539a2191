/**
 * `domain`: a client of a leaf node uses streams and buckets of the hub. And why the field is for such clients alone: servers of a
 * domain check requests to it under `$JS.API`, whichever way they were spelled.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AckPolicy, jetstream, jetstreamManager, StorageType } from '@nats-io/jetstream'
import { Kvm } from '@nats-io/kv'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../../src/dev/deadline.ts'
import { runNatsServer, type RunningNatsServer } from '../../src/dev/nats-server/index.ts'
import { natsServerForTests } from '../support/nats-server.ts'
import { openRawClient } from '../support/raw-client.ts'
import { compileGrants } from './compiled.ts'
import { usernamePasswordAuthenticator } from 'nats'

const PASS = 'unguarded'
const GRANTS = [
  'jetstream: {stream: ORDERS, domain: hub, publish: [orders.created]}',
  'jetstream: {stream: ORDERS, domain: hub, consume: {consumer: mine, create: true, filter: orders.created}}',
  "kv: {bucket: carts, domain: hub, read: [cart.1], watch: ['>'], write: [cart.1]}",
]

const binary = await natsServerForTests()

describe.skipIf(binary === undefined)('a client of a leaf node', () => {
  const closing: (() => Promise<unknown>)[] = []
  let hub: RunningNatsServer
  let leaf: RunningNatsServer
  let client: NatsConnection
  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'nib-domain-'))
    closing.push(() => rm(folder, { recursive: true, force: true }))
    const { permissions, inboxPrefix } = compileGrants({ grants: GRANTS }, binary!.version)
    const users = [
      `{user: owner, password: "${PASS}"}`,
      `{user: client, password: "${PASS}", permissions: ${JSON.stringify({ publish: permissions.pub, subscribe: permissions.sub })}}`,
    ]
    async function start(name: string, more: string): Promise<RunningNatsServer> {
      const store = JSON.stringify(join(folder, name))
      const text = [
        `server_name: ${name}\nlisten: "127.0.0.1:-1"`,
        `jetstream { store_dir: ${store}, domain: ${name} }`,
        `accounts { A { jetstream: enabled, users: [${users.join(', ')}] } }`,
        more,
      ].join('\n')
      const server = await runNatsServer({ binary: binary!.path, config: { text } })
      closing.push(() => server.stop())
      return server
    }
    hub = await start('hub', 'leafnodes { listen: "127.0.0.1:-1" }')
    const address = /Listening for leafnode connections on (\S+)/.exec(hub.log.lines.join('\n'))?.[1]
    leaf = await start('leaf', `leafnodes { remotes: [{url: "nats-leaf://owner:${PASS}@${address}", account: A}] }`)
    await eventually(
      () => leaf.log.lines.find((line) => line.includes('JetStream using domains')),
      5000,
      'the leaf link',
    )

    const owner = await connect({ port: hub.port, user: 'owner', pass: PASS })
    closing.push(() => owner.close())
    const manager = await jetstreamManager(owner)
    await manager.streams.add({ name: 'ORDERS', subjects: ['orders.>'], storage: StorageType.Memory })
    await new Kvm(owner).create('carts', { storage: StorageType.Memory })
    client = await connect({ port: leaf.port, user: 'client', pass: PASS, inboxPrefix })
    closing.push(() => client.close())
  })
  afterAll(async () => {
    for (const close of closing.toReversed()) await close()
  })

  test('publishes to the hub, and consumes there', async () => {
    const js = jetstream(client, { domain: 'hub' })
    expect((await js.publish('orders.created', 'x')).domain).toBe('hub')
    const manager = await jetstreamManager(client, { domain: 'hub' })
    const config = { durable_name: 'mine', filter_subject: 'orders.created', ack_policy: AckPolicy.Explicit }
    await manager.consumers.add('ORDERS', config)
    const message = await (await js.consumers.get('ORDERS', 'mine')).next({ expires: 2000 })
    expect(await message?.ackAck()).toBe(true)
  })

  test('reads, watches and writes a bucket of the hub', async () => {
    const bucket = await new Kvm(jetstream(client, { domain: 'hub' })).open('carts', { allow_direct: true })
    await bucket.put('cart.1', 'one')
    expect((await bucket.get('cart.1'))?.string()).toBe('one')
    for await (const key of await bucket.keys()) expect(key).toBe('cart.1')
  })

  test.each([
    ['leaf', '$JS.API.STREAM.INFO.ORDERS'],
    ['leaf', '$JS.leaf.API.STREAM.INFO.ORDERS'],
    ['leaf', '$JS.hub.API.STREAM.DELETE.ORDERS'],
    ['leaf', '$JS.hub.API.$KV.carts.cart.2'],
    ['leaf', '$KV.carts.cart.1'],
    ['hub', '$JS.hub.API.STREAM.INFO.ORDERS'],
  ])('is refused at %s: %s', async (name, subject) => {
    const { port } = name === 'hub' ? hub : leaf
    const raw = await openRawClient(port, { authenticator: usernamePasswordAuthenticator('client', PASS) })
    raw.write(`PUB ${subject} 0\r\n\r\n`)
    const { errors } = await raw.settle()
    raw.close()
    expect(errors).toHaveLength(1)
  })
})
