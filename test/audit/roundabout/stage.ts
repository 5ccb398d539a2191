/** The worlds on one real nats-server with JetStream: each has accounts of its own, a user for everybody in it, and one without limits. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type NatsConnection } from 'nats'
import { runNatsServer } from '../../../src/dev/nats-server/index.ts'
import type { Permissions } from '../../../src/policy/decision.ts'
import { natsServerForTests } from '../../support/nats-server.ts'
import { decisionOf, type World } from './world.ts'

export interface Stage {
  readonly url: string
  /** With exactly the permissions that the policy gives. */
  as(world: number, name: string): Promise<NatsConnection>
  /** With all rights in an account of the world; default its own. */
  owner(world: number, account?: string): Promise<NatsConnection>
  /** In the system account. */
  system(): Promise<NatsConnection>
  stop(): Promise<void>
}

const PASS = 'unguarded'

/** @param extra of the accounts, as nats-server's configuration has it: imports, exports. */
export async function openStage(
  worlds: readonly World[],
  extra: Readonly<Record<string, string>> = {},
): Promise<Stage> {
  const binary = await natsServerForTests()
  if (binary === undefined) throw new Error('no nats-server: skip with describeOnNatsServer')
  const folder = await mkdtemp(join(tmpdir(), 'nib-roundabout-'))
  const text = [
    'listen: "127.0.0.1:-1"',
    `jetstream { store_dir: ${JSON.stringify(folder)}, max_mem: 1G, max_file: 1G }`,
    'system_account: SYS',
    'accounts {',
    `  SYS { users: [{user: system, password: "${PASS}"}] }`,
    ...worlds.flatMap((world, index) => accountsOf(world, index, extra)),
    '}',
  ].join('\n')
  const server = await runNatsServer({ binary: binary.path, config: { text } })
  const login = (user: string, inboxPrefix?: string): Promise<NatsConnection> =>
    connect({
      servers: server.url,
      user,
      pass: PASS,
      ...(inboxPrefix === undefined ? {} : { inboxPrefix }),
      reconnect: false,
    })
  return {
    url: server.url,
    as: (index, name) => login(`${name}-${index}`, decisionOf(worldAt(worlds, index), name).inboxPrefix),
    owner: (index, account) => login(`owner-${account ?? worldAt(worlds, index).account}-${index}`),
    system: () => login('system'),
    async stop() {
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function worldAt(worlds: readonly World[], index: number): World {
  const world = worlds[index]
  if (world === undefined) throw new Error(`no world ${index}`)
  return world
}

function accountsOf(world: World, index: number, extra: Readonly<Record<string, string>>): string[] {
  const names = Object.keys(world.people)
  const accounts = new Set([world.account, ...names.flatMap((name) => name.split('@')[1] ?? [])])
  return [...accounts].flatMap((account) => [
    `  ${account} {`,
    '    jetstream: enabled',
    ...(extra[account] === undefined ? [] : [extra[account]]),
    '    users: [',
    `      {user: "owner-${account}-${index}", password: "${PASS}"}`,
    ...names
      .filter((name) => (name.split('@')[1] ?? world.account) === account)
      .map((name) => userOf(`${name}-${index}`, decisionOf(world, name).permissions.filtering)),
    '    ]',
    '  }',
  ])
}

function userOf(user: string, { pub, sub, resp }: Permissions): string {
  const responses =
    resp === undefined ? {} : { allow_responses: { max: resp.max, expires: `${resp.ttl / 1_000_000}ms` } }
  const permissions = { publish: pub, subscribe: sub, ...responses }
  return `      {user: "${user}", password: "${PASS}", permissions: ${JSON.stringify(permissions)}}`
}
