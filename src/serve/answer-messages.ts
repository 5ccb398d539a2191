/** What goes between the bridge and the thread that answers questions. Plain data: all of it is copied or moved, never shared. */
import type { AskedBytes } from '../answers/answering.ts'
import type { Reply } from '../answers/outcome.ts'
import type { TrustDomains } from '../policy/snapshot.ts'
import type { SentSources } from './sent-sources.ts'

/** Options of the policy in force. */
export interface AnswerSettings {
  readonly trustDomains: TrustDomains
  readonly rootNamespace: string
  readonly forbiddenAccounts: readonly string[]
  /** That logins may be placed in. */
  readonly accounts: readonly string[]
}

export type ToAnswerThread =
  | { readonly kind: 'policy'; readonly sources: SentSources }
  | { readonly kind: 'question'; readonly question: AskedBytes }

export type FromAnswerThread = Reply
