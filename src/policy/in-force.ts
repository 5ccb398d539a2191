/** Whether a grant that speaks of a principal is in force for it, where it lives and under what caps it. Pure. */
import type { CeilingRule, GrantRule } from './model.ts'

export interface Standing {
  readonly account: string
  /** Those that match the principal. */
  readonly ceilings: readonly CeilingRule[]
}

/** Why it is not: the principal lives in another account, or the grant asks for a ceiling and there is none. */
export type OutOfForce = 'other-account' | 'needs-ceiling'

export function outOfForce(rule: GrantRule, { account, ceilings }: Standing): OutOfForce | undefined {
  if (rule.withinAccount !== undefined && rule.withinAccount !== account) return 'other-account'
  return rule.needsCeiling && ceilings.length === 0 ? 'needs-ceiling' : undefined
}
