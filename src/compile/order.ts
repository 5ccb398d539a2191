/** In which order diagnostics are told, and how many of one file. Pure. */
import type { Diagnostic } from '../policy/diagnostic.ts'
import { groupBy } from './group-by.ts'

/** Whoever has this many starts at the top anyway; a log should not drown in one file. */
const MAX_PER_FILE = 200

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
export function limitPerFile(sorted: readonly Diagnostic[]): Diagnostic[] {
  return [...groupBy(sorted, ({ file }) => file)].flatMap(([file, group]) => {
    if (group.length <= MAX_PER_FILE) return group
    const errors = group.filter(({ severity }) => severity === 'error')
    const others = group.filter(({ severity }) => severity !== 'error')
    const kept = new Set([...errors, ...others].slice(0, MAX_PER_FILE))
    const severity = errors.length > MAX_PER_FILE ? 'error' : 'warning'
    const message = `${group.length - MAX_PER_FILE} more diagnostics are not shown`
    const rest: Diagnostic = { severity, code: 'more-mistakes', message, ...(file === undefined ? {} : { file }) }
    return [...group.filter((diagnostic) => kept.has(diagnostic)), rest]
  })
}
