/** Policy folders, read and compiled once, for commands that answer offline. */
import { createHash } from 'node:crypto'
import { compile } from '../compile/index.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'
import type { Snapshot } from '../policy/snapshot.ts'
import { readPolicyFolders } from '../sources/index.ts'

export interface LoadedSnapshot {
  readonly snapshot: Snapshot
  readonly diagnostics: readonly Diagnostic[]
}

/** Accounts that no policy may name, where no bridge configuration says which ones these are. */
const USUALLY_FORBIDDEN = ['SYS', '$G', '$SYS', 'AUTH']

export function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

export async function loadSnapshot(
  folders: readonly string[],
  trustDomain: string,
): Promise<Result<LoadedSnapshot, readonly Diagnostic[]>> {
  const texts = await readPolicyFolders(folders)
  if (!texts.ok) return texts
  const compiled = compile(texts.value, {
    trustDomains: { local: trustDomain, aliases: [] },
    forbiddenAccounts: USUALLY_FORBIDDEN,
    hash: sha256Hex,
  })
  if (compiled.snapshot === undefined) return err(compiled.diagnostics)
  return ok({ snapshot: compiled.snapshot, diagnostics: compiled.diagnostics })
}
