/** What became of a `PolicyTest`: each assertion's result, by its case. Types alone. */
import type { Finding } from '../../audit/assertion.ts'
import type { Origin } from '../../policy/origin.ts'
import type { Snapshot } from '../../policy/snapshot.ts'
import type { PolicyTest, TestCase } from './read-policy-test.ts'

export interface TestRun {
  readonly test: PolicyTest
  readonly snapshot: Snapshot
  readonly cases: readonly CaseRun[]
  /** The AuthorizationPolicies beside the policy, when something is asserted of HTTP. */
  readonly httpRules: readonly Origin[]
}

export interface CaseRun {
  readonly case: TestCase
  readonly results: readonly TestResult[]
}

export interface TestResult extends Finding {
  readonly statement: string
  /** Of assertions about subjects. */
  readonly principal?: string
  /** Of assertions about HTTP: the name of a rule, or `no-allow-match` and the like. */
  readonly decidedBy?: string
  /** What makes a result less telling than it looks. */
  readonly note?: string
}
