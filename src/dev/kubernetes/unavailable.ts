/** No Kubernetes could be had: every way that was tried, why it failed, and the next step. */
import type { TriedWay } from '../nats-server/unavailable.ts'
import { KUBERNETES_VERSION } from './pins.ts'

export const HOW_TO_GET_KUBERNETES =
  'run `npm run setup` or `nib dev --fetch-only --kubernetes` once, or set NIB_KUBERNETES_ASSETS to a folder with kube-apiserver, etcd and kubectl'

export class KubernetesUnavailable extends Error {
  override readonly name = 'KubernetesUnavailable'
  readonly code = 'KUBERNETES_UNAVAILABLE'
  readonly hint = HOW_TO_GET_KUBERNETES
  readonly tried: readonly TriedWay[]

  constructor(tried: readonly TriedWay[], what = `Kubernetes ${KUBERNETES_VERSION}`) {
    const width = Math.max(0, ...tried.map(({ way }) => way.length))
    const lines = tried.map(({ way, reason }) => `  ${way.padEnd(width)}  ${reason}`)
    super([`no ${what} could be had`, ...lines].join('\n'))
    this.tried = tried
  }
}
