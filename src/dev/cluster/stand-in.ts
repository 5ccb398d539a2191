/** A stand-in for a cluster: its own token issuer, and policy read from the folder. */
import { startTokenIssuer } from '../token-issuer.ts'
import type { DevCluster } from './dev-cluster.ts'

/** As most clusters call themselves; its keys are read on loopback. */
const CLUSTER_ISS = 'https://kubernetes.default.svc.cluster.local'

export async function startStandIn(policyFolder: string): Promise<DevCluster> {
  const { issuer, jwks, jwksUrl, serviceAccountToken, stop } = await startTokenIssuer({ issuer: CLUSTER_ISS })
  return {
    issuer,
    jwks,
    serviceAccountToken,
    keys: { url: jwksUrl },
    policy: { folders: [policyFolder] },
    // The folder is watched.
    apply: () => Promise.resolve(),
    stop,
  }
}
