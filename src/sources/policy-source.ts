/**
 * The policy in force, kept in step with folders of documents, with a cluster, or with both as one policy. A change is compiled beside
 * the snapshot in use, in slices between the logins, and takes its place only when it is sound; until then, and whatever happens to the
 * sources, the last good snapshot stays. One compilation at a time: what changes meanwhile is looked at after it.
 * A source that cannot be read counts as it last was; one that never could be gives no snapshot at all.
 */
import type { AskedPolicy } from '../answers/policy.ts'
import type { CurrentSnapshot } from '../callout/ports.ts'
import type { Compilation, SourceObject, SourceText, StepwiseCompiler } from '../compile/index.ts'
import { systemScheduler, watchFiles, type Loaded, type WatchTiming } from '../files/index.ts'
import type { Cluster, ClusterStatus } from '../kube/index.ts'
import { eachInSteps, finish, type Steps } from '../lib/steps.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'
import type { Snapshot } from '../policy/snapshot.ts'
import { createGathering, type GatheringOptions } from './gathering.ts'
import { POLICY_FILES, readPolicyFolders } from './policy-folder.ts'
import { compileSafely, policyCurrent, policyKept } from './remarks.ts'
import { createSlicedWork, type Turns } from './slices.ts'

export interface PolicySource {
  readonly current: CurrentSnapshot
  /** The snapshot in force with what was known when it was compiled; absent exactly when `current` is. */
  asked(): AskedPolicy | undefined
  status(): PolicyStatus
  close(): void
}

export interface PolicyStatus {
  /** Of the snapshot in force. */
  readonly snapshotId: string | undefined
  /** When the snapshot in force was compiled; milliseconds since the epoch. */
  readonly loadedAt: number | undefined
  /** Present while what the sources hold is not what is in force, or that cannot be told. */
  readonly lastError: PolicyFailure | undefined
  /** Of the newest reading, good or bad. */
  readonly diagnostics: readonly Diagnostic[]
  readonly sources: readonly SourceStatus[]
  /** Of the cluster, if it is a source. */
  readonly cluster?: ClusterStatus
}

export interface PolicyFailure {
  readonly since: number
  readonly diagnostics: readonly Diagnostic[]
  /** Which of the diagnostics keeps the last good policy, with its place; absent when the sources could not be read at all. */
  readonly withheld?: string
}

export interface SourceStatus {
  readonly source: 'folders' | 'cluster'
  /** The last moment at which what is known of it was all there was; milliseconds since the epoch. Absent: it was never read. */
  readonly asOf?: number
  /** Why that moment is past. */
  readonly problem?: string
}

export interface PolicySourceOptions {
  /** Folders, or single files; may be empty when there is a cluster. */
  readonly folders: readonly string[]
  /** Opens the cluster that is a source as well. */
  readonly cluster?: (onChange: () => void) => Cluster
  readonly compile: StepwiseCompiler
  /** What is worked out of a snapshot before it is in force, so that the first login under it need not. */
  readonly prepare?: (snapshot: Snapshot) => Steps<void>
  /** After every reading that put another model in force. */
  readonly onChange?: (snapshot: Snapshot, status: PolicyStatus) => void
  /** Each diagnostic once while it lasts, and `policy-changed`, `policy-kept` and `policy-current`. */
  readonly log: (diagnostic: Diagnostic) => void
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** How messages shall name a file; default: by its path. */
  readonly nameFile?: (path: string) => string
  readonly watching?: WatchTiming
  readonly gathering?: Pick<GatheringOptions, 'settleMs' | 'patienceMs'>
  readonly turns?: Turns
  /** Milliseconds for which the first lists of a cluster are waited for, default 10,000. */
  readonly startMs?: number
}

/** What a compilation was made of; the same lists give the same compilation. */
interface Sources {
  readonly texts: readonly SourceText[]
  readonly objects: readonly SourceObject[]
}

const NOTHING: readonly never[] = []

/** Fulfilled after the first reading, which may have failed: then there is no current snapshot yet, and status says why. */
export async function createPolicySource(options: PolicySourceOptions): Promise<PolicySource> {
  const { folders, compile, prepare, onChange, log, now, nameFile, startMs = 10_000 } = options
  let asked: AskedPolicy | undefined
  let loadedAt: number | undefined
  let lastError: PolicyStatus['lastError']
  let diagnostics: readonly Diagnostic[] = []
  let texts: readonly SourceText[] | undefined = folders.length === 0 ? NOTHING : undefined
  let textsAsOf: number | undefined
  let folderProblems: readonly Diagnostic[] = []
  let compiled: { readonly from: Sources; readonly result: Compilation } | undefined
  let inForce: ReadonlySet<SourceObject> = new Set()
  let started = false
  let told: ReadonlySet<string> = new Set()

  const work = createSlicedWork(bringUpToDate, options.turns)
  const gathering = createGathering({ ...options.gathering, now, work: update, worked: work.worked })
  const cluster = options.cluster?.(() => gathering.note())

  function update(): void {
    if (started) work.run()
  }

  /** Compiles when anything differs, and says how things are. */
  function* bringUpToDate(): Steps<void> {
    const objects = cluster === undefined ? NOTHING : cluster.objects()
    let adopted: Snapshot | undefined
    if (texts !== undefined && objects !== undefined) adopted = yield* take({ texts, objects })
    const { problems, remarks } = cluster?.status() ?? { problems: NOTHING, remarks: NOTHING }
    const reading = [...folderProblems, ...problems]
    const found = compiled?.result.diagnostics ?? NOTHING
    diagnostics = [...reading, ...found, ...remarks]
    const bad = compiled?.result.snapshot === undefined ? [...reading, ...found] : reading
    const news: Diagnostic[] = []
    if (bad.length > 0) {
      if (lastError === undefined) news.push(policyKept(asked?.snapshot))
      const withheld = reading.length > 0 ? undefined : compiled?.result.withheld
      const since = lastError?.since ?? now()
      lastError = { since, diagnostics: bad, ...(withheld === undefined ? {} : { withheld }) }
    } else if (compiled !== undefined) {
      if (lastError !== undefined && asked !== undefined && adopted === undefined)
        news.push(policyCurrent(asked.snapshot))
      lastError = undefined
    }
    // How things stand is known from here on at once; saying it takes its time.
    yield* tell(diagnostics)
    news.forEach(log)
    if (adopted === undefined) return
    log({ severity: 'info', code: 'policy-changed', message: `the policy in force is now snapshot ${adopted.id}` })
    onChange?.(adopted, status())
  }

  /** Those that were not told last time. */
  function* tell(now: readonly Diagnostic[]): Steps<void> {
    const before = told
    const texts = new Set<string>()
    yield* eachInSteps(
      now,
      (diagnostic) => {
        const text = JSON.stringify(diagnostic)
        if (!before.has(text)) log(diagnostic)
        texts.add(text)
      },
      32,
    )
    told = texts
  }

  /** @returns the snapshot, if it holds another model than the one before. */
  function* take(from: Sources): Steps<Snapshot | undefined> {
    if (compiled?.from.texts === from.texts && compiled.from.objects === from.objects) return undefined
    const result = yield* compileSafely(compileAndPrepare(from))
    const { snapshot, serviceAccounts, routed } = result
    compiled = { from, result }
    const before = asked?.snapshot.id
    if (snapshot !== undefined) {
      // Taken up although the model is the same: lines may have moved, and answers name them.
      asked = { snapshot, diagnostics: result.diagnostics, serviceAccounts, routed }
      loadedAt = now()
      inForce = new Set(from.objects)
    }
    cluster?.judged({ diagnostics: result.diagnostics, inForce })
    return snapshot === undefined || snapshot.id === before ? undefined : snapshot
  }

  function* compileAndPrepare({ texts, objects }: Sources): Steps<Compilation> {
    const result = yield* compile(texts, objects)
    if (result.snapshot !== undefined && prepare !== undefined) yield* prepare(result.snapshot)
    return result
  }

  async function load(): Promise<Loaded> {
    const read = await readPolicyFolders(folders, nameFile)
    folderProblems = read.ok ? NOTHING : read.error
    if (read.ok) {
      texts = read.value
      textsAsOf = now()
    }
    update()
    return read.ok ? 'done' : 'retry'
  }

  function status(): PolicyStatus {
    const known = { snapshotId: asked?.snapshot.id, loadedAt, lastError, diagnostics }
    const folderStatus = folders.length === 0 ? [] : [sourceStatus('folders', foldersAsOf(), folderProblems)]
    if (cluster === undefined) return { ...known, sources: folderStatus }
    const now = cluster.status()
    return { ...known, sources: [...folderStatus, sourceStatus('cluster', now.asOf, now.problems)], cluster: now }
  }

  /** Looked at all the time: what was read well is what is there until the next look finds otherwise. */
  function foldersAsOf(): number | undefined {
    if (textsAsOf !== undefined && folderProblems.length === 0) textsAsOf = now()
    return textsAsOf
  }

  const watch =
    folders.length === 0 ? undefined : watchFiles({ ...options.watching, paths: folders, load, listing: POLICY_FILES })
  await Promise.all([watch?.ready, cluster && Promise.race([cluster.settled, after(startMs)])])
  started = true
  // Nobody waits for a login yet, so the first time goes in one piece.
  finish(bringUpToDate())

  return {
    current: () => asked?.snapshot,
    asked: () => asked,
    status,
    close() {
      work.stop()
      watch?.close()
      gathering.close()
      cluster?.close()
    },
  }
}

function sourceStatus(
  source: SourceStatus['source'],
  asOf: number | undefined,
  problems: readonly Diagnostic[],
): SourceStatus {
  const [first] = problems
  return {
    source,
    ...(asOf === undefined ? {} : { asOf }),
    ...(first === undefined ? {} : { problem: first.message }),
  }
}

function after(milliseconds: number): Promise<void> {
  return new Promise((resolve) => void systemScheduler.after(milliseconds, resolve))
}
