/** The states of all resources, as a person should hear of them: one sentence for a server that is down, not one for each resource. */
import type { Diagnostic } from '../policy/diagnostic.ts'
import type { ResourceState } from './follow.ts'
import { problemDiagnostic, type ApiProblem, type ProblemKind } from './problem.ts'
import { resourceName, type Resource } from './resources.ts'
import { missingRight, readingRight } from './rights.ts'

export interface Followed {
  readonly resource: Resource
  readonly state: ResourceState
}

/** What may pass by itself, and mostly does. */
const PASSING: ReadonlySet<ProblemKind> = new Set<ProblemKind>(['unreachable', 'silent', 'busy', 'not-found'])

/** The others are about the way to the server, or who we are there: whichever resource meets them first. */
const OF_RESOURCES: ReadonlySet<ProblemKind> = new Set<ProblemKind>(['answer', 'not-found', 'gone'])

/** @param told a failure that may pass is told when it began before this moment; milliseconds since the epoch */
export function failures(followed: readonly Followed[], told: number): readonly Diagnostic[] {
  const starting = followed
    .filter(({ state }) => state.phase === 'starting')
    .map(({ resource }) => resourceName(resource))
  const found: Diagnostic[] = starting.length === 0 ? [] : [notYet(starting)]
  const shared = new Map<string, { readonly problem: ApiProblem; readonly names: string[] }>()
  for (const { resource, state } of followed) {
    const { phase, problem, isKnown, since } = state
    if (phase !== 'failing' || problem === undefined) continue
    if (isKnown && PASSING.has(problem.kind) && since > told) continue
    if (problem.kind === 'forbidden') {
      found.push(missingRight(readingRight(resource, problem.verb)))
      continue
    }
    const group = shared.get(problem.message)
    if (group === undefined) shared.set(problem.message, { problem, names: [resourceName(resource)] })
    else group.names.push(resourceName(resource))
  }
  for (const { problem, names } of shared.values()) {
    const isOfAll = !OF_RESOURCES.has(problem.kind) || names.length === followed.length
    found.push(problemDiagnostic(problem, isOfAll ? undefined : listed(names)))
  }
  return found
}

function notYet(names: readonly string[]): Diagnostic {
  const message = `the Kubernetes API has not answered yet for ${listed(names)}`
  return { severity: 'error', code: 'cluster-starting', message, hint: 'this passes, or ends in another message' }
}

const MAX_NAMES = 3

function listed(names: readonly string[]): string {
  const [shown, left] = [names.slice(0, MAX_NAMES), names.length - MAX_NAMES]
  return left > 0 ? `${shown.join(', ')} and ${left} more` : shown.join(', ')
}

/** Absent resources are no problem: a cluster without Istio has none of its policies. */
export function absences(followed: readonly Followed[]): readonly Diagnostic[] {
  return followed
    .filter(({ state }) => state.phase === 'absent')
    .map(({ resource }) => ({
      severity: resource.hasStatus ? 'warning' : 'info',
      code: 'cluster-absent',
      message: `the cluster has no ${resourceName(resource)}, so none is read`,
      hint: resource.hasStatus
        ? 'install the custom resource definitions of deploy/kubernetes/crds; they are noticed at once'
        : 'they are noticed as soon as their custom resource definition is there',
    }))
}
