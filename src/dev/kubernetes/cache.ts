/** Where Kubernetes and the Istio CRDs are kept: beside nats-server, by version and platform, outside of any checkout. */
import { join } from 'node:path'
import { cacheFolder } from '../nats-server/cache.ts'
import type { Platform } from '../nats-server/platform.ts'
import type { Environment } from '../nats-server/tool.ts'
import { ETCD_VERSION, ISTIO_API_VERSION, KUBERNETES_VERSION } from './pins.ts'

export function kubernetesFolder(env: Environment, platform: Platform): string {
  return join(cacheFolder(env), 'kubernetes', `${KUBERNETES_VERSION}+etcd-${ETCD_VERSION}`, platform)
}

export function istioCrdsFile(env: Environment): string {
  return join(cacheFolder(env), 'istio-crds', ISTIO_API_VERSION, 'crds.yaml')
}
