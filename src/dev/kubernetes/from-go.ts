/**
 * Builds kube-apiserver, etcd and kubectl from their Go modules, every one pinned by hash in `deploy/dev/kubernetes/go.sum`. Takes five
 * to ten minutes on two cores, 3 GB of Go's caches, and gives way to other work. The last way.
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { err, ok, type Result } from '../../lib/result.ts'
import { runTool, type Environment } from '../nats-server/tool.ts'
import type { BinaryName } from './binaries.ts'
import type { Fetching } from './from-release.ts'
import { KUBERNETES_VERSION } from './pins.ts'

/** From the sources and from the build alike. */
const MODULE_FOLDER = fileURLToPath(new URL('../../../deploy/dev/kubernetes', import.meta.url))
const BUILD_MS = 45 * 60_000
const ASK_MS = 10_000
const PROGRESS_MS = 30_000

/** In this order the later ones take minutes from the first. */
const PACKAGES: readonly (readonly [BinaryName, string])[] = [
  ['kube-apiserver', 'k8s.io/kubernetes/cmd/kube-apiserver'],
  ['kubectl', 'k8s.io/kubernetes/cmd/kubectl'],
  ['etcd', 'go.etcd.io/etcd/server/v3'],
]

/** What a release build would fill in; without it the server calls itself v0.0.0. */
const [MAJOR, MINOR] = KUBERNETES_VERSION.split('.')
const VERSION_FLAGS = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].flatMap((path) => [
  `-X ${path}.gitVersion=v${KUBERNETES_VERSION}`,
  `-X ${path}.gitMajor=${MAJOR}`,
  `-X ${path}.gitMinor=${MINOR}`,
])
const LINKER_FLAGS = ['-s', '-w', ...VERSION_FLAGS].join(' ')

export async function fromGo(
  { folder, env }: Fetching,
  progress: (line: string) => void,
): Promise<Result<undefined, string>> {
  const go = await runTool('go', ['version'], { env, timeoutMs: ASK_MS })
  if (!go.ok) return go
  const polite = (await runTool('nice', ['true'], { env, timeoutMs: ASK_MS })).ok
  const goEnv = { ...env, CGO_ENABLED: '0', GOWORK: 'off', GOFLAGS: '-mod=readonly -trimpath -buildvcs=false' }
  for (const [name, path] of PACKAGES) {
    const build = ['go', 'build', '-ldflags', LINKER_FLAGS, '-o', join(folder, name), path]
    const built = await announced(name, progress, () => run(polite ? ['nice', '-n', '5', ...build] : build, goEnv))
    if (!built.ok) return err(`${name}: ${built.error}`)
  }
  return ok(undefined)
}

function run([file = '', ...args]: readonly string[], env: Environment): Promise<Result<string, string>> {
  return runTool(file, args, { env, timeoutMs: BUILD_MS, cwd: MODULE_FOLDER })
}

async function announced<T>(name: string, progress: (line: string) => void, work: () => Promise<T>): Promise<T> {
  const started = performance.now()
  const seconds = (): string => `${Math.round((performance.now() - started) / 1000)} s`
  progress(`compiling ${name} …`)
  const reminder = setInterval(() => progress(`compiling ${name}, for ${seconds()} now …`), PROGRESS_MS)
  try {
    return await work()
  } finally {
    clearInterval(reminder)
    progress(`compiling ${name} took ${seconds()}`)
  }
}
