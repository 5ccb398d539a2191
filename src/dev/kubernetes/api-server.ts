/** kube-apiserver as a process: its flags, and when it is ready. Loopback only, RBAC, tokens of ServiceAccounts, no controllers. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { KubernetesAccess } from './access.ts'
import { callKubernetes } from './call.ts'
import { lastWords, startPart, type Part } from './part.ts'
import type { PkiFiles } from './pki.ts'

export interface ApiServerOptions {
  readonly binary: string
  readonly folder: string
  readonly port: number
  readonly issuer: string
  readonly etcdUrl: string
  readonly pki: PkiFiles
  /** Without it every watch and list is answered by etcd, so that a compacted resourceVersion is gone at once. */
  readonly watchCache: boolean
  /** More flags, such as `--feature-gates=…`. */
  readonly flags: readonly string[]
}

const POLL_MS = 25
/** Not there yet: the answer of a server that waits for its etcd may never come. */
const ANSWER_MS = 2_000

export function startApiServer(options: ApiServerOptions): Promise<Part> {
  const { binary, folder, port, issuer, etcdUrl, pki, watchCache, flags } = options
  return startPart({
    name: 'kube-apiserver',
    binary,
    folder,
    args: [
      `--etcd-servers=${etcdUrl}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${port}`,
      // The Service `kubernetes` would want the address of a node.
      '--endpoint-reconciler-type=none',
      '--service-cluster-ip-range=10.0.0.0/24',
      `--cert-dir=${join(folder, 'certs')}`,
      `--tls-cert-file=${pki.serverCertFile}`,
      `--tls-private-key-file=${pki.serverKeyFile}`,
      `--client-ca-file=${pki.caFile}`,
      '--authorization-mode=RBAC',
      `--service-account-issuer=${issuer}`,
      `--service-account-signing-key-file=${pki.saKeyFile}`,
      `--service-account-key-file=${pki.saPublicKeyFile}`,
      `--watch-cache=${watchCache}`,
      '--profiling=false',
      ...flags,
    ],
  })
}

/** Waits for `readyz` and the namespace `default`. @throws when it ends, or is not ready in time. */
export async function apiServerReady(part: Part, access: KubernetesAccess, withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs
  for (const path of ['/readyz', '/api/v1/namespaces/default']) {
    while (!(await answers(access, path))) {
      if (!part.isRunning()) throw lastWords('kube-apiserver ended', part)
      if (performance.now() > deadline) throw lastWords(`kube-apiserver was not ready within ${withinMs} ms`, part)
      await sleep(POLL_MS)
    }
  }
}

async function answers(access: KubernetesAccess, path: string): Promise<boolean> {
  try {
    const { status } = await callKubernetes(access, { method: 'GET', path, timeoutMs: ANSWER_MS })
    return status === 200
  } catch {
    return false
  }
}
