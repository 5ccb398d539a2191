/** Everything that leaves a bridge but its answers, searched for what a client sent. */
import { expect } from 'vitest'
import type { Rig } from './rig.ts'

export const CANARY = 'CaNaRy0123456789'

/** A refusal as it may stand in the server's log. */
const REFUSAL_LINE = /Auth callout service returned an error: [A-Z_]+ [0-9a-f]{8}-[0-9a-z]+$/

/**
 * @param secrets beside the canary: tokens and parts of them. Log, records, metrics, readiness, and what the server was told,
 * which it writes into its log and its event, must be free of all of them.
 */
export async function expectNoLeak(rig: Rig, secrets: readonly string[] = []): Promise<void> {
  const told = rig.env.server.log.lines.filter((line) => line.includes('returned an error'))
  expect(told.filter((line) => !REFUSAL_LINE.test(line))).toEqual([])
  const reasons = rig.wire.authErrors.map(({ reason }) => reason)
  const [metrics, readiness] = [await rig.admin('/metrics'), await rig.admin('/readyz')]
  const said = [...rig.log.lines, ...told, ...reasons, JSON.stringify(rig.records), metrics.text, readiness.text]
  for (const secret of [CANARY, Buffer.from(CANARY).toString('base64url').slice(0, 18), ...secrets])
    expect(said.filter((text) => text.includes(secret))).toEqual([])
}
