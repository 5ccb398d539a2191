/**
 * A real kube-apiserver as the cluster: the manifests of deploy/kubernetes and the policy are applied with kubectl, tokens come from
 * the TokenRequest API, and the bridge reads the policy as its own ServiceAccount, with the rights that the manifests give it.
 */
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { applyCrds, findIstioCrds, findKubernetes, KubernetesUnavailable, runKubernetes } from '../kubernetes/index.ts'
import type { RunningKubernetes } from '../kubernetes/index.ts'
import { DevError } from '../dev-error.ts'
import { runTool, type Environment } from '../nats-server/tool.ts'
import type { DevCluster } from './dev-cluster.ts'
import { keepDiscoveryToken } from './discovery-token.ts'
import { createRoster } from './roster.ts'
import { createClusterTokens } from './cluster-tokens.ts'

const MANIFESTS = fileURLToPath(new URL('../../../deploy/kubernetes', import.meta.url))
const AUTHORIZATION_POLICIES = 'authorizationpolicies.security.istio.io'
const BRIDGE = { namespace: 'nats-identity-bridge', name: 'nats-identity-bridge' }
const KUBECTL_MS = 30_000

export interface RealClusterOptions {
  readonly policyFolder: string
  readonly env: Environment
  readonly progress?: (line: string) => void
}

/** @throws KubernetesUnavailable, or DevError when the API refuses a document. */
export async function startRealCluster({ policyFolder, env, progress }: RealClusterOptions): Promise<DevCluster> {
  const binaries = await findKubernetes({ env })
  const istioCrds = await findIstioCrds(env)
  if (istioCrds === undefined)
    throw new KubernetesUnavailable([{ way: 'cache', reason: 'was never fetched' }], 'Istio CRDs')
  progress?.(`kube-apiserver ${binaries.version}: starting …`)
  const kubernetes = await runKubernetes(binaries)
  try {
    return await furnish(kubernetes, istioCrds, policyFolder)
  } catch (problem) {
    await kubernetes.stop()
    throw problem
  }
}

async function furnish(kubernetes: RunningKubernetes, istioCrds: string, policyFolder: string): Promise<DevCluster> {
  const crds = join(MANIFESTS, 'crds')
  const own = await Promise.all((await readdir(crds)).map((file) => readFile(join(crds, file), 'utf8')))
  await Promise.all([
    ...own.map((yaml) => applyCrds(kubernetes, yaml)),
    applyCrds(kubernetes, await readFile(istioCrds, 'utf8'), [AUTHORIZATION_POLICIES]),
  ])
  const roster = createRoster(kubernetes)
  await roster.namespacesOf(policyFolder)
  await roster.serviceAccount(BRIDGE)
  await apply(kubernetes, join(MANIFESTS, 'rbac.yaml'))
  await apply(kubernetes, policyFolder)
  const discovery = await keepDiscoveryToken(kubernetes, BRIDGE)
  const kubeconfigFile = await kubernetes.kubeconfigFor({ namespace: BRIDGE.namespace, serviceAccount: BRIDGE.name })
  return {
    ...(await createClusterTokens(kubernetes, roster)),
    version: kubernetes.version,
    keys: { url: `${kubernetes.url}/openid/v1/jwks`, caFile: kubernetes.caFile, bearerTokenFile: discovery.path },
    policy: { kubernetes: { kubeconfigFile } },
    apply: (file) => apply(kubernetes, file),
    async stop() {
      discovery.stop()
      await kubernetes.stop()
    },
  }
}

/** @param path a file, or a folder. */
async function apply({ kubectlFile, kubeconfig, folder }: RunningKubernetes, path: string): Promise<void> {
  const own = ['--kubeconfig', kubeconfig, '--cache-dir', join(folder, 'kubectl')]
  const args = [...own, 'apply', '--server-side', '-f', path]
  const applied = await runTool(kubectlFile, args, { env: {}, timeoutMs: KUBECTL_MS })
  if (!applied.ok) throw new DevError(`kubectl apply -f ${path}: ${applied.error}`, { hint: 'correct what it names' })
}
