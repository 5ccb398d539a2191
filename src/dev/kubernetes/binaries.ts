/** The three programs, and what each says of its version. A file that does not answer as the program does is not taken for it. */
import { join } from 'node:path'
import { z } from 'zod'
import { err, ok, type Result } from '../../lib/result.ts'
import { runTool, type Environment } from '../nats-server/tool.ts'

/** Paths of the programs, and of which Kubernetes they are. */
export interface KubernetesBinaries {
  readonly apiserver: string
  readonly etcd: string
  readonly kubectl: string
  /** Of kube-apiserver, such as `1.36.3`. */
  readonly version: string
  readonly etcdVersion: string
  readonly source: Source
}

export type Source = 'NIB_KUBERNETES_ASSETS' | 'KUBEBUILDER_ASSETS' | 'cache' | 'official release' | 'go build'

export const BINARY_NAMES = ['kube-apiserver', 'etcd', 'kubectl'] as const
export type BinaryName = (typeof BINARY_NAMES)[number]

/** Right after it was written, a large program takes its time to start. */
const ANSWER_MS = 20_000

/** @returns what is in the folder, when all three are, or the first thing that is wrong with them. */
export async function binariesIn(
  folder: string,
  env: Environment,
  source: Source,
): Promise<Result<KubernetesBinaries, string>> {
  const [apiserver, etcd, kubectl] = BINARY_NAMES.map((name) => join(folder, name))
  if (apiserver === undefined || etcd === undefined || kubectl === undefined) return err('no programs are named')
  const [version, etcdVersion, kubectlVersion] = await Promise.all([
    answer(apiserver, ['--version'], env, (said) => /^Kubernetes v(\d+\.\d+\.\d+\S*)/m.exec(said)?.[1]),
    answer(etcd, ['--version'], env, (said) => /^etcd Version: (\d+\.\d+\.\d+\S*)/m.exec(said)?.[1]),
    answer(kubectl, ['version', '--client', '--output=json'], env, kubectlVersionIn),
  ])
  if (!version.ok) return version
  if (!etcdVersion.ok) return etcdVersion
  if (!kubectlVersion.ok) return kubectlVersion
  return ok({ apiserver, etcd, kubectl, version: version.value, etcdVersion: etcdVersion.value, source })
}

async function answer(
  binary: string,
  args: readonly string[],
  env: Environment,
  versionIn: (said: string) => string | undefined,
): Promise<Result<string, string>> {
  const said = await runTool(binary, args, { env, timeoutMs: ANSWER_MS })
  if (!said.ok) return said
  const version = versionIn(said.value)
  return version === undefined ? err(`${binary} does not tell its version as it should`) : ok(version)
}

const KUBECTL_VERSION = z.object({ clientVersion: z.object({ gitVersion: z.string().regex(/^v\d+\.\d+\.\d+/) }) })

function kubectlVersionIn(said: string): string | undefined {
  try {
    return KUBECTL_VERSION.parse(JSON.parse(said)).clientVersion.gitVersion.slice(1)
  } catch {
    return undefined
  }
}
