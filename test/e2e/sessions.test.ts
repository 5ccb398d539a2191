/** What a client holds once it is in: a name, an end, an account, and nothing that the policy did not give. */
import { decode, type AuthorizationResponse, type User } from '@nats-io/jwt'
import { ErrorCode, type NatsConnection } from 'nats'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { within } from '../../src/dev/deadline.ts'
import { inboxPrefixOf } from './support/inbox.ts'
import { environments, natsServerForTests } from '../support/nats-server.ts'
import { LIMIT_MS, POLICY, startRig, type Rig } from './support/rig.ts'

const natsServer = await natsServerForTests()
const ORDERS = 'spiffe://cluster.local/ns/shop/sa/orders'

describe.skipIf(natsServer === undefined).each(environments)('a session (%s)', (name) => {
  let rig: Rig

  beforeAll(async () => {
    rig = await startRig(name)
  })
  afterAll(() => rig.stop())
})
