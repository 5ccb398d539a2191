/** A server that takes short messages alone: who holds more than fits into one is told so, in time, and others are not the worse for it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { natsServerForTests } from '../support/nats-server.ts'
import { REFUSED, tryLogin } from './support/line-client.ts'
import { POLICY, startRig, type Rig } from './support/rig.ts'

const natsServer = await natsServerForTests()
const MANY = `${POLICY}---
apiVersion: nats-identity-bridge.dev/v1alpha1
kind: SubjectPolicy
metadata: {name: collector, namespace: shop}
spec:
  principals: [{serviceAccount: shop/collector}]
  grants: [{publish: [${Array.from({ length: 2_000 }, (_, number) => `shop.sensors.${number}.reading`).join(', ')}]}]
`

describe.skipIf(natsServer === undefined).each(['config', 'operator+xkey'] as const)('max_payload (%s)', (name) => {
  let rig: Rig

  beforeAll(async () => {
    const amend = (text: string): string => `max_payload: 65536\n${text}`
    rig = await startRig(name, { policy: { 'policy.yaml': MANY }, overlay: { nats: { connections: 1 } }, amend })
  })
  afterAll(() => rig.stop())

  test('refuses a login whose answer does not fit, by one answer that does', async () => {
    const token = await rig.token('shop/collector')
    const from = rig.wire.requests.length
    const record = await rig.decisionOf(async () =>
      expect(await tryLogin(rig.env.server.port, { auth_token: token })).toBe(REFUSED),
    )
    expect(record).toMatchObject({ effect: 'deny', code: 'PERMISSIONS_TOO_LARGE', answered: true })
    await rig.wire.settle()
    expect(rig.wire.requests.slice(from).map(({ reply }) => rig.wire.replies.get(reply)?.length)).toEqual([1])
    await rig.expectGoodLogin()
  })
})
