/** In which order diagnostics are told, and how many of one file. Pure. */
import type { Diagnostic } from '../policy/diagnostic.ts'
import { groupInSteps } from '../lib/group-by.ts'
import { flatMapInSteps, type Steps } from '../lib/steps.ts'

/** Whoever has this many starts at the top anyway; a log should not drown in one file, or one object of a cluster. */
const MAX_PER_SOURCE = 200

export function byPlace(a: Diagnostic, b: Diagnostic): number {
  return (
    compareTexts(a.file ?? '', b.file ?? '') ||
    (a.line ?? 0) - (b.line ?? 0) ||
    (a.column ?? 0) - (b.column ?? 0) ||
    compareTexts(a.code, b.code) ||
    compareTexts(a.message, b.message)
  )
}

export function compareTexts(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

/** Errors before others when some must go; what is left out is counted. Keeps the order. */
export function* limitPerSource(sorted: readonly Diagnostic[]): Steps<Diagnostic[]> {
  const groups = yield* groupInSteps(sorted, sourceOf)
  return yield* flatMapInSteps(groups.values(), limitGroup)
}

function sourceOf({ file, kind, namespace, name }: Diagnostic): string {
  return file ?? JSON.stringify([kind, namespace, name])
}

function limitGroup(group: readonly [Diagnostic, ...Diagnostic[]]): readonly Diagnostic[] {
  const left = group.length - MAX_PER_SOURCE
  if (left <= 0) return group
  const errors = group.filter(({ severity }) => severity === 'error')
  const others = group.filter(({ severity }) => severity !== 'error')
  const kept = new Set([...errors, ...others].slice(0, MAX_PER_SOURCE))
  const [{ file, kind, namespace, name }] = group
  const rest: Diagnostic = {
    severity: errors.length > MAX_PER_SOURCE ? 'error' : 'warning',
    code: 'more-mistakes',
    message: `${left} more diagnostics are not shown`,
    ...(file === undefined ? objectOf({ kind, namespace, name }) : { file }),
  }
  return [...group.filter((diagnostic) => kept.has(diagnostic)), rest]
}

function objectOf(object: Readonly<Record<'kind' | 'namespace' | 'name', string | undefined>>): Partial<Diagnostic> {
  const { kind, namespace, name } = object
  return {
    ...(kind === undefined ? {} : { kind }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
  }
}
