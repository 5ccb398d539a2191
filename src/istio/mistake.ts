/** One mistake in an AuthorizationPolicy, before it is known which file it stands in. Pure. */
import type { Path } from '../lib/spell.ts'

export interface PolicyMistake {
  readonly severity: 'error' | 'warning' | 'info'
  /** Stable, kebab-case. */
  readonly code: string
  /** What was read and what was expected, one sentence. */
  readonly message: string
  /** The next step. */
  readonly hint?: string
  /** From the root of the document. */
  readonly path: Path
  /** Points at the name of the field instead of its value. */
  readonly atKey?: true
}

/** Collects mistakes while a document is read. */
export interface MistakeList {
  error(code: string, path: Path, message: string, hint?: string): void
  warn(code: string, path: Path, message: string, hint?: string): void
  /** An error at the name of a field. */
  errorAtKey(code: string, path: Path, message: string, hint?: string): void
  readonly all: readonly PolicyMistake[]
}

/** Enough to see the pattern behind them. */
const MAX_MISTAKES = 50

export function createMistakeList(): MistakeList {
  const all: PolicyMistake[] = []
  function add(mistake: PolicyMistake, hint: string | undefined): void {
    if (all.length < MAX_MISTAKES) all.push(hint === undefined ? mistake : { ...mistake, hint })
  }
  return {
    error: (code, path, message, hint) => add({ severity: 'error', code, message, path }, hint),
    warn: (code, path, message, hint) => add({ severity: 'warning', code, message, path }, hint),
    errorAtKey: (code, path, message, hint) => add({ severity: 'error', code, message, path, atKey: true }, hint),
    all,
  }
}

export function hasError(mistakes: readonly PolicyMistake[]): boolean {
  return mistakes.some(({ severity }) => severity === 'error')
}
