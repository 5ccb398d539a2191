/** The question of this folder: does a server let a client do exactly what the policy means, in exactly the way we foretell? */
import type { Principal } from '../../../src/identity/principal.ts'
import { createDecide } from '../../../src/policy/decide.ts'
import type { Allowed, DeliveryFilter, Permissions } from '../../../src/policy/decision.ts'
import type { Subscription } from '../../../src/policy/effective.ts'
import type { Model } from '../../../src/policy/model.ts'
import { covers, isLiteral, overlaps } from '../../../src/subject/index.ts'
import { meaningOf } from '../../policy/reference.ts'
import { pattern, sha256Hex, snapshotOf, universe, workload, type Universe } from '../../support/policy-arbitraries.ts'
import type { RawClient } from '../../support/raw-client.ts'
import { examine } from './examine.ts'
import { beyondPolicy, unforetold, withheld } from './verdict.ts'

export interface Case {
  readonly model: Model
  readonly principal: Principal
  readonly filter: DeliveryFilter
  readonly witness: RawClient
  /** As the principal; the decision is the one that the policy should lead to. */
  readonly logInUnder: (decision: Allowed) => Promise<RawClient>
  /**
   * Whether every subscription that a deny touches gets a connection on which no other can have switched the filter on.
   * Without it, what `legacy` servers deliver is not foretold: it may be less. Default: on `legacy` servers.
   */
  readonly alone?: boolean
}

/** What went wrong, a line for each. */
export interface Judgement {
  readonly unforetold: readonly string[]
  readonly beyondPolicy: readonly string[]
  readonly withheld: readonly string[]
}

export const NOTHING_WRONG: Judgement = { unforetold: [], beyondPolicy: [], withheld: [] }

export const somebody = workload('spiffe://shop.example/ns/shop/sa/orders')

export async function judge({
  model,
  principal,
  filter,
  witness,
  logInUnder,
  alone = filter === 'legacy',
}: Case): Promise<Judgement> {
  const decision = decisionOf(model, principal)
  const permissions = decision.permissions[filter]
  const every = universeOf(decision.inboxPrefix)
  // A login for each subscription takes its time: without a queue and in one will do.
  const all = alone && filter === 'filtering' ? { ...every, queues: every.queues.slice(0, 2) } : every
  const answers = await examine({
    logIn: () => logInUnder(decision),
    witness,
    universe: all,
    isLoner: (one) => alone && mayBeFiltered(permissions, one, filter),
  })
  const meaning = meaningOf(model, principal, decision.inboxPrefix, all)
  return {
    unforetold: unforetold(answers, permissions, filter, all),
    beyondPolicy: beyondPolicy(answers, meaning, all),
    withheld: withheld(answers, meaning, decision.shortfalls[filter], all),
  }
}

export function decisionOf(model: Model, principal: Principal): Allowed {
  const decision = createDecide(sha256Hex)(snapshotOf(model), principal)
  if (decision.effect === 'deny') throw new Error(decision.code)
  return decision
}

const universes = new Map<string, Universe>()

/** Each subject once: with a shared inbox, some of them are the same. */
export function universeOf(inboxPrefix: string): Universe {
  let known = universes.get(inboxPrefix)
  if (known === undefined) {
    const all = universe(inboxPrefix)
    known = { ...all, subjects: [...new Set(all.subjects)], subscriptions: [...new Set(all.subscriptions)] }
    universes.set(inboxPrefix, known)
  }
  return known
}

/** Whether a deny makes the server look at what it delivers to a subscription; a `legacy` server looks where it lies inside. */
export function mayBeFiltered({ sub }: Permissions, { subject, queue }: Subscription, filter: DeliveryFilter): boolean {
  const wanted = pattern(subject)
  if (isLiteral(wanted) && queue === undefined) return false
  return sub.deny
    .map((entry) => pattern(entry.split(' ')[0] ?? ''))
    .some((deny) => (filter === 'legacy' ? covers(wanted, deny) : overlaps(wanted, deny)))
}
