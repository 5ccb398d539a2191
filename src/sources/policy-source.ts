/**
 * The policy in force, kept in step with folders of documents. A change is compiled beside the snapshot in use and takes its
 * place only when it is sound; until then, and whatever happens to the folders, the last good snapshot stays.
 */
import type { CurrentSnapshot } from '../callout/ports.ts'
import type { Compilation, SourceText } from '../compile/index.ts'
import { watchFiles, type Loaded, type WatchTiming } from '../files/index.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'
import type { Snapshot } from '../policy/snapshot.ts'
import { POLICY_FILES, readPolicyFolders } from './policy-folder.ts'

export interface PolicySource {
  readonly current: CurrentSnapshot
  status(): PolicyStatus
  close(): void
}

export interface PolicyStatus {
  /** Of the snapshot in force. */
  readonly snapshotId: string | undefined
  /** When the snapshot in force was compiled; milliseconds since the epoch. */
  readonly loadedAt: number | undefined
  /** Present while what lies in the folders is not what is in force. */
  readonly lastError: { readonly since: number; readonly diagnostics: readonly Diagnostic[] } | undefined
  /** Of the newest reading, good or bad. */
  readonly diagnostics: readonly Diagnostic[]
}

export interface PolicySourceOptions {
  /** Folders, or single files. */
  readonly folders: readonly string[]
  readonly compile: (texts: readonly SourceText[]) => Compilation
  /** After every reading that put another model in force. */
  readonly onChange?: (snapshot: Snapshot, status: PolicyStatus) => void
  /** Each diagnostic once while it lasts, and `policy-changed` and `policy-kept`. */
  readonly log: (diagnostic: Diagnostic) => void
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** How messages shall name a file; default: by its path. */
  readonly nameFile?: (path: string) => string
  readonly watching?: WatchTiming
}

/** Fulfilled after the first reading, which may have failed: then there is no current snapshot yet, and status says why. */
export async function createPolicySource(options: PolicySourceOptions): Promise<PolicySource> {
  const { folders, compile, onChange, log, now, nameFile } = options
  let snapshot: Snapshot | undefined
  let status: PolicyStatus = { snapshotId: undefined, loadedAt: undefined, lastError: undefined, diagnostics: [] }

  function report(diagnostics: readonly Diagnostic[]): void {
    const known = new Set(status.diagnostics.map((diagnostic) => JSON.stringify(diagnostic)))
    for (const diagnostic of diagnostics) if (!known.has(JSON.stringify(diagnostic))) log(diagnostic)
  }

  function keep(diagnostics: readonly Diagnostic[]): void {
    report(diagnostics)
    if (status.lastError === undefined) log(policyKept(snapshot))
    status = { ...status, diagnostics, lastError: { since: status.lastError?.since ?? now(), diagnostics } }
  }

  function adopt(next: Snapshot, diagnostics: readonly Diagnostic[]): void {
    report(diagnostics)
    const changed = next.id !== snapshot?.id
    // Taken up although the model is the same: lines may have moved, and answers name them.
    snapshot = next
    status = { snapshotId: next.id, loadedAt: now(), lastError: undefined, diagnostics }
    if (!changed) return
    log({ severity: 'info', code: 'policy-changed', message: `the policy in force is now snapshot ${next.id}` })
    onChange?.(next, status)
  }

  async function load(): Promise<Loaded> {
    const texts = await readPolicyFolders(folders, nameFile)
    if (!texts.ok) {
      keep(texts.error)
      return 'retry'
    }
    const compiled = compileSafely(compile, texts.value)
    if (compiled.snapshot === undefined) keep(compiled.diagnostics)
    else adopt(compiled.snapshot, compiled.diagnostics)
    return 'done'
  }

  const watch = watchFiles({ ...options.watching, paths: folders, load, listing: POLICY_FILES })
  await watch.ready
  return { current: () => snapshot, status: () => status, close: () => watch.close() }
}

/** A fault in the compiler must cost the edit, not the process. */
function compileSafely(compile: PolicySourceOptions['compile'], texts: readonly SourceText[]): Compilation {
  try {
    return compile(texts)
  } catch (error) {
    const cause = error instanceof Error ? `${error.name}: ${error.message}` : 'unknown'
    const message = `the policy compiler failed (${cause})`
    const hint = 'this is a fault of the bridge: please report it with the policy that was loaded'
    const diagnostics: Diagnostic[] = [{ severity: 'error', code: 'compiler-failed', message, hint }]
    return { diagnostics, withheld: message, serviceAccounts: [], routed: [] }
  }
}

function policyKept(snapshot: Snapshot | undefined): Diagnostic {
  const code = 'policy-kept'
  const hint = 'correct what the other messages name; the files are read again as soon as they change'
  if (snapshot !== undefined) {
    const message = `the policy files cannot be used as they are; snapshot ${snapshot.id} stays in force`
    return { severity: 'error', code, message, hint }
  }
  const message = 'the policy files cannot be used, and there is no earlier snapshot: every login is refused'
  return { severity: 'error', code, message, hint }
}
