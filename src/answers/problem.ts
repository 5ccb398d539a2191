/** Why a question got no answer, in the words of whoever asked. Pure data. */
import type { Diagnostic } from '../policy/diagnostic.ts'

export interface Problem {
  /** Stable, kebab-case: `question-invalid`, `candidate-refused`. */
  readonly code: string
  /** One sentence, lower case, no period; repeats nothing of the question but what is quoted and cut short. */
  readonly message: string
  /** The next step. */
  readonly hint?: string
  /** Of the documents that the question brought along. */
  readonly diagnostics?: readonly Diagnostic[]
}

export const QUESTION_INVALID = 'question-invalid'

/** For hints that there may be none of. */
export function invalid(message: string, hint?: string): Problem {
  return { code: QUESTION_INVALID, message, ...(hint === undefined ? {} : { hint }) }
}
