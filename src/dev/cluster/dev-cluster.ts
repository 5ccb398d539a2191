/** What a deployment on one machine takes for its cluster: a stand-in in this process, or a real API server. */
import type { ServiceAccountTokenRequest, TokenMint } from '../mint-tokens.ts'

export interface DevCluster extends Pick<TokenMint, 'issuer' | 'jwks'> {
  /** As {@link TokenMint} gives them, whoever signs. */
  serviceAccountToken(request: ServiceAccountTokenRequest): Promise<string>
  /** How the bridge reads the keys of its tokens. */
  readonly keys: ClusterKeys
  readonly policy: ClusterPolicy
  /** Of the API server; absent: it is a stand-in. */
  readonly version?: string
  /** Puts a file of the policy folder in force that was just written. */
  apply(file: string): Promise<void>
  stop(): Promise<void>
}

export interface ClusterKeys {
  readonly url: string
  readonly caFile?: string
  readonly bearerTokenFile?: string
}

/** Where the bridge finds the policy: in the folder itself, or in the cluster that it was applied to. */
export type ClusterPolicy =
  { readonly folders: readonly string[] } | { readonly kubernetes: { readonly kubeconfigFile: string } }
