/** The cases of a `PolicyTest`, held against a snapshot by the engine that decides logins. Pure. */
import { checkAssertion, type Finding } from '../../audit/assertion.ts'
import { knownPrincipals } from '../../audit/known-principals.ts'
import type { Principal } from '../../identity/principal.ts'
import { nearest } from '../../lib/nearest.ts'
import type { Decide } from '../../policy/decide.ts'
import type { Snapshot } from '../../policy/snapshot.ts'
import type { PlacedPolicy } from '../../compile/index.ts'
import type { Assertion, SubjectAssertion } from './read-case.ts'
import type { PolicyTest } from './read-policy-test.ts'
import { createHttpChecks, originsOf } from './run-http.ts'
import type { TestResult, TestRun } from './test-run.ts'

/** Edits between a name nobody wrote and the one it was meant to be. */
const MAX_EDITS = 2

/** Whether a test can only be run with the AuthorizationPolicies that lie beside the policy. */
export function asksOfHttp({ cases }: PolicyTest): boolean {
  return cases.some(({ assertions }) => assertions.some((assertion) => assertion.of === 'http'))
}

export interface Beside {
  readonly snapshot: Snapshot
  /** Empty when nothing is asked of HTTP. */
  readonly policies: readonly PlacedPolicy[]
}

export function runPolicyTest(test: PolicyTest, { snapshot, policies }: Beside, decide: Decide): TestRun {
  const known = knownPrincipals(snapshot).principals.map(shortName)
  const checkHttp = createHttpChecks(policies, test.mesh)
  const check = (assertion: Assertion): TestResult =>
    assertion.of === 'http' ? checkHttp(assertion) : checkSubject(assertion, snapshot, decide, known)
  return {
    test,
    snapshot,
    cases: test.cases.map((one) => ({ case: one, results: one.assertions.map(check) })),
    httpRules: policies.flatMap(originsOf),
  }
}

function checkSubject(
  { statement, principal, expectation }: SubjectAssertion,
  snapshot: Snapshot,
  decide: Decide,
  known: readonly string[],
): TestResult {
  const finding = checkAssertion(snapshot, decide(snapshot, principal), principal, expectation)
  const note = noteOnName(principal, finding, known)
  return { statement, principal: principal.name, ...finding, ...(note === undefined ? {} : { note }) }
}

/** Nobody may do nothing: that somebody cannot do a thing proves little when the name has a slip of the pen. */
function noteOnName(principal: Principal, { reasons }: Finding, known: readonly string[]): string | undefined {
  const name = shortName(principal)
  if (known.includes(name) || reasons.some(({ part }) => part === 'allow')) return undefined
  const meant = nearest(name, known, MAX_EDITS)
  return meant === undefined ? undefined : `no document names ${name}; did you mean ${meant}?`
}

function shortName({ name, workload }: Principal): string {
  const serviceAccount = workload?.serviceAccount
  return serviceAccount === undefined ? name : `${serviceAccount.namespace}/${serviceAccount.name}`
}
