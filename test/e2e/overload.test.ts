/**
 * More requests than can be answered in time: what is past its deadline is dropped in silence, what is not is answered, in the order of
 * arrival; and when the flood is over the next login goes through.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createFakeServer, type FakeServer } from '../support/fake-server.ts'
import { environments, natsServerForTests } from '../support/nats-server.ts'
import { startRig, type Rig } from './support/rig.ts'

const natsServer = await natsServerForTests()
const FLOOD = 2_000
const DEADLINE_MS = 100

describe.skipIf(natsServer === undefined).each(environments)('a flood (%s)', (name) => {
  let rig: Rig
  let server: FakeServer
  let flood: readonly { readonly payload: Uint8Array; readonly xkey?: string }[]

  beforeAll(async () => {
    rig = await startRig(name, { replies: 'inbox', overlay: { nats: { connections: 1 } } })
    const { bridge } = rig.env
    server = createFakeServer(bridge.mode === 'config' ? bridge.issuer.publicKey : bridge.calloutAccount.publicKey, {
      withXkey: rig.env.sealed,
    })
  })
  afterAll(() => rig.stop())

  function prepare(count: number): void {
    const { xkey } = rig.env.bridge
    const exp = Math.floor(Date.now() / 1000) + 60
    flood = Array.from({ length: count }, () => {
      const payload = server.token(Date.now(), { claims: { exp }, connect: { auth_token: 'no-token' } })
      return xkey === undefined ? { payload } : { payload: server.seal(payload, xkey.publicKey), xkey: server.xkey }
    })
  }
  const pour = async (): Promise<void> => {
    for (const { payload, ...options } of flood) rig.wire.smuggle(payload, options)
    await rig.wire.settle()
  }
  const order = (decisionId: string): number => Number.parseInt(decisionId.split('-')[1] ?? '', 36)

  test('sheds what is past its deadline, in silence, and nothing else', async () => {
    await rig.withOverlay({ callout: { deadline: `${DEADLINE_MS}ms` } }, async () => {
      prepare(FLOOD)
      const before = rig.wire.replies.size
      const records = await rig.decisionsOf(pour, FLOOD)
      const shed = records.filter(({ code }) => code === 'DEADLINE_PASSED')
      const answered = records.filter(({ code }) => code === 'TOKEN_MALFORMED')
      expect(shed.length + answered.length).toBe(FLOOD)
      expect(shed.length).toBeGreaterThan(0)
      expect(answered.length).toBeGreaterThan(0)
      expect(Math.min(...shed.map(({ durationMs }) => durationMs))).toBeGreaterThanOrEqual(DEADLINE_MS)
      // Whether there is time is asked before the signature, the duration is taken after it: a busy machine may come between.
      const inTime = answered.filter(({ durationMs }) => durationMs < DEADLINE_MS)
      expect(inTime.length).toBeGreaterThan(answered.length / 2)
      expect(shed.filter((record) => record.answered)).toEqual([])
      // Before any cryptography: nothing is known of them. Few were opened in time and came out late.
      expect(shed.filter((record) => record.server !== undefined).length).toBeLessThan(shed.length / 10)
      // First in, first out.
      const orders = records.map(({ decisionId }) => order(decisionId))
      expect(orders).toEqual(orders.toSorted((a, b) => a - b))
      await rig.expectGoodLogin()
      await rig.wire.settle()
      expect(rig.wire.replies.size - before).toBe(answered.length + 1)
    })
  })

  test('beyond what may be held at once is shed at the door', async () => {
    await rig.withOverlay({ callout: { maxPending: 40, deadline: '10s' } }, async () => {
      prepare(400)
      const records = await rig.decisionsOf(pour, 400)
      const codes = new Map<string, number>()
      for (const { code } of records) codes.set(code, (codes.get(code) ?? 0) + 1)
      expect([...codes.keys()].toSorted()).toEqual(['OVERLOADED', 'TOKEN_MALFORMED'])
      expect(records.filter(({ code, answered }) => code === 'OVERLOADED' && answered)).toEqual([])
      expect(codes.get('TOKEN_MALFORMED')).toBeGreaterThanOrEqual(40)
      await rig.expectGoodLogin()
    })
  })
})
