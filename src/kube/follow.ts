/**
 * Keeps the objects of one resource in step with the cluster, for as long as it takes: list, watch, watch again, list again. What it
 * knows is never given up for less: only a whole list, an event, or the API server's word that there is no such resource change it.
 */
import type { Scheduler } from '../files/index.ts'
import type { KubeConnection } from './connection.ts'
import { findVersion } from './discovery.ts'
import { listAll } from './list.ts'
import { createBackoff, createPause, type BackoffTiming } from './pause.ts'
import type { ApiProblem, ProblemKind } from './problem.ts'
import type { Resource } from './resources.ts'
import { createStore, type Store } from './store.ts'
import { watchOnce } from './watch.ts'

export type Phase =
  | 'starting'
  /** Watched. */
  | 'live'
  /** The API server has no such resource: there are no objects, and that is all there is to know. */
  | 'absent'
  /** Not in step, or it cannot be told. */
  | 'failing'

export interface ResourceState {
  readonly phase: Phase
  /** When the phase began; milliseconds since the epoch. */
  readonly since: number
  /** Whether it was ever in step. */
  readonly isKnown: boolean
  /** When the API server last said something about it. */
  readonly heardAt?: number
  readonly problem?: ApiProblem & { readonly verb: 'list' | 'watch' }
}

export interface Follower {
  readonly resource: Resource
  readonly store: Pick<Store, 'objects'>
  state(): ResourceState
  /** Fulfilled once the phase is no longer `starting`. */
  readonly settled: Promise<void>
  close(): void
}

export interface FollowTiming {
  /** Seconds after which the server ends a watch; by chance up to a half longer. */
  readonly watchSeconds: number
  /** Milliseconds beyond that until a silent connection counts as dead. */
  readonly graceMs: number
  /** Milliseconds between looks for a resource that is absent. */
  readonly absentMs: number
  readonly backoff: BackoffTiming
}

export const FOLLOW_TIMING: FollowTiming = {
  watchSeconds: 30,
  graceMs: 5_000,
  absentMs: 1_000,
  backoff: { firstMs: 100, longestMs: 5_000 },
}

export interface FollowDeps {
  readonly connection: KubeConnection
  readonly scheduler: Scheduler
  readonly now: () => number
  /** From 0 up to 1. */
  readonly chance: () => number
  readonly timing: FollowTiming
  /** What is read differs, or the phase does. Called once for each event: gather before you work. */
  readonly onChange: () => void
  /** What is not read may differ: a status. */
  readonly onTouch?: () => void
}

/** A watch that lasted this long worked. */
const STEADY_MS = 1_000
/** Resuming a watch where it broke is enough, a few times; after anything else all is listed anew. */
const BROKEN: ReadonlySet<ProblemKind> = new Set<ProblemKind>([
  'unreachable',
  'silent',
  'busy',
  'unauthorized',
  'credentials',
  'certificate',
])
const MAX_RESUMED = 3
/** How often a server must say that a resource is not there of which objects are known: one that is starting may not know yet. */
const PROOFS = 3
/** Until then a history that is too short is no failure: the list that follows makes up for it. */
const MAX_GONE = 3

export function follow(resource: Resource, deps: FollowDeps): Follower {
  const { connection, scheduler, now, chance, timing, onChange, onTouch = () => undefined } = deps
  const store = createStore(resource)
  const pause = createPause(scheduler)
  const backoff = createBackoff(timing.backoff, chance)
  let [version = ''] = resource.versions
  let state: ResourceState = { phase: 'starting', since: now(), isKnown: false }
  let closed = false
  let gone = 0
  let settle: (() => void) | undefined
  const settled = new Promise<void>((resolve) => (settle = resolve))

  function enter(phase: Phase, problem?: ResourceState['problem']): void {
    if (closed) return
    const isSame = state.phase === phase
    const isKnown = state.isKnown || phase === 'live' || phase === 'absent'
    const { heardAt } = state
    const since = isSame ? state.since : now()
    const said = state.problem?.message
    state = {
      phase,
      since,
      isKnown,
      ...(heardAt === undefined ? {} : { heardAt }),
      ...(problem === undefined ? {} : { problem }),
    }
    settle?.()
    if (!isSame || said !== problem?.message) onChange()
  }

  function heard(): void {
    state = { ...state, heardAt: now() }
  }

  async function failed(problem: ApiProblem, verb: 'list' | 'watch'): Promise<void> {
    enter('failing', { ...problem, verb })
    await pause.wait(Math.max(backoff.next(), problem.retryAfterMs ?? 0))
  }

  /** @returns where a watch begins. */
  async function list(): Promise<string | undefined> {
    const listed = await listAll(connection, resource, version, heard)
    if (closed) return undefined
    if (!listed.ok) {
      await (listed.error.kind === 'not-found' ? missing(listed.error) : failed(listed.error, 'list'))
      return undefined
    }
    if (store.replace(listed.value.items)) onChange()
    else onTouch()
    return listed.value.resourceVersion
  }

  async function missing(problem: ApiProblem): Promise<void> {
    for (let proofs = 1; !closed; proofs += 1) {
      const found = await findVersion(connection, resource)
      if (!found.ok) return failed(found.error, 'list')
      if (found.value === undefined && (store.objects.size === 0 || proofs === PROOFS)) return untilThere()
      if (found.value === undefined) {
        enter('failing', { ...problem, verb: 'list' })
        await pause.wait(timing.absentMs)
        continue
      }
      // Served, and answered 404: a definition that was made this moment.
      if (found.value === version) return failed(problem, 'list')
      version = found.value
      return undefined
    }
    return undefined
  }

  async function untilThere(): Promise<void> {
    if (store.replace([])) onChange()
    for (;;) {
      enter('absent')
      heard()
      backoff.reset()
      await pause.wait(timing.absentMs)
      if (closed) return
      const found = await findVersion(connection, resource)
      if (!found.ok) return failed(found.error, 'list')
      if (found.value === undefined) continue
      version = found.value
      return
    }
  }

  async function watch(from: string): Promise<void> {
    let resumed = 0
    for (let upTo = from; !closed;) {
      const began = now()
      const seconds = Math.round(timing.watchSeconds * (1 + chance() / 2))
      const options = { version, from: upTo, seconds, graceMs: timing.graceMs }
      const end = await watchOnce(connection, resource, options, {
        opened() {
          heard()
          enter('live')
        },
        heard,
        put: (item) => (store.put(item) ? onChange() : onTouch()),
        remove: (item) => (store.remove(item) ? onChange() : undefined),
      })
      const hasWorked = now() - began >= STEADY_MS || end.upTo !== upTo
      if (hasWorked) {
        backoff.reset()
        gone = 0
        resumed = 0
      }
      upTo = end.upTo
      if (closed) return
      const { problem } = end
      if (problem === undefined) {
        if (!hasWorked) await pause.wait(backoff.next())
      } else if (problem.kind === 'gone' && (gone += 1) <= MAX_GONE) {
        if (!hasWorked) await pause.wait(backoff.next())
        return
      } else {
        await failed(problem, 'watch')
        resumed += 1
        if (!BROKEN.has(problem.kind) || resumed > MAX_RESUMED) return
      }
    }
  }

  async function keepUp(): Promise<void> {
    while (!closed) {
      const from = await list()
      if (from !== undefined) await watch(from)
    }
  }

  void keepUp()
  return {
    resource,
    store,
    settled,
    state: () => state,
    close() {
      closed = true
      pause.end()
    },
  }
}
