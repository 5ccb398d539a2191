/** What a tenant writes about its own ServiceAccount costs its own login, and no login of anybody else. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { natsServerForTests } from '../support/nats-server.ts'
import { POLICY, startRig, type Rig } from './support/rig.ts'

const natsServer = await natsServerForTests()

/** Of twelve tokens each six are free: each pattern meets each other, below it as well. 924 patterns and 45 KB; an annotation holds 256 KB. */
const crossing = Array.from({ length: 4096 }, (_, bits) => Array.from(bits.toString(2).padStart(12, '0')))
  .filter((bits) => bits.filter((bit) => bit === '1').length === 6)
  .map((bits) => `shop.${bits.map((bit, at) => (bit === '1' ? '*' : `${at}`)).join('.')}`)
const TENANT = `
apiVersion: nats-identity-bridge.dev/v1alpha1
kind: SubjectCeiling
metadata: {name: shop}
spec:
  principals: [{serviceAccount: shop/tenant}]
  publish: [shop.>]
  subscribe: [shop.>]
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: tenant
  namespace: shop
  annotations:
    nats-identity-bridge.dev/subscribe: "${['.*', '.*.*', '.*.*.*'].flatMap((end) => crossing.map((text) => text + end)).join(',')}"
`

describe.skipIf(natsServer === undefined)('annotations that take long to work out', () => {
  let rig: Rig

  beforeAll(async () => {
    rig = await startRig('config', { policy: { 'policy.yaml': POLICY, 'tenant.yaml': TENANT } })
  })
  afterAll(() => rig.stop())

  test('refuse their own workload, and no login of anybody else', async () => {
    const [tenant, other] = [await rig.token('shop/tenant'), await rig.token('shop/orders')]
    const records = await rig.decisionsOf(async () => {
      const refused = rig.logIn(tenant).catch((problem: Error) => problem.message)
      const client = await rig.logIn(other)
      await client.close()
      expect(await refused).toContain('Authorization Violation')
    }, 2)
    expect(records.map(({ code }) => code).toSorted()).toEqual(['ALLOWED', 'PERMISSIONS_TOO_LARGE'])
  })
})
