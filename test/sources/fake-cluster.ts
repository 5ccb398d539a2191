/** A cluster in a test's hand, as `src/kube` gives one. */
import type { SourceObject } from '../../src/compile/index.ts'
import type { Cluster, ClusterStatus, Verdict } from '../../src/kube/index.ts'
import type { Diagnostic } from '../../src/policy/diagnostic.ts'
import { deferred } from '../support/deferred.ts'

export interface FakeCluster {
  readonly open: (onChange: () => void) => Cluster
  /** Puts other objects in the place of those that are there; `undefined`: none were ever listed. */
  give(names: readonly string[] | undefined): void
  say(status: Partial<ClusterStatus>): void
  settle(): void
  /** Told of one event more. */
  notify(): void
  readonly verdicts: readonly Verdict[]
  isClosed(): boolean
}

/** @param names of the objects it begins with */
export function fakeCluster(names?: readonly string[]): FakeCluster {
  const settled = deferred<void>()
  const verdicts: Verdict[] = []
  let objects = names?.map(objectNamed)
  let status: ClusterStatus = { problems: [], remarks: [], resources: [] }
  let notify = (): void => undefined
  let closed = false
  return {
    open(onChange) {
      notify = onChange
      return {
        settled: settled.promise,
        objects: () => objects,
        status: () => status,
        judged: (verdict) => void verdicts.push(verdict),
        close: () => void (closed = true),
      }
    },
    give(next) {
      objects = next?.map(objectNamed)
      notify()
    },
    say(more) {
      status = { ...status, ...more }
      notify()
    },
    settle: () => settled.resolve(),
    notify: () => notify(),
    verdicts,
    isClosed: () => closed,
  }
}

export function problem(message: string): Diagnostic {
  return { severity: 'error', code: 'cluster-unreachable', message }
}

function objectNamed(name: string): SourceObject {
  return { value: { metadata: { name } }, mistakes: [], locate: () => undefined }
}
