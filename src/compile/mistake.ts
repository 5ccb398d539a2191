/** One mistake in one object, before it is known which document and file it belongs to. Pure. */
import type { Path } from '../lib/spell.ts'
import type { Severity } from '../policy/diagnostic.ts'

/** Both from 1, columns in UTF-16 code units. */
export interface Position {
  readonly line: number
  readonly column: number
}

export interface Mistake {
  /** Default `error`. */
  readonly severity?: Severity
  readonly code: string
  readonly message: string
  readonly hint?: string
  readonly path: Path
  /** Points at the name of the field instead of its value. */
  readonly atKey?: true
  /** Where it stands, when `path` cannot say it (the second of two equal keys). */
  readonly position?: Position
}

/** For hints that there may be none of. */
export function withHint(mistake: Mistake, hint: string | undefined): Mistake {
  return hint === undefined ? mistake : { ...mistake, hint }
}
