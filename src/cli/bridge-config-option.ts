/**
 * `--config bridge.yaml` of commands that only compile: the mesh and the accounts are those of the bridge that shall read the policy.
 * None of the files that it names need be there: keys have no place in a pipeline.
 */
import { dirname, resolve } from 'node:path'
import { parseConfig, pathResolver } from '../config/index.ts'
import { readText } from '../files/index.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'
import type { MeshOptions } from './options.ts'

export interface BridgeConfigOption {
  readonly config?: string
}

const MAX_BYTES = 1_048_576

/** @returns the options with what the configuration says of mesh and accounts; unchanged without one. */
export async function withBridgeConfig<Options extends MeshOptions & BridgeConfigOption>(
  options: Options,
): Promise<Result<Options, readonly Diagnostic[]>> {
  const { config: file } = options
  if (file === undefined) return ok(options)
  const read = await readText(file, MAX_BYTES)
  if (!read.ok) return err([{ severity: 'error', code: 'config-unreadable', message: `${file} ${read.error}`, file }])
  const parsed = parseConfig({ file, text: read.value.text }, pathResolver(dirname(resolve(file))))
  if (!parsed.ok) return parsed
  const { trustDomains, policy, accounts, forbiddenAccounts } = parsed.value.config
  const mesh: MeshOptions = {
    trustDomain: trustDomains.local,
    alias: trustDomains.aliases,
    rootNamespace: policy.rootNamespace,
    accounts: { listed: accounts, forbidden: forbiddenAccounts },
  }
  return ok({ ...options, ...mesh })
}
