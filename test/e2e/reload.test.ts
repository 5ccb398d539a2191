/** What becomes of clients when nats-server is reloaded, as docs/nats-server.md has it. */
import { Events, type NatsConnection } from 'nats'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { within } from '../../src/dev/deadline.ts'
import { natsServerForTests } from '../support/nats-server.ts'
import { lineClient } from './support/line-client.ts'
import { LIMIT_MS, startRig, type Rig } from './support/rig.ts'
import { connections } from './support/server-side.ts'

const natsServer = await natsServerForTests()

describe.skipIf(natsServer === undefined).each(['config', 'operator'] as const)('clients (%s)', (name) => {
  let rig: Rig

  beforeAll(async () => {
    rig = await startRig(name, { withWire: false, overlay: { nats: { connections: 2 } } })
  })
  afterAll(() => rig.stop())

  const returned = async (client: NatsConnection): Promise<void> => {
    for await (const { type } of client.status()) if (type === Events.Reconnect) return
  }
  const reload = (records: number): Promise<readonly string[]> =>
    rig.decisionsOf(() => rig.env.server.reload(), records).then((made) => made.map(({ code }) => code))

  test('are closed by a reload that changes nothing, and come back; the bridge stays', async () => {
    const client = await rig.logIn(await rig.token(), { reconnect: true, reconnectTimeWait: 100 })
    const own = async (): Promise<readonly number[]> =>
      (await connections(rig.env)).filter((one) => one.name?.startsWith('nib-')).map(({ cid }) => cid)
    const before = await own()
    const back = returned(client)
    // In operator mode the server asks about each again, and has not kept the auth_token.
    const codes = name === 'config' ? ['ALLOWED'] : ['CREDENTIAL_MISSING', 'ALLOWED']
    expect(await reload(codes.length)).toEqual(codes)
    await within(back, LIMIT_MS, 'the return of the client')
    expect(await own()).toEqual(before)
    await client.close()
  })

  test.runIf(name === 'operator')('that brought the token as password outlive a reload, judged anew', async () => {
    const client = await lineClient(rig.env.server.port, { pass: await rig.token() })
    expect(await reload(1)).toEqual(['ALLOWED'])
    expect(await client.exchange('PUB shop.in 0\r\n\r\n')).toEqual([])
    expect(await client.exchange('PUB ops.in 0\r\n\r\n')).toEqual([expect.stringContaining('Permissions Violation')])
    client.close()
  })
})
