/** How to be somebody in a running cluster: tokens of ServiceAccounts by the TokenRequest API, kubeconfigs of users and ServiceAccounts. */
import { randomUUID } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { KubernetesAccess } from './access.ts'
import { openAuthority } from './authority.ts'
import { callKubernetes } from './call.ts'
import { kubeconfigText, type Kubeconfig } from './kubeconfig.ts'

export interface TokenOptions {
  /** At least 600, says Kubernetes. Default 3600. */
  readonly expirationSeconds?: number
  /** A pod of this ServiceAccount that the token is bound to. */
  readonly pod?: { readonly name: string; readonly uid: string }
}

export type Somebody =
  | { readonly user: string; readonly groups?: readonly string[] }
  | { readonly namespace: string; readonly serviceAccount: string }

const DEFAULT_SECONDS = 3600
const TOKEN_REQUEST = z.object({ status: z.object({ token: z.string() }) })

/** @param audiences none: that of the API server. @throws with what the API said, when there is no such ServiceAccount or pod. */
export async function tokenFor(
  access: KubernetesAccess,
  namespace: string,
  serviceAccount: string,
  audiences: readonly string[] = [],
  options: TokenOptions = {},
): Promise<string> {
  const { expirationSeconds = DEFAULT_SECONDS, pod } = options
  const boundObjectRef = pod === undefined ? {} : { boundObjectRef: { kind: 'Pod', apiVersion: 'v1', ...pod } }
  const { status, body } = await callKubernetes(access, {
    method: 'POST',
    path: `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}/token`,
    body: {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { audiences, expirationSeconds, ...boundObjectRef },
    },
  })
  if (status !== 201) throw new Error(`no token for ${namespace}/${serviceAccount}: ${status} ${JSON.stringify(body)}`)
  return TOKEN_REQUEST.parse(body).status.token
}

/**
 * Writes a kubeconfig into the cluster's folder: a user gets a client certificate, a ServiceAccount a token in a file of its own.
 * @returns its path.
 */
export async function kubeconfigFor(access: KubernetesAccess, somebody: Somebody): Promise<string> {
  const authority = await readFile(access.caFile, 'utf8')
  const name = randomUUID()
  return write(access, `${name}.kubeconfig`, {
    url: access.url,
    authority,
    ...('user' in somebody
      ? { user: await certificateOf(access, authority, somebody.user, somebody.groups ?? []) }
      : await tokenUser(access, name, somebody.namespace, somebody.serviceAccount)),
  })
}

async function certificateOf(
  access: KubernetesAccess,
  certificate: string,
  commonName: string,
  organizations: readonly string[],
): Promise<Kubeconfig['user']> {
  const authority = openAuthority({ certificate, key: await readFile(access.caKeyFile, 'utf8') })
  return authority.client({ commonName, organizations })
}

async function tokenUser(
  access: KubernetesAccess,
  name: string,
  namespace: string,
  serviceAccount: string,
): Promise<Pick<Kubeconfig, 'user' | 'namespace'>> {
  const tokenFile = join(access.folder, `${name}.token`)
  await writeFile(tokenFile, await tokenFor(access, namespace, serviceAccount), { mode: 0o600 })
  return { user: { tokenFile }, namespace }
}

async function write(access: KubernetesAccess, name: string, kubeconfig: Kubeconfig): Promise<string> {
  const file = join(access.folder, name)
  await writeFile(file, kubeconfigText(kubeconfig), { mode: 0o600 })
  return file
}
