/**
 * The whole bridge on a real nats-server, its policy from a folder and a real Kubernetes API: an object that is applied changes what a
 * login holds, with the rights of the shipped manifest, and logins go on through an outage of the API.
 */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RunningKubernetes } from '../../src/dev/kubernetes/index.ts'
import { kubernetesForTests, ownKubernetes, type TestKubernetes } from '../support/kubernetes.ts'
import { natsServerForTests } from '../support/nats-server.ts'
import { policyCrds } from '../support/policy-crds.ts'
import { POLICY, startRig, type Rig } from './support/rig.ts'

const soon = { timeout: 20_000, interval: 20 }
const RIGHTS = new URL('../../deploy/kubernetes/rbac.yaml', import.meta.url)
const BRIDGE = 'nats-identity-bridge'
const natsServer = await natsServerForTests()
let k: TestKubernetes & RunningKubernetes
let rig: Rig

function policy(subject: string, serviceAccount = 'shop/cart'): object {
  const spec = { principals: [{ serviceAccount }], grants: [{ publish: [subject] }] }
  return {
    apiVersion: 'nats-identity-bridge.dev/v1alpha1',
    kind: 'SubjectPolicy',
    metadata: { name: 'cart', namespace: 'shop' },
    spec,
  }
}

/** Whether a fresh login may publish there. */
async function mayPublish(subject: string): Promise<boolean> {
  const client = await rig.logIn(await rig.token('shop/cart'))
  const refused: string[] = []
  void (async () => {
    for await (const { data } of client.status()) refused.push(JSON.stringify(data))
  })()
  client.publish(subject)
  await client.flush()
  await client.flush()
  await client.close()
  return !refused.some((text) => /PERMISSIONS/i.test(text))
}

describe.skipIf(natsServer === undefined || kubernetesForTests() === undefined)(
  'a bridge that follows a cluster',
  () => {
    beforeAll(async () => {
      k = await ownKubernetes()
      await k.applyCrds(policyCrds())
      for (const name of [BRIDGE, 'shop']) {
        await k.call({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name } } })
      }
      await k.apply(readFileSync(RIGHTS, 'utf8'))
      const kubeconfigFile = await k.kubeconfigFor({ namespace: BRIDGE, serviceAccount: BRIDGE })
      const overlay = { policy: { kubernetes: { kubeconfigFile } } }
      rig = await startRig('config+xkey', { policy: { 'policy.yaml': POLICY }, overlay })
    })
    afterAll(async () => {
      await rig?.stop()
      await k?.stop()
    })

    test('takes up an object that is applied, for the next login, and says in it that it is in force', async () => {
      expect(await mayPublish('cart.items')).toBe(false)
      await k.apply([policy('cart.items')])
      await expect.poll(() => mayPublish('cart.items'), soon).toBe(true)
      await expect
        .poll(() => k.kubectl(['get', 'subjpol', 'cart', '--no-headers'], { namespace: 'shop' }), soon)
        .toMatch(/^cart +True +True +Compiled /)
      await k.apply([policy('cart.other')])
      await expect.poll(() => mayPublish('cart.items'), soon).toBe(false)
      expect(await mayPublish('cart.other')).toBe(true)
    })

    test('is ready, and says of each source how old it is', async () => {
      expect(rig.bridge.readiness().checks.find(({ name }) => name === 'policy')).toMatchObject({ ok: true })
      const { text } = await rig.admin('/metrics')
      expect(text).toMatch(/^nib_policy_source_as_of_timestamp_seconds\{source="cluster"\} [1-9]/m)
      expect(text).toContain('nib_cluster_in_step{resource="subjectpolicies.nats-identity-bridge.dev"} 1')
      expect(text).toContain('nib_cluster_objects{resource="subjectpolicies.nats-identity-bridge.dev"} 1')
    })

    test('goes on with what it knows while the API is gone, and says so', async () => {
      await k.killApiServer()
      await expect
        .poll(() => rig.bridge.readiness().checks.find(({ name }) => name === 'policy'), soon)
        .toMatchObject({
          ok: false,
          required: false,
          detail: expect.stringMatching(/^last good policy serves: the Kubernetes API cannot be reached/),
        })
      expect(rig.bridge.readiness().ready).toBe(true)
      expect(await mayPublish('cart.other')).toBe(true)
      await k.startApiServer()
      await k.apply([policy('cart.last')])
      await expect.poll(() => mayPublish('cart.last'), soon).toBe(true)
      await expect.poll(() => rig.bridge.readiness().checks.every(({ ok }) => ok), soon).toBe(true)
    })
  },
)
