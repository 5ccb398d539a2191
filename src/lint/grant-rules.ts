/** Grants of the model as lint asks about them: who, what, on which side of a connection. Pure. */
import { coversTogether, type Pattern } from '../subject/index.ts'
import type { Matcher } from '../policy/matcher.ts'
import type { Grant, GrantRule, Model } from '../policy/model.ts'

export type Side = 'publish' | 'subscribe'

/** One pattern of one rule. */
export interface Granted {
  readonly rule: GrantRule
  readonly pattern: Pattern
}

export function entriesOf({ principals }: GrantRule): Matcher {
  return principals
}

/** Of a SubjectRoute, or of an AuthorizationPolicy through one. */
export function isOfRoute({ origin }: GrantRule): boolean {
  return origin.kind === 'SubjectRoute' || origin.through?.kind === 'SubjectRoute'
}

export function sideOf({ verb }: Grant): Side {
  return verb === 'publish' || verb === 'request' ? 'publish' : 'subscribe'
}

export function allowsOf({ grants }: Model): GrantRule[] {
  return grants.filter(({ effect }) => effect === 'allow')
}

export function deniesOf({ grants }: Model): GrantRule[] {
  return grants.filter(({ effect }) => effect === 'deny')
}

export function grantedBy(rules: readonly GrantRule[], side?: Side): Granted[] {
  return rules
    .filter(({ grant }) => side === undefined || sideOf(grant) === side)
    .flatMap((rule) => rule.grant.patterns.map((pattern) => ({ rule, pattern })))
}

export function queuesOf(grant: Grant): readonly Pattern[] | undefined {
  return 'queues' in grant ? grant.queues : undefined
}

/** Whether members of all groups that `narrow` names are among those that `wide` names. No groups: everybody. */
export function coversQueues(wide: Grant, narrow: Grant): boolean {
  const groups = queuesOf(wide)
  if (groups === undefined) return true
  return queuesOf(narrow)?.every((queue) => coversTogether(groups, queue)) === true
}
