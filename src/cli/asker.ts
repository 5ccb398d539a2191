/** Whoever answers a command's question, and how options say who that is. Types alone. */
import type { Answer } from '../answers/answer.ts'
import type { Problem } from '../answers/problem.ts'
import type { QuestionText } from '../answers/question.ts'
import type { Result } from '../lib/result.ts'
import type { MeshOptions } from './options.ts'
import type { RemoteOptions } from './remote-options.ts'

export interface Asker {
  ask(question: QuestionText): Promise<Result<Answer, Problem>>
}

/** Of whom to ask, as options say it. */
export interface AskOptions extends MeshOptions, RemoteOptions {
  readonly policies?: readonly string[]
  /** Of a cluster whose objects are policy, beside the files or alone. */
  readonly kubeconfig?: string
  readonly context?: string
  /** A file that says what is known of streams, imports and exports. */
  readonly topology?: string
  /** Of an end user's token: the claim with the groups. */
  readonly groupsClaim?: string
}
