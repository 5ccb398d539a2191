/** What a reader of policy or configuration must know about a document, with the place to look. Pure data. */

export type Severity = 'error' | 'warning' | 'info'

export interface Diagnostic {
  readonly severity: Severity
  /** Stable, kebab-case: `unknown-field`, `pattern-invalid`, `reach-system`. */
  readonly code: string
  /** What was read and what was expected, one sentence, lower case, no period. */
  readonly message: string
  /** The next step. */
  readonly hint?: string
  readonly file?: string
  /** From 1. */
  readonly line?: number
  readonly column?: number
  readonly kind?: string
  readonly namespace?: string
  readonly name?: string
  readonly rule?: number
}
