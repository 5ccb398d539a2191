/** What is worked on between a question and its answer. Pure data. */
import type { Principal } from '../../identity/principal.ts'
import type { Allowed } from '../../policy/decision.ts'
import type { MatcherIndex } from '../../policy/matcher-index.ts'
import type { AccountRule, CeilingRule, GrantRule } from '../../policy/model.ts'
import type { Described } from '../population/described.ts'
import type { Population } from '../population/population.ts'
import type { HeldBy } from './held-by.ts'
import type { Meetings } from './meetings.ts'

/** The rules of a snapshot, by whom they speak of. */
export interface Rulebook {
  readonly population: Population
  readonly accounts: MatcherIndex<AccountRule>
  readonly ceilings: MatcherIndex<CeilingRule>
  readonly grants: MatcherIndex<GrantRule>
  /** Allow rules by which somebody gets an inbox. */
  readonly requests: readonly GrantRule[]
  readonly meetings: Meetings
}

/** Principals of whom the representative alone is decided about. */
export interface Group {
  readonly described: Described
  /** An end user that is known by name: what the token brings besides is open. */
  readonly isNamed: boolean
  /** Of members that some further ceiling matches; one more is not asked for. */
  readonly isCapped?: true
}

export interface Line {
  readonly principal: Principal
  readonly decision: Allowed
  readonly held: HeldBy
  /** Absent: a known principal. */
  readonly described?: Described
}
