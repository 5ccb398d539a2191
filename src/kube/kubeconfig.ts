/**
 * Reads the kubeconfig, or the ServiceAccount of the pod, with the Kubernetes client's own reader. What that reader gets wrong is put
 * right here: a user's `tokenFile`, which it does not know, and its errors, which repeat pieces of the file.
 */
import { dirname, resolve } from 'node:path'
import type { KubeConfig, User } from '@kubernetes/client-node'
import { parse } from 'yaml'
import { readText } from '../files/index.ts'
import { isJsonObject } from '../lib/json.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { apiProblem, type ApiProblem } from './problem.ts'

export interface ClusterSettings {
  /** Absolute. Absent: the pod's own ServiceAccount. */
  readonly kubeconfigFile?: string
  /** Of the kubeconfig; absent: its current one. */
  readonly context?: string
}

export interface Kubeconfig {
  readonly config: KubeConfig
  /** As it was written. */
  readonly server: URL
  /** A proxy on the way, for which the client brings an agent of its own. */
  readonly hasProxy: boolean
}

const MAX_BYTES = 1_048_576

export async function loadKubeconfig(settings: ClusterSettings): Promise<Result<Kubeconfig, ApiProblem>> {
  // Takes half a second and 40 MB of heap, which a bridge without a cluster need not pay.
  const { KubeConfig } = await import('@kubernetes/client-node')
  const config = new KubeConfig()
  const { kubeconfigFile, context } = settings
  if (kubeconfigFile === undefined) {
    config.loadFromCluster()
  } else {
    const loaded = await loadFile(config, kubeconfigFile)
    if (!loaded.ok) return loaded
    if (context !== undefined) config.setCurrentContext(context)
  }
  return chosen(config, kubeconfigFile)
}

async function loadFile(config: KubeConfig, file: string): Promise<Result<void, ApiProblem>> {
  const read = await readText(file, MAX_BYTES)
  if (!read.ok) return err(apiProblem('config', `the kubeconfig ${file} ${read.error}`, 'check the path and the mount'))
  try {
    const written: unknown = parse(read.value.text)
    if (!isJsonObject(written)) return err(noKubeconfig(file))
    config.loadFromString(read.value.text)
    config.makePathsAbsolute(dirname(file))
    useTokenFiles(config.users, written, dirname(file))
    return ok(undefined)
  } catch {
    return err(noKubeconfig(file))
  }
}

function noKubeconfig(file: string): ApiProblem {
  const hint = 'kubectl config view --kubeconfig with this file shows what is wrong'
  return apiProblem('config', `the file ${file} is no kubeconfig that can be read`, hint)
}

/** As client-go: `tokenFile` goes before `token`, and is read again from time to time. */
function useTokenFiles(users: User[], written: object, folder: string): void {
  const entries: unknown = 'users' in written ? written.users : undefined
  if (!Array.isArray(entries)) return
  for (const [index, user] of users.entries()) {
    const entry: unknown = entries[index]
    const own = isJsonObject(entry) ? entry['user'] : undefined
    const tokenFile = isJsonObject(own) ? own['tokenFile'] : undefined
    if (typeof tokenFile !== 'string') continue
    const { token: _token, ...rest } = user
    const provider = { name: 'tokenFile', config: { tokenFile: resolve(folder, tokenFile) } }
    users[index] = { ...rest, authProvider: provider }
  }
}

function chosen(config: KubeConfig, file: string | undefined): Result<Kubeconfig, ApiProblem> {
  const cluster = config.getCurrentCluster()
  const where = file === undefined ? 'the pod' : `the context "${config.getCurrentContext()}" of ${file}`
  // Without a user the client forgets the certificate authority as well.
  if (cluster === null || config.getCurrentUser() === null) {
    const hint = 'set policy.kubernetes.context to one of kubectl config get-contexts'
    return err(apiProblem('config', `${where} names no cluster or no user`, hint))
  }
  if (!URL.canParse(cluster.server)) {
    const hint = 'outside a cluster, set policy.kubernetes.kubeconfigFile'
    return err(apiProblem('config', `${where} has no address of a Kubernetes API`, hint))
  }
  const server = new URL(cluster.server)
  if (server.protocol === 'https:' || (server.protocol === 'http:' && cluster.skipTLSVerify)) {
    return ok({ config, server, hasProxy: cluster.proxyUrl !== undefined && cluster.proxyUrl !== '' })
  }
  const hint = 'use https, or insecure-skip-tls-verify: true where the way to the server is trusted'
  return err(apiProblem('config', `${where} has an address that is not https`, hint))
}
