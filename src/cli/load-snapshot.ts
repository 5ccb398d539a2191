/** Policy folders, files or standard input, read and compiled once, for commands that answer offline. */
import type { AskedPolicy } from '../answers/policy.ts'
import { compile, type CompileOptions, type SourceText } from '../compile/index.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'
import { sha256Hex } from '../serve/sha256.ts'
import { readPolicyFolders } from '../sources/index.ts'
import { readInput, type Input } from './input.ts'
import type { BridgeAccounts, MeshOptions } from './options.ts'

export interface LoadedSnapshot extends AskedPolicy {
  /** What it was compiled from. */
  readonly sources: readonly SourceText[]
}

export interface LoadOptions {
  readonly trustDomain: string
  readonly trustDomainAliases: readonly string[]
  /** Of Istio. */
  readonly rootNamespace: string
  readonly accounts?: BridgeAccounts
  /** Where `-` reads from. */
  readonly input?: Input | undefined
}

/** Accounts that no policy may name, where no bridge configuration says which ones these are. */
export const USUALLY_FORBIDDEN = ['SYS', '$G', '$SYS', 'AUTH']
/** In place of a path: standard input. */
export const STDIN = '-'

export function compileOptionsOf({ trustDomain, alias, rootNamespace, accounts }: MeshOptions): CompileOptions {
  return {
    trustDomains: { local: trustDomain, aliases: alias },
    rootNamespace,
    forbiddenAccounts: accounts?.forbidden ?? USUALLY_FORBIDDEN,
    ...(accounts === undefined ? {} : { accounts: accounts.listed }),
    hash: sha256Hex,
  }
}

/** @param paths folders or single files; `-` is standard input. */
export async function loadSnapshot(
  paths: readonly string[],
  { trustDomainAliases: alias, input, ...mesh }: LoadOptions,
): Promise<Result<LoadedSnapshot, readonly Diagnostic[]>> {
  const texts = await readPolicyTexts(paths, input)
  if (!texts.ok) return texts
  const options = compileOptionsOf({ alias, ...mesh })
  const compiled = compile(texts.value, options)
  const { snapshot, ...beside } = compiled
  return snapshot === undefined ? err(beside.diagnostics) : ok({ snapshot, ...beside, sources: texts.value })
}

/** @param paths folders or single files; `-` is standard input. */
export async function readPolicyTexts(
  paths: readonly string[],
  input: Input | undefined,
): Promise<Result<readonly SourceText[], readonly Diagnostic[]>> {
  const folders = paths.filter((path) => path !== STDIN)
  const onDisk = folders.length === 0 ? ok([]) : await readPolicyFolders(folders)
  if (!onDisk.ok || folders.length === paths.length) return onDisk
  const text = await readInput(input)
  if (text.trim() !== '') return ok([...onDisk.value, { file: '<stdin>', text }])
  const hint = 'pipe YAML documents into it, as from helm template or kustomize build'
  return err([{ severity: 'error', code: 'input-empty', message: 'standard input is empty', hint }])
}
