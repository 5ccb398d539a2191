/**
 * Where fetched parts are kept, by version and platform, outside of any checkout.
 * A binary appears under its name only when it is whole and has answered with its version: it is made in a folder of its own beside
 * the place, then renamed. Two processes that install the same version at once do no harm.
 */
import { chmod, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { err, ok, type Result } from '../../lib/result.ts'
import { versionOf } from './binary-version.ts'
import type { Platform } from './platform.ts'
import type { Environment } from './tool.ts'

/** `NIB_CACHE`, else the user's cache folder as the XDG Base Directory Specification has it. */
export function cacheFolder(env: Environment): string {
  const own = env['NIB_CACHE']
  if (own !== undefined && own !== '') return own
  const xdg = env['XDG_CACHE_HOME']
  return join(xdg === undefined || xdg === '' ? join(homedir(), '.cache') : xdg, 'nats-identity-bridge')
}

export interface CachePlace {
  readonly folder: string
  readonly binary: string
}

export function placeOf(env: Environment, version: string, platform: Platform): CachePlace {
  const folder = join(cacheFolder(env), 'nats-server', version, platform)
  return { folder, binary: join(folder, 'nats-server') }
}

/**
 * @param make puts a nats-server into the empty folder it is given and returns its path, or the reason why it could not.
 * @returns path of the installed binary.
 */
export async function install(
  place: CachePlace,
  version: string,
  env: Environment,
  make: (folder: string) => Promise<Result<string, string>>,
): Promise<Result<string, string>> {
  await mkdir(place.folder, { recursive: true })
  const workshop = await mkdtemp(join(place.folder, '.new-'))
  try {
    const made = await make(workshop)
    if (!made.ok) return made
    await chmod(made.value, 0o755)
    const answered = await versionOf(made.value, env)
    if (!answered.ok) return answered
    if (answered.value !== version) return err(`it is nats-server ${answered.value}, not ${version}`)
    await rename(made.value, place.binary)
    return ok(place.binary)
  } finally {
    await rm(workshop, { recursive: true, force: true })
  }
}
