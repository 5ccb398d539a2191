/**
 * Gets kube-apiserver, etcd and kubectl into the cache when they are not on this machine: the official releases, else Go's compiler. The
 * three appear only when all have answered with their versions. Of two processes one works and the other waits.
 * Says at the end what was tried and why it did not work.
 */
import { chmod, mkdir, mkdtemp, rename, rm, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import type { Result } from '../../lib/result.ts'
import { withLock } from '../nats-server/install-lock.ts'
import { platformOf, type Platform } from '../nats-server/platform.ts'
import type { Environment } from '../nats-server/tool.ts'
import type { TriedWay } from '../nats-server/unavailable.ts'
import { binariesIn, BINARY_NAMES, type KubernetesBinaries, type Source } from './binaries.ts'
import { kubernetesFolder } from './cache.ts'
import { asPinned, inCache, lookForKubernetes } from './find-kubernetes.ts'
import { fromGo } from './from-go.ts'
import { fromRelease, RELEASE_SITES, type Fetching, type ReleaseSites } from './from-release.ts'
import { KUBERNETES_VERSION } from './pins.ts'
import { KubernetesUnavailable } from './unavailable.ts'

export interface FetchKubernetesOptions {
  /** Default: that of this process. */
  readonly env?: Environment
  /** One line for each step; nothing is said when nothing is fetched. */
  readonly progress?: (line: string) => void
  readonly releases?: ReleaseSites
}

/** While the lock is held its age must not void it: a build may take longer than that. */
const LOCK_TOUCH_MS = 60_000

/** @throws KubernetesUnavailable when every way failed. */
export async function fetchKubernetes(options: FetchKubernetesOptions = {}): Promise<KubernetesBinaries> {
  const { env = process.env, releases = RELEASE_SITES } = options
  const found = await lookForKubernetes(env)
  if (found.ok) return found.value
  const tried: TriedWay[] = [...found.error.tried]
  const platform = platformOf(process.platform, process.arch)
  if (found.error.final || platform === undefined) throw new KubernetesUnavailable(tried)

  const progress = (line: string): void => options.progress?.(`kubernetes ${KUBERNETES_VERSION}: ${line}`)
  const place = kubernetesFolder(env, platform)
  const lock = `${place}.lock`
  const ways: readonly FetchWay[] = [
    { source: 'official release', fetch: (fetching) => fromRelease(fetching, releases) },
    { source: 'go build', fetch: (fetching) => fromGo(fetching, progress) },
  ]
  const fetch = (): Promise<KubernetesBinaries | undefined> =>
    kept(lock, () => fetchInto({ place, platform, env, ways, progress }, tried))
  try {
    const fetched = await withLock(lock, fetch, () => progress('another process is fetching it, waiting'))
    if (fetched !== undefined) return fetched
  } catch (error) {
    if (!isSystemError(error)) throw error
    tried.push({ way: 'cache', reason: `cannot be written: ${error.message}` })
  }
  throw new KubernetesUnavailable(tried)
}

interface FetchWay {
  readonly source: Source
  readonly fetch: (fetching: Fetching) => Promise<Result<undefined, string>>
}

interface Wanted {
  readonly place: string
  readonly platform: Platform
  readonly env: Environment
  readonly ways: readonly FetchWay[]
  readonly progress: (line: string) => void
}

async function fetchInto(wanted: Wanted, tried: TriedWay[]): Promise<KubernetesBinaries | undefined> {
  const meanwhile = await inCache(wanted.env)
  if (meanwhile.ok) return meanwhile.value
  for (const way of wanted.ways) {
    wanted.progress(`trying ${way.source} …`)
    const installed = await install(wanted, way)
    if (installed.ok) {
      wanted.progress(`installed (${way.source}) in ${wanted.place}`)
      return installed.value
    }
    wanted.progress(`${way.source}: ${installed.error}`)
    tried.push({ way: way.source, reason: installed.error })
  }
  return undefined
}

async function install(
  { place, platform, env }: Wanted,
  { source, fetch }: FetchWay,
): Promise<Result<KubernetesBinaries, string>> {
  await mkdir(place, { recursive: true })
  const workshop = await mkdtemp(join(place, '.new-'))
  try {
    const fetched = await fetch({ platform, folder: workshop, env })
    if (!fetched.ok) return fetched
    for (const name of BINARY_NAMES) await chmod(join(workshop, name), 0o755)
    const answered = asPinned(await binariesIn(workshop, env, source))
    if (!answered.ok) return answered
    for (const name of BINARY_NAMES) await rename(join(workshop, name), join(place, name))
    return await binariesIn(place, env, source)
  } finally {
    await rm(workshop, { recursive: true, force: true })
  }
}

async function kept<T>(lock: string, work: () => Promise<T>): Promise<T> {
  const touch = setInterval(() => {
    const now = new Date()
    utimes(lock, now, now).catch(() => undefined)
  }, LOCK_TOUCH_MS)
  try {
    return await work()
  } finally {
    clearInterval(touch)
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error
}
