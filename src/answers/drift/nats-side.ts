/** What a decision gives of one literal subject, and the rules that had a part in it. Pure. */
import type { Principal } from '../../identity/principal.ts'
import { entriesIn } from '../../audit/list-entries.ts'
import { grantsTouching } from '../../audit/grants-touching.ts'
import type { AccountImport, Topology } from '../../audit/topology.ts'
import type { Decision } from '../../policy/decision.ts'
import { permits, type Action } from '../../policy/effective.ts'
import { outOfForce } from '../../policy/in-force.ts'
import { matchesPrincipal } from '../../policy/match-principal.ts'
import type { CeilingRule, GrantRule } from '../../policy/model.ts'
import type { Snapshot } from '../../policy/snapshot.ts'
import { matches, overlaps, witness, type Pattern } from '../../subject/index.ts'

/** In any way: whoever may subscribe in one queue group alone has what is sent there. */
export function holds(decision: Decision, action: Action, subject: Pattern, queues: readonly Pattern[]): boolean {
  if (decision.effect === 'deny') return false
  const permissions = decision.permissions.filtering
  if (action === 'publish') return permits(permissions, action, subject.text)
  const groups = [
    ...queues,
    ...entriesIn(permissions.sub.allow).flatMap(({ pattern, queue }) =>
      queue !== undefined && overlaps(pattern, subject) ? [queue] : [],
    ),
  ]
  return [undefined, ...groups.map((group) => witness(group, group))].some((queue) =>
    permits(permissions, action, subject.text, queue),
  )
}

/** From where, and to where. */
export interface Journey {
  readonly decision: Decision
  /** Where the workload lives; `undefined` when it cannot log in. */
  readonly home: string | undefined
  readonly topology: Topology | undefined
}

/** Whether the account of the caller is the workload's, or has the subject from there under the same name. */
export function isReached({ decision, home, topology }: Journey, action: Action, subject: Pattern): boolean {
  if (decision.effect === 'deny' || home === undefined || decision.account === home) return true
  return importsOf(topology, decision.account, action).some(
    // Another name here is another subject there.
    (one) => one.account === home && one.localSubject === one.subject.text && matches(one.subject, subject),
  )
}

export function importsOf(topology: Topology | undefined, account: string, action: Action): readonly AccountImport[] {
  const kind = action === 'publish' ? 'service' : 'stream'
  return (topology?.accounts.get(account)?.imports ?? []).filter((one) => one.kind === kind)
}

export interface RulesAt {
  readonly allows: readonly GrantRule[]
  readonly denies: readonly GrantRule[]
  /** Those that match the principal, when none of them has the subject. */
  readonly capping: readonly CeilingRule[]
}

export function rulesAt(
  { model, trustDomains }: Snapshot,
  { principal, account }: { readonly principal: Principal; readonly account: string },
  action: Action,
  subject: Pattern,
): RulesAt {
  const isMine = ({ principals }: Pick<GrantRule, 'principals'>): boolean =>
    matchesPrincipal(principals, principal, trustDomains)
  const ceilings = model.ceilings.filter(isMine)
  const speaking = grantsTouching(model, action, subject).filter(
    (rule) =>
      rule.grant.patterns.some((pattern) => matches(pattern, subject)) &&
      rule.grant.except?.some((hole) => matches(hole, subject)) !== true &&
      isMine(rule) &&
      outOfForce(rule, { account, ceilings }) === undefined,
  )
  const isWithin = ceilings.some((rule) => rule[action].some((pattern) => matches(pattern, subject)))
  return {
    allows: speaking.filter(({ effect }) => effect === 'allow'),
    denies: speaking.filter(({ effect }) => effect === 'deny'),
    capping: isWithin ? [] : ceilings,
  }
}
