/**
 * A nats-server with JetStream where each set of grants has an account of its own, with one user under exactly the compiled
 * permissions and one without limits; streams, buckets and stores are the same in every account.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AckPolicy, jetstream, jetstreamManager, StorageType } from '@nats-io/jetstream'
import { Kvm } from '@nats-io/kv'
import { Objm } from '@nats-io/obj'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { runNatsServer } from '../../src/dev/nats-server/index.ts'
import type { Permissions } from '../../src/policy/decision.ts'
import { natsServerForTests } from '../support/nats-server.ts'
import { compileGrants, type Tried } from './compiled.ts'

export interface Login {
  readonly port: number
  readonly user: string
  readonly pass: string
  readonly inboxPrefix: string
}

export interface Stage {
  readonly version: string
  /** Under the grants of this account. */
  login(account: number): Login
  /** With all rights in this account; makes what is to be used there. */
  furnish(account: number): Promise<NatsConnection>
  stop(): Promise<void>
}

const PASS = 'unguarded'
const MEMORY = { storage: StorageType.Memory }

/** @param version of nats-server; `undefined`: the one that everybody tests with. @param accounts what is tried in each. */
export async function openStage(version: string | undefined, accounts: readonly Tried[]): Promise<Stage> {
  const binary = await natsServerForTests(version)
  if (binary === undefined) throw new Error('no nats-server: skip with natsServerForTests')
  const compiled = accounts.map((tried) => compileGrants(tried, binary.version))
  const folder = await mkdtemp(join(tmpdir(), 'nib-recording-'))
  const users = compiled.map(({ permissions }, index) => accountText(index, permissions))
  const text = [
    'listen: "127.0.0.1:-1"',
    `jetstream { store_dir: ${JSON.stringify(folder)}, max_mem: 2G, max_file: 2G }`,
    'accounts {',
    ...users,
    '}',
  ].join('\n')
  const server = await runNatsServer({ binary: binary.path, config: { text } })
  return {
    version: binary.version,
    login: (account) => ({
      port: server.port,
      user: `client-${account}`,
      pass: PASS,
      inboxPrefix: compiled[account]?.inboxPrefix ?? '',
    }),
    async furnish(account) {
      const owner = await connect({ port: server.port, user: `owner-${account}`, pass: PASS })
      await furnish(owner)
      return owner
    },
    async stop() {
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function accountText(index: number, { pub, sub, resp }: Permissions): string {
  const responses =
    resp === undefined ? {} : { allow_responses: { max: resp.max, expires: `${resp.ttl / 1_000_000}ms` } }
  const permissions = { publish: pub, subscribe: sub, ...responses }
  return [
    `A${index} {`,
    '  jetstream: enabled',
    '  users: [',
    `    {user: "owner-${index}", password: "${PASS}"}`,
    `    {user: "client-${index}", password: "${PASS}", permissions: ${JSON.stringify(permissions)}}`,
    '  ]',
    '}',
  ].join('\n')
}

/** Streams ORDERS (consumers billing, mail) and OTHER, buckets carts, plain (without direct access) and other, stores files and other. */
async function furnish(owner: NatsConnection): Promise<void> {
  const manager = await jetstreamManager(owner)
  const js = jetstream(owner)
  await manager.streams.add({ ...MEMORY, name: 'ORDERS', subjects: ['orders.>'], allow_direct: true })
  await manager.streams.add({ ...MEMORY, name: 'OTHER', subjects: ['other.>'], allow_direct: true })
  const explicit = { ack_policy: AckPolicy.Explicit }
  await manager.consumers.add('ORDERS', { ...explicit, durable_name: 'billing' })
  await manager.consumers.add('ORDERS', { ...explicit, durable_name: 'audit' })
  const push = { deliver_subject: 'deliver.mail', deliver_group: 'mailers' }
  await manager.consumers.add('ORDERS', { ...explicit, ...push, durable_name: 'mail' })
  for (const subject of ['orders.created', 'orders.paid', 'orders.eu.created', 'other.secret'])
    await js.publish(subject)
  const kvm = new Kvm(owner)
  for (const name of ['carts', 'other']) {
    const bucket = await kvm.create(name, { ...MEMORY, history: 5 })
    for (const key of ['cart.1', 'cart.2', 'secret.1']) await bucket.put(key, name)
  }
  const plain = await kvm.create('plain', { ...MEMORY, history: 5, allow_direct: false })
  await plain.put('cart.1', 'plain')
  const objm = new Objm(owner)
  for (const name of ['files', 'other']) {
    const store = await objm.create(name, MEMORY)
    await store.putBlob({ name: 'a/b' }, new Uint8Array(10))
  }
}
