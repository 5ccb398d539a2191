/**
 * One structured record per decision, allow and deny alike: everything an auditor needs to name who was let in, where, by which rules. Pure.
 * Holds nothing that the client wrote: the principal is a verified name, the rest is the server's word or ours.
 */
import { remember } from '../lib/remember.ts'
import type { Authenticated } from '../identity/principal.ts'
import type { Decision } from '../policy/decision.ts'
import { nameOrigin } from '../policy/origin.ts'
import type { RefusalCode } from '../policy/refusal.ts'

export interface DecisionRecord {
  readonly decisionId: string
  /** Milliseconds since the epoch. */
  readonly time: number
  readonly effect: 'allow' | 'deny'
  readonly code: 'ALLOWED' | RefusalCode
  /** A fixed sentence that says more than the code. */
  readonly detail: string | undefined
  /** Whether nats-server got an answer; a refusal that it never proved to ask for, or too late, is met with silence. */
  readonly answered: boolean
  /** From arrival to answer. */
  readonly durationMs: number
  readonly snapshotId: string | undefined
  readonly principal: string | undefined
  readonly credentialKind: Authenticated['kind'] | undefined
  /** Configured name of the issuer. */
  readonly issuer: string | undefined
  readonly account: string | undefined
  readonly rules: readonly string[] | undefined
  /** Length of the session that was issued. */
  readonly ttlSeconds: number | undefined
  readonly facts: Authenticated['facts'] | undefined
  readonly server: { readonly id: string; readonly name: string } | undefined
  readonly client: { readonly id: number; readonly host: string; readonly type: string | undefined } | undefined
}

export type DecisionSink = (record: DecisionRecord) => void

const named = new WeakMap<Decision, readonly string[]>()

/** Names of the rules behind a decision; decisions are shared by many logins, so the names are kept beside them. */
export function ruleNames(decision: Decision): readonly string[] {
  return remember(named, decision, ({ rules }) => rules.map(nameOrigin))
}
