/** The CONNECT fields and the seed of one of our own users, for the raw client. */
import type { OwnLogin } from '../../src/server-config/index.ts'
import type { TestEnvironment } from '../support/nats-server.ts'
import { rawClient, type ConnectFields, type RawClient } from './raw-client.ts'

const CREDS = /BEGIN NATS USER JWT-+\s+(\S+)[\s\S]*BEGIN USER NKEY SEED-+\s+(\S+)/

export function connectAs(env: TestEnvironment, login: OwnLogin): Promise<RawClient> {
  const { fields, seed } = fieldsOf(env, login)
  return rawClient(env.server.port, fields, seed)
}

export function fieldsOf(env: TestEnvironment, login: OwnLogin): { fields: ConnectFields; seed?: string } {
  if (login.kind === 'password') return { fields: { user: login.user, pass: env.read('bridge.password') } }
  const text = env.read(login.file ?? '')
  if (login.kind === 'nkey') return { fields: { nkey: login.publicKey }, seed: text }
  const [, jwt, seed = ''] = CREDS.exec(text) ?? []
  return { fields: { jwt }, seed }
}
