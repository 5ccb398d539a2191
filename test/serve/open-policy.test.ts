/** The policy of a configured bridge: what is opened, and what readiness and metrics say of it. */
import { expect, onTestFinished, test } from 'vitest'
import { createStepwiseCompiler } from '../../src/compile/index.ts'
import type { Config } from '../../src/config/index.ts'
import type { Diagnostic } from '../../src/policy/diagnostic.ts'
import { openPolicy, policyState, policyGauges } from '../../src/serve/open-policy.ts'
import { sha256Hex } from '../../src/serve/sha256.ts'
import type { PolicySource } from '../../src/sources/index.ts'
import { fakeApi } from '../kube/fake-api.ts'
import { tempFolder } from '../support/temp-folder.ts'

const soon = { timeout: 20_000, interval: 10 }
const MAPS = 'accountmaps.nats-identity-bridge.dev'

async function open(policy: Config['policy']): Promise<PolicySource & { logged: Diagnostic[] }> {
  const logged: Diagnostic[] = []
  const trustDomains = { local: 'cluster.local', aliases: [] }
  const compile = createStepwiseCompiler({ trustDomains, forbiddenAccounts: [], hash: sha256Hex })
  const source = await openPolicy({ policy }, { compile, log: (one) => void logged.push(one), now: Date.now })
  onTestFinished(() => source.close())
  return { ...source, logged }
}

test('the cluster that the configuration names is followed, beside its folders', async () => {
  const api = await fakeApi()
  const folder = tempFolder()
  folder.write('a.yaml', '# nothing')
  const spec = { accounts: [{ account: 'SHOP', inbox: 'private', principals: [{ namespace: 'shop' }] }] }
  api.put(MAPS, { metadata: { name: 'accounts' }, spec })
  const kubernetes = { kubeconfigFile: api.kubeconfig, status: false }
  const source = await open({ folders: [folder.path], rootNamespace: 'istio-system', kubernetes })
  await expect.poll(() => source.asked()?.snapshot.model.accounts, soon).toMatchObject([{ account: 'SHOP' }])
  expect(policyState(source, Date.now())).toEqual({ snapshotId: source.current()?.id, problem: undefined })
  const gauges = policyGauges(source)
  await expect.poll(() => gauges.clusterResources().every(({ inStep }) => inStep), soon).toBe(true)
  expect(gauges.policySources()).toEqual([
    { source: 'folders', asOf: expect.any(Number) },
    { source: 'cluster', asOf: expect.any(Number) },
  ])
  expect(gauges.clusterResources()).toHaveLength(10)
  expect(gauges.clusterResources()).toContainEqual({ resource: MAPS, objects: 1, inStep: true })

  // A long outage, and its end.
  const stop = api.takeOver(({ response }) => response.destroy() !== undefined)
  api.hangUp()
  await expect
    .poll(() => policyState(source, Date.now()).problem, soon)
    .toMatch(/^last good policy serves: the Kubernetes API cannot be reached \(ECONNRESET\) \(for \d+ s\)$/)
  expect(gauges.clusterResources()).toContainEqual({ resource: MAPS, objects: 1, inStep: false })
  stop()
  await expect.poll(() => policyState(source, Date.now()).problem, soon).toBeUndefined()
  expect(source.logged.map(({ code }) => code)).toEqual(
    expect.arrayContaining(['policy-changed', 'cluster-unreachable', 'policy-kept', 'policy-current']),
  )
})

test('a cluster that cannot be reached leaves the bridge without a policy, and says so', async () => {
  const kubernetes = { kubeconfigFile: '/none/kubeconfig', status: true }
  const source = await open({ folders: [], rootNamespace: 'istio-system', kubernetes })
  expect(source.current()).toBeUndefined()
  expect(policyState(source, Date.now())).toMatchObject({
    snapshotId: undefined,
    problem: expect.stringMatching(/^no policy serves: the kubeconfig \/none\/kubeconfig does not exist \(for 0 s\)$/),
  })
})

test('readiness names the place of the mistake that keeps the last good policy', async () => {
  const folder = tempFolder()
  folder.write('a.yaml', '# nothing')
  const source = await open({ folders: [folder.path], rootNamespace: 'istio-system' })
  const head = 'apiVersion: nats-identity-bridge.dev/v1alpha1\nmetadata: {name: a}\n'
  // An error too, but one that leaves only its own grants out.
  folder.write('a.yaml', `${head}kind: SubjectPolicy\nspec: {principals: [{namespace: a}], grants: [{publsh: [a]}]}\n`)
  folder.write('b.yaml', `${head}kind: AccountMap\nspec: {accounts: [{acount: A}]}\n`)
  await expect
    .poll(() => policyState(source, Date.now()).problem, soon)
    .toMatch(/^last good policy serves: \S+b\.yaml:4: spec\.accounts\[0\]\.account is missing.*\(for \d+ s\)$/)
  const { policyErrors, policyStale } = policyGauges(source)
  expect(policyErrors()).toBeGreaterThan(1)
  expect(policyStale()).toBe(1)
  // What is broken in an ALLOW alone keeps nothing, and is counted all the same.
  folder.remove('b.yaml')
  await expect.poll(() => policyStale(), soon).toBe(0)
  expect(policyErrors()).toBeGreaterThan(0)
})

test('folders alone need no cluster', async () => {
  const folder = tempFolder()
  folder.write('a.yaml', '# nothing')
  const source = await open({ folders: [folder.path], rootNamespace: 'istio-system' })
  expect(policyGauges(source).clusterResources()).toEqual([])
  expect(source.status().sources).toHaveLength(1)
})
