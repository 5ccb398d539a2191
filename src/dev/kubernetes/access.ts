/** Where a running cluster is and what proves one to be its administrator. Plain data: it can be handed to another process. */

export interface KubernetesAccess {
  /** `https://127.0.0.1:26443` */
  readonly url: string
  /** Of kube-apiserver, such as `1.36.3`. */
  readonly version: string
  /** Path of a kubeconfig of the administrator (group system:masters). */
  readonly kubeconfig: string
  /** PEM of the authority of server and client certificates. */
  readonly caFile: string
  readonly caKeyFile: string
  readonly adminCertFile: string
  readonly adminKeyFile: string
  /** `iss` of ServiceAccount tokens. Its discovery document is at the same address, for ServiceAccounts alone as in any cluster. */
  readonly issuer: string
  /** PEM of the private key that signs ServiceAccount tokens: for tokens that the API would never give. */
  readonly saKeyFile: string
  /** Path of the kubectl that fits it. */
  readonly kubectlFile: string
  /** Folder of the cluster; gone with it. */
  readonly folder: string
}
