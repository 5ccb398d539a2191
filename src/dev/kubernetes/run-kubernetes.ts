/**
 * Runs a Kubernetes API of its own until it is stopped: etcd and kube-apiserver on loopback, in a temporary folder. There are no
 * controllers: no ServiceAccount `default` appears in a namespace, pods stay Pending, a deleted namespace stays Terminating.
 * Can be made to fail: ended and started anew on the same port and data, held still, its history forgotten.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KubernetesAccess } from './access.ts'
import { apiServerReady, startApiServer } from './api-server.ts'
import type { KubernetesBinaries } from './binaries.ts'
import { forgetConnections } from './call.ts'
import { kubeconfigFor, tokenFor, type Somebody, type TokenOptions } from './credentials.ts'
import { startEtcd } from './etcd.ts'
import { freePort } from './free-port.ts'
import { kubeconfigText } from './kubeconfig.ts'
import type { Part } from './part.ts'
import { writePki } from './pki.ts'

export interface RunKubernetesOptions {
  /** Default: the address of the API server itself, as its discovery document then lies where an issuer's must. */
  readonly issuer?: string
  /** Default true, as in every cluster. Without it a compacted resourceVersion is gone (410) at once, else after a restart. */
  readonly watchCache?: boolean
  /** More flags of kube-apiserver. */
  readonly apiServerFlags?: readonly string[]
  readonly readyWithinMs?: number
}

export interface RunningKubernetes extends KubernetesAccess {
  /** Of kube-apiserver; another one after a restart. */
  apiServerPid(): number
  readonly etcdPid: number
  /** The last lines of kube-apiserver's log. */
  log(): readonly string[]
  /** By the TokenRequest API. @param audiences none: that of the API server. */
  tokenFor(
    namespace: string,
    serviceAccount: string,
    audiences?: readonly string[],
    options?: TokenOptions,
  ): Promise<string>
  /** Path of a kubeconfig of somebody else than the administrator. */
  kubeconfigFor(somebody: Somebody): Promise<string>
  /** As by a crash (SIGKILL): connections break, calls are refused. */
  killApiServer(): Promise<void>
  /** The same port, keys and data. Fulfilled when it is ready. */
  startApiServer(): Promise<void>
  /** SIGSTOP: connections stay open and nothing is answered. */
  pauseApiServer(): void
  resumeApiServer(): void
  /** Compacts etcd at its newest revision. @returns that revision. */
  compact(): Promise<number>
  /** Settled when etcd has ended, whoever ended it: nothing works from then on. */
  readonly ended: Promise<void>
  /** Ends everything and removes the folder. */
  stop(): Promise<void>
}

const READY_WITHIN_MS = 60_000

/** @throws when etcd or kube-apiserver ends, or is not ready in time; the message ends with the last lines of its log. */
export async function runKubernetes(
  binaries: KubernetesBinaries,
  options: RunKubernetesOptions = {},
): Promise<RunningKubernetes> {
  const folder = await mkdtemp(join(tmpdir(), 'nib-kubernetes-'))
  const parts: Part[] = []
  try {
    return await run(binaries, options, folder, parts)
  } catch (problem) {
    await end(folder, parts)
    throw problem
  }
}

async function run(
  binaries: KubernetesBinaries,
  options: RunKubernetesOptions,
  folder: string,
  parts: Part[],
): Promise<RunningKubernetes> {
  const withinMs = options.readyWithinMs ?? READY_WITHIN_MS
  const [{ files, authority }, port] = await Promise.all([writePki(folder), freePort()])
  const etcd = await startEtcd(binaries.etcd, folder, withinMs)
  parts.push(etcd.part)
  const url = `https://127.0.0.1:${port}`
  const access: KubernetesAccess = {
    url,
    version: binaries.version,
    kubeconfig: join(folder, 'kubeconfig'),
    caFile: files.caFile,
    caKeyFile: files.caKeyFile,
    adminCertFile: files.adminCertFile,
    adminKeyFile: files.adminKeyFile,
    issuer: options.issuer ?? url,
    saKeyFile: files.saKeyFile,
    kubectlFile: binaries.kubectl,
    folder,
  }
  const user = {
    certificate: await readFile(files.adminCertFile, 'utf8'),
    key: await readFile(files.adminKeyFile, 'utf8'),
  }
  await writeFile(access.kubeconfig, kubeconfigText({ url, authority: authority.certificate, user }), { mode: 0o600 })

  async function start(): Promise<Part> {
    const part = await startApiServer({
      binary: binaries.apiserver,
      folder,
      port,
      issuer: access.issuer,
      etcdUrl: etcd.url,
      pki: files,
      watchCache: options.watchCache ?? true,
      flags: options.apiServerFlags ?? [],
    })
    parts.push(part)
    await apiServerReady(part, access, withinMs)
    return part
  }
  let server = await start()

  return {
    ...access,
    apiServerPid: () => server.pid,
    etcdPid: etcd.part.pid,
    ended: etcd.part.ended,
    log: () => server.log.lines,
    tokenFor: (...question) => tokenFor(access, ...question),
    kubeconfigFor: (somebody) => kubeconfigFor(access, somebody),
    killApiServer: () => server.kill(),
    async startApiServer() {
      if (server.isRunning()) throw new Error('the API server runs already')
      forgetConnections(access)
      server = await start()
    },
    pauseApiServer: () => server.signal('SIGSTOP'),
    resumeApiServer: () => server.signal('SIGCONT'),
    compact: () => etcd.compact(),
    async stop() {
      forgetConnections(access)
      await end(folder, parts)
    },
  }
}

async function end(folder: string, parts: readonly Part[]): Promise<void> {
  await Promise.all(parts.map((part) => part.kill()))
  await rm(folder, { recursive: true, force: true })
}
