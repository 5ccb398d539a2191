/**
 * The one door of this room: a setup in, a complete nats-server configuration out, or everything that is wrong with the setup.
 * Does no I/O: the caller writes the files, secrets with mode 0600.
 */
import type { Clock } from '../lib/clock.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'
import { checkSetup } from './check-setup.ts'
import { createConfigMode } from './create-config-mode.ts'
import { createOperatorMode } from './create-operator-mode.ts'
import { createClaimsSigner, type KeyFactory } from './keys.ts'
import type { GeneratedFile, ServerConfig } from './server-config.ts'
import { completeSetup, type ServerConfigSetup } from './setup.ts'

/** Slow (tens of milliseconds for a handful of keys). */
export function createServerConfig(
  setup: ServerConfigSetup,
  keys: KeyFactory,
  clock: Clock,
): Result<ServerConfig, readonly Diagnostic[]> {
  const complete = completeSetup(setup)
  const { version, problems } = checkSetup(complete)
  if (version === undefined || problems.length > 0) return err(problems)
  const config =
    complete.mode === 'config'
      ? createConfigMode(complete, version, keys)
      : createOperatorMode(complete, version, keys, createClaimsSigner(clock))
  const clash = sameName(config.files)
  return clash === undefined ? ok(config) : err([clash])
}

/** Names that differ in case only are one file on some systems. */
function sameName(files: readonly GeneratedFile[]): Diagnostic | undefined {
  const seen = new Set<string>()
  for (const { name } of files) {
    const key = name.toLowerCase()
    if (seen.has(key)) {
      const message = `two files would be called ${name}: an account or a break-glass user has the name of another file`
      return { severity: 'error', code: 'file-twice', message, hint: 'rename the account or the user' }
    }
    seen.add(key)
  }
  return undefined
}
