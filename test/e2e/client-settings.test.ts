/** What docs/clients.md tells clients to set, and what becomes of one that sets nothing, on a real nats-server whose bridge is away. */
import { readFileSync } from 'node:fs'
import { Events, type ConnectionOptions, type NatsConnection } from 'nats'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { within } from '../../src/dev/deadline.ts'
import { natsServerForTests } from '../support/nats-server.ts'
import { LIMIT_MS, startRig, type Rig } from './support/rig.ts'

const natsServer = await natsServerForTests()
/** Stock waits, shortened: what is told apart does not hang on them. */
const STOCK: ConnectionOptions = { reconnect: true, reconnectTimeWait: 100 }
const RECOMMENDED: ConnectionOptions = { ...STOCK, maxReconnectAttempts: -1, ignoreAuthErrorAbort: true }

describe.skipIf(natsServer === undefined)('a client whose session ends while no bridge runs', () => {
  let rig: Rig
  let token: string

  beforeAll(async () => {
    rig = await startRig('config', {
      withWire: false,
      overlay: { sessions: { ttl: '2s', minimumTtl: '1s', jitter: '0%' } },
      amend: (text) => text.replace(/(\btimeout: )\d+/, '$11'),
    })
    token = await rig.token()
  })
  afterAll(() => rig.stop())

  test('is lost for good with stock settings, and comes back with those of docs/clients.md', async () => {
    const stock = await rig.logIn(token, STOCK)
    const client = await rig.logIn(token, RECOMMENDED)
    await rig.stopBridges()
    expect(await within(stock.closed(), LIMIT_MS, 'the end of the stock client')).toMatchObject({
      code: 'AUTHORIZATION_VIOLATION',
    })
    expect(client.isClosed()).toBe(false)
    const back = reconnected(client)
    await rig.startBridge()
    await within(back, LIMIT_MS, 'the return of the other client')
    await client.flush()
    await client.close()
  })
})

test('docs/clients.md names each of them', () => {
  const page = readFileSync('docs/clients.md', 'utf8')
  const { maxReconnectAttempts, ignoreAuthErrorAbort } = RECOMMENDED
  for (const [name, value] of Object.entries({ maxReconnectAttempts, ignoreAuthErrorAbort }))
    expect(page).toContain(`${name}: ${value}`)
})

async function reconnected(client: NatsConnection): Promise<void> {
  for await (const { type } of client.status()) if (type === Events.Reconnect) return
}
