/**
 * A cluster as a source of policy: all its resources followed together. What it gives is whole: while any resource is not in step
 * (forbidden, failing, never listed), everything stays as it was when all were, because what is missing could be the DENY.
 */
import type { SourceObject } from '../compile/index.ts'
import { systemScheduler, type Scheduler } from '../files/index.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'
import { createAccess } from './access.ts'
import { createJudge, type Verdict } from './condition.ts'
import { CONNECTION_TIMING, createConnection, type ConnectionTiming } from './connection.ts'
import { follow, FOLLOW_TIMING, type Follower, type FollowTiming, type Phase } from './follow.ts'
import type { ClusterSettings } from './kubeconfig.ts'
import { absences, failures } from './report.ts'
import { RESOURCES, resourceName, type Resource } from './resources.ts'
import { missingRight, missingRights, requiredRights, type Right } from './rights.ts'
import { createStatusWriter, STATUS_TIMING, type StatusTiming } from './status-writer.ts'

export interface Cluster {
  /** Fulfilled once each resource was listed, is known to be absent, or failed. */
  readonly settled: Promise<void>
  /** As of the last moment at which all resources were in step; nothing before the first. The same list while nothing changed. */
  objects(): readonly SourceObject[] | undefined
  status(): ClusterStatus
  /** What became of the objects; told to whoever reads them in the cluster. */
  judged(verdict: Verdict): void
  close(): void
}

export interface ClusterStatus {
  /**
   * The last moment at which what {@link Cluster.objects} gives was all there was, as far as could be told; milliseconds since the epoch.
   * A connection that hangs without a word is noticed within 50 seconds.
   */
  readonly asOf?: number
  /** Why it is not so now. Empty while a connection that broke is only just being made again. */
  readonly problems: readonly Diagnostic[]
  /** What a person should know all the same. */
  readonly remarks: readonly Diagnostic[]
  readonly resources: readonly ResourceStatus[]
}

export interface ResourceStatus {
  readonly name: string
  readonly phase: Phase
  readonly objects: number
  /** When the API server last said something about it; milliseconds since the epoch. */
  readonly heardAt?: number
}

export interface ClusterOptions extends ClusterSettings {
  /** Whether our objects get conditions. */
  readonly status: boolean
}

export interface ClusterDeps {
  /** What {@link Cluster.objects} or {@link Cluster.status} gives may differ. Called once for each event: gather before you work. */
  readonly onChange: () => void
  readonly now: () => number
  /** From 0 up to 1. */
  readonly chance: () => number
  readonly scheduler?: Scheduler
  readonly timing?: Partial<ClusterTiming>
  readonly resources?: readonly Resource[]
}

export interface ClusterTiming {
  readonly connection: ConnectionTiming
  readonly follow: FollowTiming
  readonly status: StatusTiming
  /** Milliseconds for which a broken connection is no problem yet. */
  readonly graceMs: number
  /** Milliseconds between looks at rights that are missing. */
  readonly rightsMs: number
}

export const CLUSTER_TIMING: ClusterTiming = {
  connection: CONNECTION_TIMING,
  follow: FOLLOW_TIMING,
  status: STATUS_TIMING,
  graceMs: 2_000,
  rightsMs: 30_000,
}

export function openCluster(options: ClusterOptions, deps: ClusterDeps): Cluster {
  const { onChange, now, chance, scheduler = systemScheduler, resources = RESOURCES } = deps
  const timing = { ...CLUSTER_TIMING, ...deps.timing }
  const connection = createConnection(createAccess(options, { now }), timing.connection)
  let isStale = true
  let whole: readonly SourceObject[] | undefined
  let asOf: number | undefined
  let missing: readonly Right[] = []
  let isReviewing = false
  let cancelReview: (() => void) | undefined
  let cancelGrace: (() => void) | undefined
  let closed = false

  function changed(): void {
    if (closed) return
    isStale = true
    if (!isInStep()) awaitGrace()
    onChange()
  }

  /** A failure becomes a problem without any further event. */
  function awaitGrace(): void {
    cancelGrace ??= scheduler.after(timing.graceMs, () => {
      cancelGrace = undefined
      if (!isInStep()) awaitGrace()
      // Where one right is missing, others may be.
      if (missing.length === 0 && followers.some(({ state }) => state().problem?.kind === 'forbidden')) void review()
      onChange()
    })
  }

  const shared = { connection, scheduler, now, chance, timing: timing.follow, onChange: changed }
  const followers: readonly Follower[] = resources.map((resource) =>
    follow(resource, { ...shared, ...(resource.hasStatus ? { onTouch: () => writer?.look() } : {}) }),
  )
  const writer = options.status
    ? createStatusWriter({
        connection,
        followers: followers.filter(({ resource }) => resource.hasStatus),
        scheduler,
        now,
        chance,
        timing: timing.status,
      })
    : undefined

  function isInStep(): boolean {
    return followers.every(({ state }) => state().phase === 'live' || state().phase === 'absent')
  }

  async function review(): Promise<void> {
    if (isReviewing) return
    isReviewing = true
    const found = await missingRights(connection, requiredRights(options.status, resources))
    isReviewing = false
    if (closed) return
    const isOther = JSON.stringify(found) !== JSON.stringify(missing)
    missing = found
    if (isOther) onChange()
    if (missing.length > 0) cancelReview = scheduler.after(timing.rightsMs, () => void review())
  }
  void review()

  return {
    settled: Promise.all(followers.map(({ settled }) => settled)).then(() => undefined),
    objects() {
      if (!isInStep()) return whole
      asOf = now()
      if (isStale) {
        whole = followers.flatMap(({ store }) => [...store.objects.values()].map(({ source }) => source))
        isStale = false
      }
      return whole
    },
    status() {
      const states = followers.map(({ resource, state }) => ({ resource, state: state() }))
      if (whole !== undefined && !isStale && isInStep()) asOf = now()
      const problems = failures(states, now() - timing.graceMs)
      const rights = [...missing.map(missingRight), ...(writer?.problems() ?? [])]
      return {
        ...(asOf === undefined ? {} : { asOf }),
        problems,
        remarks: [...absences(states), ...newTo(problems, rights)],
        resources: followers.map(({ resource, store, state }) => {
          const { phase, heardAt } = state()
          const seen = heardAt === undefined ? {} : { heardAt }
          return { name: resourceName(resource), phase, objects: store.objects.size, ...seen }
        }),
      }
    },
    judged: (verdict) => writer?.look(createJudge(verdict)),
    close() {
      closed = true
      cancelReview?.()
      cancelGrace?.()
      writer?.close()
      for (const follower of followers) follower.close()
      connection.close()
    },
  }
}

/** Each once, and none that was told before. */
function newTo(told: readonly Diagnostic[], others: readonly Diagnostic[]): readonly Diagnostic[] {
  const known = new Set(told.map(({ message }) => message))
  return others.filter(({ message }) => !known.has(message) && known.add(message))
}
