/** A question on its way in, as the doors (HTTP, NATS) hand it on. */
import type { Result } from '../lib/result.ts'
import type { QuestionRecord, Reply } from './outcome.ts'
import type { Ask } from './question.ts'

export interface IncomingQuestion {
  readonly ask: Ask
  readonly via: 'http' | 'nats'
  /** Name of the principal that was proven. */
  readonly caller?: string
  /** Reads it once there is room for it: at most so many bytes, or the refusal. */
  body(maxBytes: number): Promise<Result<Uint8Array, Reply>>
  /** Nobody waits for the answer any more. */
  isGone(): boolean
}

export type TakeQuestion = (question: IncomingQuestion) => Promise<Reply>

export type RecordQuestion = (record: QuestionRecord) => void
