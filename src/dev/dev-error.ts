/** Why the stand-in cluster could not be put up, with the next step. */
import type { Diagnostic } from '../policy/diagnostic.ts'

export interface DevErrorDetails extends ErrorOptions {
  readonly hint?: string
  readonly diagnostics?: readonly Diagnostic[]
}

export class DevError extends Error {
  readonly hint: string | undefined
  /** Wrong documents, to be printed before the message. */
  readonly diagnostics: readonly Diagnostic[]

  constructor(message: string, details: DevErrorDetails = {}) {
    super(message, details)
    this.name = 'DevError'
    this.hint = details.hint
    this.diagnostics = details.diagnostics ?? []
  }
}
