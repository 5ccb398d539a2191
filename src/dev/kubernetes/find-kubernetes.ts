/**
 * Finds kube-apiserver, etcd and kubectl on this machine: `NIB_KUBERNETES_ASSETS`, `KUBEBUILDER_ASSETS`, the cache. Fetches nothing.
 * The first is a wish: when it cannot be used, nothing else is taken. The second is other tools' and only looked at.
 */
import { err, ok, type Result } from '../../lib/result.ts'
import { isAtLeast, parseServerVersion } from '../../server-config/index.ts'
import { platformOf } from '../nats-server/platform.ts'
import type { Environment } from '../nats-server/tool.ts'
import type { TriedWay } from '../nats-server/unavailable.ts'
import { binariesIn, type KubernetesBinaries } from './binaries.ts'
import { kubernetesFolder } from './cache.ts'
import { ETCD_VERSION, KUBERNETES_VERSION, OLDEST_KUBERNETES } from './pins.ts'
import { KubernetesUnavailable } from './unavailable.ts'

export interface FindKubernetesOptions {
  /** Default: that of this process. */
  readonly env?: Environment
}

export interface NotFound {
  readonly tried: readonly TriedWay[]
  /** Whether what was named is no good, so that nothing may be taken instead. */
  readonly final: boolean
}

/** @throws KubernetesUnavailable */
export async function findKubernetes({ env = process.env }: FindKubernetesOptions = {}): Promise<KubernetesBinaries> {
  const found = await lookForKubernetes(env)
  if (found.ok) return found.value
  throw new KubernetesUnavailable(found.error.tried)
}

export async function lookForKubernetes(env: Environment): Promise<Result<KubernetesBinaries, NotFound>> {
  const tried: TriedWay[] = []
  for (const way of ['NIB_KUBERNETES_ASSETS', 'KUBEBUILDER_ASSETS'] as const) {
    const folder = env[way] ?? ''
    const named = folder === '' ? err('not set') : newEnough(await binariesIn(folder, env, way))
    if (named.ok) return named
    tried.push({ way, reason: named.error })
    if (folder !== '' && way === 'NIB_KUBERNETES_ASSETS') return err({ tried, final: true })
  }
  const cached = await inCache(env)
  if (cached.ok) return cached
  tried.push({ way: 'cache', reason: cached.error })
  return err({ tried, final: false })
}

export async function inCache(env: Environment): Promise<Result<KubernetesBinaries, string>> {
  const platform = platformOf(process.platform, process.arch)
  if (platform === undefined) return err(`there is no Kubernetes for ${process.platform} on ${process.arch}`)
  const folder = kubernetesFolder(env, platform)
  const cached = asPinned(await binariesIn(folder, env, 'cache'))
  return cached.ok ? cached : err(`nothing to be used in ${folder}: ${cached.error.replace(`${folder}/`, '')}`)
}

export function asPinned(found: Result<KubernetesBinaries, string>): Result<KubernetesBinaries, string> {
  if (!found.ok) return found
  const { version, etcdVersion } = found.value
  if (version !== KUBERNETES_VERSION) return err(`kube-apiserver is ${version}, not ${KUBERNETES_VERSION}`)
  return etcdVersion === ETCD_VERSION ? found : err(`etcd is ${etcdVersion}, not ${ETCD_VERSION}`)
}

function newEnough(found: Result<KubernetesBinaries, string>): Result<KubernetesBinaries, string> {
  if (!found.ok) return found
  const version = parseServerVersion(found.value.version)
  if (version.ok && isAtLeast(version.value, OLDEST_KUBERNETES)) return ok(found.value)
  return err(`kube-apiserver is ${found.value.version}, older than ${OLDEST_KUBERNETES}`)
}
