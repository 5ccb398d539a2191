/**
 * Writes the conditions of our objects, one after the other and only those that differ. A mere courtesy: policy is followed whether or
 * not it can be written. Several replicas find the same words; one whose words are others (a newer version) is not fought.
 */
import type { Scheduler } from '../files/index.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'
import { statusToWrite, type Judge, type ObjectStatus } from './condition.ts'
import type { KubeConnection } from './connection.ts'
import type { Follower } from './follow.ts'
import type { ApiProblem } from './problem.ts'
import { apiVersionOf, objectPath, type Resource } from './resources.ts'
import { missingRight, statusRight } from './rights.ts'
import type { StoredObject } from './store.ts'

export interface StatusWriter {
  /** Something may be to be written. @param judge of the newest compilation; absent: the one before */
  look(judge?: Judge): void
  /** Rights that it was found to lack. */
  problems(): readonly Diagnostic[]
  close(): void
}

export interface StatusTiming {
  /** Milliseconds from a change to the writing, up to twice as many by chance: then another replica may have done it. */
  readonly delayMs: number
  /** Milliseconds between two writes. */
  readonly paceMs: number
  /** Milliseconds until the same words are written to the same object again, and until a refused one is tried again. */
  readonly againMs: number
}

export const STATUS_TIMING: StatusTiming = { delayMs: 200, paceMs: 20, againMs: 30_000 }

export interface StatusWriterDeps {
  readonly connection: KubeConnection
  /** Of the resources that have a status. */
  readonly followers: readonly Follower[]
  readonly scheduler: Scheduler
  readonly now: () => number
  readonly chance: () => number
  readonly timing: StatusTiming
}

const FIELD_MANAGER = 'nats-identity-bridge'

interface Attempt {
  readonly words: string
  readonly at: number
}

export function createStatusWriter(deps: StatusWriterDeps): StatusWriter {
  const { connection, followers, scheduler, now, chance, timing } = deps
  const attempts = new Map<string, Attempt>()
  const forbidden = new Map<Resource, number>()
  let judge: Judge | undefined
  let cancel: (() => void) | undefined
  let due = 0
  let isRunning = false
  let isWanted = false
  let closed = false

  function lookIn(milliseconds: number): void {
    const at = now() + milliseconds
    if (closed || isRunning || (cancel !== undefined && due <= at)) return
    cancel?.()
    due = at
    cancel = scheduler.after(milliseconds, () => void run())
  }

  async function run(): Promise<void> {
    cancel = undefined
    isRunning = true
    isWanted = false
    const isDone = await writeAll()
    for (const [key, { at }] of attempts) if (now() - at >= timing.againMs) attempts.delete(key)
    isRunning = false
    if (isWanted) lookIn(timing.delayMs)
    else if (!isDone) lookIn(timing.againMs)
  }

  /** @returns whether nothing is left to write. */
  async function writeAll(): Promise<boolean> {
    let isDone = true
    for (const { resource, store, state } of followers) {
      const version = resource.versions[0]
      if (state().phase !== 'live' || version === undefined) continue
      for (const key of store.objects.keys()) {
        if (closed) return true
        const found = toWrite(resource, store.objects.get(key))
        if (found === undefined) continue
        if (found === 'later') {
          isDone = false
          continue
        }
        const written = await write(connection, resource, version, found)
        attempts.set(attemptKey(resource, found.object), { words: found.words, at: now() })
        if (written.ok) forbidden.delete(resource)
        else isDone = false
        if (!written.ok && written.error.kind === 'forbidden') {
          forbidden.set(resource, now())
          break
        }
        if (!written.ok && written.error.kind !== 'not-found' && written.error.kind !== 'answer') return false
        await pace()
      }
    }
    return isDone
  }

  function toWrite(resource: Resource, object: StoredObject | undefined): ToWrite | 'later' | undefined {
    if (object === undefined || judge === undefined) return undefined
    const conditions = judge(resource, object)
    const status = statusToWrite(object, conditions, now())
    if (status === undefined) return undefined
    if (now() - (forbidden.get(resource) ?? -Infinity) < timing.againMs) return 'later'
    const words = JSON.stringify([status.observedGeneration, conditions])
    const before = attempts.get(attemptKey(resource, object))
    if (before?.words === words && now() - before.at < timing.againMs) return 'later'
    return { object, status, words }
  }

  function pace(): Promise<void> {
    return new Promise((resolve) => void scheduler.after(timing.paceMs, resolve))
  }

  return {
    look(newest) {
      if (newest !== undefined) judge = newest
      isWanted = true
      lookIn(timing.delayMs * (1 + chance()))
    },
    problems: () => [...forbidden.keys()].map((resource) => missingRight(statusRight(resource))),
    close() {
      closed = true
      cancel?.()
    },
  }
}

interface ToWrite {
  readonly object: StoredObject
  readonly status: ObjectStatus
  /** What is said, without the times. */
  readonly words: string
}

function attemptKey({ kind }: Resource, { live, name }: StoredObject): string {
  return `${kind} ${live?.uid ?? name}`
}

async function write(
  connection: KubeConnection,
  resource: Resource,
  version: string,
  { object, status }: ToWrite,
): Promise<Result<void, ApiProblem>> {
  const { name, namespace, live } = object
  const answer = await connection.call({
    method: 'PATCH',
    path: `${objectPath(resource, version, object)}/status?fieldManager=${FIELD_MANAGER}&force=true`,
    contentType: 'application/apply-patch+yaml',
    body: {
      apiVersion: apiVersionOf(resource, version),
      kind: resource.kind,
      metadata: {
        name,
        ...(namespace === undefined ? {} : { namespace }),
        // Of another object of the same name nothing is known yet.
        ...(live === undefined || live.uid === '' ? {} : { uid: live.uid }),
      },
      status,
    },
  })
  return answer.ok ? ok(undefined) : err(answer.error)
}
