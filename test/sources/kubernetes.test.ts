/** Files and a real cluster as one policy, compiled for real: from `kubectl apply` to the decision, and back into the object's status. */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { createStepwiseCompiler } from '../../src/compile/index.ts'
import { openCluster, type Cluster } from '../../src/kube/index.ts'
import { workloadPrincipal, type Principal } from '../../src/identity/principal.ts'
import { parseSpiffeId } from '../../src/identity/spiffe-id.ts'
import type { RunningKubernetes } from '../../src/dev/kubernetes/index.ts'
import { createDecide } from '../../src/policy/decide.ts'
import type { Diagnostic } from '../../src/policy/diagnostic.ts'
import { sha256Hex } from '../../src/serve/sha256.ts'
import { createPolicySource, type PolicySource } from '../../src/sources/index.ts'
import { describeOnKubernetes, ownKubernetes, type TestKubernetes } from '../support/kubernetes.ts'
import { policyCrds } from '../support/policy-crds.ts'
import { tempFolder } from '../support/temp-folder.ts'

const soon = { timeout: 20_000, interval: 5 }
const API_VERSION = 'nats-identity-bridge.dev/v1alpha1'
const decide = createDecide(sha256Hex)
/** Of its own, because a policy that is withheld is withheld from all. */
let k: TestKubernetes & RunningKubernetes

function accountMap(name: string, namespace: string, account = 'SHOP'): object {
  const spec = { accounts: [{ account, inbox: 'private', principals: [{ namespace }] }] }
  return { apiVersion: API_VERSION, kind: 'AccountMap', metadata: { name }, spec }
}

function policy(namespace: string, name: string, subject: string): object {
  const spec = { principals: [{ serviceAccount: `${namespace}/orders` }], grants: [{ publish: [subject] }] }
  return { apiVersion: API_VERSION, kind: 'SubjectPolicy', metadata: { name, namespace }, spec }
}

interface Open {
  readonly source: PolicySource
  readonly logged: Diagnostic[]
  /** What `orders` of the namespace may publish; the code of the refusal when it is refused. */
  may(namespace: string): readonly string[] | string
}

async function openBoth(folders: readonly string[]): Promise<Open> {
  const logged: Diagnostic[] = []
  const trustDomains = { local: 'cluster.local', aliases: [] }
  const source = await createPolicySource({
    folders,
    cluster: (onChange): Cluster =>
      openCluster({ kubeconfigFile: k.kubeconfig, status: true }, { onChange, now: Date.now, chance: Math.random }),
    compile: createStepwiseCompiler({ trustDomains, forbiddenAccounts: ['AUTH'], hash: sha256Hex }),
    log: (diagnostic) => void logged.push(diagnostic),
    now: Date.now,
  })
  onTestFinished(() => source.close())
  return {
    source,
    logged,
    may(namespace) {
      const snapshot = source.current()
      if (snapshot === undefined) return 'no snapshot'
      const decision = decide(snapshot, principal(namespace))
      return decision.effect === 'deny' ? decision.code : decision.permissions.filtering.pub.allow
    },
  }
}

function principal(namespace: string): Principal {
  const id = parseSpiffeId(`spiffe://cluster.local/ns/${namespace}/sa/orders`)
  if (!id.ok) throw new Error(id.error)
  return workloadPrincipal(id.value)
}

describeOnKubernetes('files and a cluster', () => {
  beforeAll(async () => {
    k = await ownKubernetes()
    await k.applyCrds(policyCrds())
    await k.applyIstioCrds()
  })
  afterAll(() => k.stop())

  test('are one policy: the account from a file, the grants from the cluster', async () => {
    const ns = await k.namespace('shop')
    const folder = tempFolder()
    folder.write('accounts.yaml', JSON.stringify(accountMap(k.unique('accounts'), ns)))
    const { source, may } = await openBoth([folder.path])
    expect(may(ns)).toEqual([])
    await k.apply([policy(ns, 'orders', 'shop.orders')])
    await expect.poll(() => may(ns), soon).toEqual(['shop.orders'])
    expect(source.asked()?.snapshot).toBe(source.current())
    await k.serviceAccount(ns, 'orders')
    await expect.poll(() => source.asked()?.serviceAccounts, soon).toContainEqual({ namespace: ns, name: 'orders' })
    folder.replace('accounts.yaml', '# nobody')
    await expect.poll(() => may(ns), soon).toBe('ACCOUNT_NONE')
  })

  test('serve a change of an object well within a second', async () => {
    const ns = await k.namespace('shop')
    const map = k.unique('accounts')
    await k.apply([accountMap(map, ns), policy(ns, 'orders', 'shop.one')])
    const { may } = await openBoth([])
    await expect.poll(() => may(ns), soon).toEqual(['shop.one'])
    const path = `/apis/${API_VERSION}/namespaces/${ns}/subjectpolicies/orders`
    const body = { spec: { grants: [{ publish: ['shop.two'] }] } }
    await k.call({ method: 'PATCH', path, body, contentType: 'application/merge-patch+json' })
    const begin = performance.now()
    await expect.poll(() => may(ns), soon).toEqual(['shop.two'])
    expect(performance.now() - begin).toBeLessThan(1_000)
    await k.kubectl(['delete', 'accountmap', map])
  })

  test('tell an object that passes admission and cannot be used, and keep what was good', async () => {
    const ns = await k.namespace('shop')
    await k.apply([accountMap('accounts', ns), policy(ns, 'orders', 'shop.one')])
    const { source, may, logged } = await openBoth([])
    await expect.poll(() => may(ns), soon).toEqual(['shop.one'])
    // Which accounts are the server's own, no admission rule can know.
    await k.apply([accountMap('wrong', `${ns}-other`, 'AUTH'), policy(ns, 'orders', 'shop.two')])
    await expect
      .poll(() => source.status().lastError?.diagnostics[0], soon)
      .toMatchObject({ kind: 'AccountMap', name: 'wrong' })
    expect(may(ns)).toEqual(['shop.one'])
    expect(logged.map(({ code }) => code)).toContain('policy-kept')
    interface Live {
      readonly metadata: { readonly generation: number }
      readonly status?: {
        readonly observedGeneration: number
        readonly conditions: readonly { readonly type: string; readonly status: string; readonly reason: string }[]
      }
    }
    const told = async (path: string): Promise<readonly unknown[]> => {
      const { metadata, status } = await k.get<Live>(`/apis/${API_VERSION}/${path}`)
      const conditions = (status?.conditions ?? []).map(({ type, status: is, reason }) => `${type} ${is} ${reason}`)
      return [status?.observedGeneration === metadata.generation, ...conditions]
    }
    await expect
      .poll(() => told('accountmaps/wrong'), soon)
      .toEqual([true, 'Compiled False AccountForbidden', 'Enforced False LastGoodKept'])
    await expect
      .poll(() => told(`namespaces/${ns}/subjectpolicies/orders`), soon)
      .toEqual([true, 'Compiled True Compiled', 'Enforced False LastGoodKept'])
    expect(await told('accountmaps/accounts')).toEqual([true, 'Compiled True Compiled', 'Enforced True InForce'])
    await k.kubectl(['delete', 'accountmap', 'wrong'])
    await expect.poll(() => may(ns), soon).toEqual(['shop.two'])
    await expect
      .poll(() => told(`namespaces/${ns}/subjectpolicies/orders`), soon)
      .toEqual([true, 'Compiled True Compiled', 'Enforced True InForce'])
    expect(source.status().lastError).toBeUndefined()

    // An outage: the cluster counts as it last was, and how old that is can be told.
    await k.killApiServer()
    await expect
      .poll(() => source.status().sources, soon)
      .toMatchObject([{ source: 'cluster', problem: expect.stringContaining('cannot be reached') }])
    const { asOf = 0 } = source.status().sources[0] ?? {}
    expect(asOf).toBeGreaterThan(0)
    expect(may(ns)).toEqual(['shop.two'])
    await k.startApiServer()
    await expect.poll(() => source.status().sources[0]?.problem, soon).toBeUndefined()
    await expect.poll(() => source.status().sources[0]?.asOf, soon).toBeGreaterThan(asOf)
  })
})
