/** What an answer says of a roundabout way: somebody reads or writes a subject without holding it. Pure data. */
import type { Origin } from '../../policy/origin.ts'
import type { Gap } from '../gap.ts'

/**
 * Reading or writing through the JetStream API (`direct-get` to `server-answer`), through what streams and accounts are set up to
 * pass on (`push-delivery` to `scheduled-message`), or through the right of a responder to answer (`service-reply`, `reply-reflection`).
 */
export type WayKind =
  | 'direct-get'
  | 'message-get'
  | 'consumer-create'
  | 'consumer-next'
  | 'stream-create'
  | 'stream-update'
  | 'stream-restore'
  | 'stream-snapshot'
  | 'whole-api'
  | 'server-answer'
  | 'push-delivery'
  | 'republish'
  | 'stream-copy'
  | 'account-import'
  | 'scheduled-message'
  | 'service-reply'
  | 'reply-reflection'

export interface Way {
  readonly kind: WayKind
  /** Name of a known principal, or the description of a pattern of principals. */
  readonly principal: string
  readonly known: boolean
  /** Where they live. */
  readonly account: string
  /** Where the subject is that it reaches: the same account, or one that its own imports from or exports to. */
  readonly subjectAccount: string
  /** The stream that it goes through, when it is one. */
  readonly stream?: string
  /** Subjects that it would publish or subscribe to; literal, unless nothing but the pattern is known. */
  readonly uses: readonly string[]
  /** What of the pattern that was asked about. */
  readonly reaches: string
  /** Of writing, whose words arrive: its own, what a stream has stored, a service's answer, or the server's. */
  readonly content?: 'own' | 'stored' | 'service' | 'server'
  /** False: only if streams, consumers or other clients are so. */
  readonly certain: boolean
  /** One sentence. */
  readonly explanation: string
  /** Those that grant what it uses. */
  readonly rules: readonly Origin[]
  /** Others who go the same way by the same rules, as `principal` is spelled; sorted, behind it. */
  readonly alsoBy?: readonly string[]
}

export interface RoundaboutWays {
  readonly ways: readonly Way[]
  readonly gaps: readonly Gap[]
}
