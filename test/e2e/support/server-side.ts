/** What nats-server says of its clients: to the client itself, and to the operator through the system account. */
import { connect, type NatsConnection } from 'nats'
import type { TestEnvironment } from '../../support/nats-server.ts'

export interface UserInfo {
  readonly user: string
  readonly account: string
  readonly permissions: {
    readonly publish: PermissionLists
    readonly subscribe: PermissionLists
  }
  /** Nanoseconds. */
  readonly expires?: number
}

/** In no order. */
interface PermissionLists {
  readonly allow?: readonly string[]
  readonly deny?: readonly string[]
}

export async function userInfo(client: NatsConnection): Promise<UserInfo> {
  const reply = await client.request('$SYS.REQ.USER.INFO', '', { timeout: 5_000 })
  return reply.json<{ data: UserInfo }>().data
}

export interface Connection {
  readonly cid: number
  readonly account?: string
  readonly authorized_user?: string
  readonly issuer_key?: string
  readonly out_msgs?: number
  /** How many are open. */
  readonly subscriptions?: number
  readonly name?: string
}

/** @param filter of `CONNZ`, such as `{user}`. */
export async function connections(env: TestEnvironment, filter: object = {}): Promise<readonly Connection[]> {
  const sessions = await connect(env.asSessions())
  const asked = JSON.stringify({ auth: true, limit: 1024, ...filter })
  const reply = await sessions.request('$SYS.REQ.SERVER.PING.CONNZ', asked, { timeout: 5_000 })
  await sessions.close()
  return reply.json<{ data: { connections: Connection[] } }>().data.connections
}
