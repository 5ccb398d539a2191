/** What lint found, and the rules by which it looks. Pure data. */
import type { LintCode } from '../compile/index.ts'
import type { Path } from '../lib/spell.ts'
import type { Diagnostic, Severity } from '../policy/diagnostic.ts'
import type { Origin } from '../policy/origin.ts'
import type { LintDocument } from './documents.ts'
import type { Estate } from './estate.ts'

/** What a person should know about a code; the entry of docs/lint.md is made from it. */
export interface RuleText {
  readonly code: string
  readonly severity: Severity
  /** A few words, lower case, no period. */
  readonly title: string
  readonly why: string
  readonly mend: string
}

export interface Rule extends RuleText {
  readonly code: LintCode
  readonly check: (estate: Estate) => readonly Suspicion[]
}

/** One place that a rule found wanting. */
export interface Suspicion {
  readonly at: Place
  /** One sentence about this place, lower case, no period. */
  readonly message: string
  /** Instead of the rule's own, where more can be said. */
  readonly severity?: Severity
  readonly mend?: string
}

export type Place =
  | { readonly document: LintDocument; readonly path: Path; readonly atKey?: true }
  /** Of a compiled rule: the document is looked up, and in it `path`, or the text `written`. */
  | { readonly origin: Origin; readonly path?: Path; readonly written?: string }

/** A diagnostic that says why as well; what to do stands in `mend`. */
export interface Finding extends Omit<Diagnostic, 'hint'> {
  readonly title: string
  readonly why: string
  readonly mend: string
  /** Place of the entry in the documentation. */
  readonly docs: string
}

export function docsOf(code: string): string {
  return `docs/lint.md#${code}`
}
