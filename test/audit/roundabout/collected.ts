/** The topology of a world, asked of the real server that it is on. */
import type { NatsConnection } from 'nats'
import type { TopologyText } from '../../../src/audit/topology.ts'
import { collectBorders, collectStreams, type Ask } from '../../../src/wire/collect-topology.ts'
import type { Stage } from './stage.ts'

/** @param accounts of the world, as the server calls them. */
export async function collected(stage: Stage, index: number, accounts: readonly string[]): Promise<TopologyText> {
  const system = await stage.system()
  const asking =
    (connection: NatsConnection): Ask =>
    async (subject, body) =>
      (await connection.request(subject, body)).string()
  const found: TopologyText = { accounts: {} }
  for (const account of accounts) {
    const owner = await stage.owner(index, account)
    const streams = await collectStreams(asking(owner))
    const borders = await collectBorders(asking(system), account, new Map())
    if (!streams.ok || !borders.ok) throw new Error(JSON.stringify([streams, borders]))
    found.accounts[account] = { ...streams.value, ...borders.value }
    await owner.close()
  }
  await system.close()
  return found
}
