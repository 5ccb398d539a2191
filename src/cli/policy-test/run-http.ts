/** Assertions about HTTP, held against the AuthorizationPolicies in the same files by the evaluator of `nib http can`. Pure. */
import type { Reason } from '../../audit/why.ts'
import {
  compilePolicies,
  completeRequest,
  evaluate,
  selectPolicies,
  type Mesh,
  type RuleSet,
  type Verdict,
} from '../../istio/index.ts'
import type { Origin } from '../../policy/origin.ts'
import type { PlacedPolicy } from '../../compile/index.ts'
import type { HttpAssertion } from './read-http-case.ts'
import type { TestResult } from './test-run.ts'

const BAD_REQUEST: Verdict = { decision: 'deny', decidedBy: 'bad-request' }

const WORDS: ReadonlyMap<string, string> = new Map([
  ['no-allow-match', 'no rule of the ALLOW policies matches'],
  ['no-allow-policy', 'no ALLOW policy selects the workload'],
  ['bad-request', 'Envoy answers 400 before it asks a policy'],
])

/** Compiles the policies of each workload once. */
export function createHttpChecks(
  placed: readonly PlacedPolicy[],
  mesh: Mesh,
): (assertion: HttpAssertion) => TestResult {
  const policies = placed.map(({ policy }) => policy)
  const compiled = new Map<string, RuleSet>()
  const origins = new Map(placed.flatMap(originsOf).map((origin) => [nameOf(origin), origin]))

  function rulesFor({ workload, transport }: HttpAssertion): RuleSet {
    const key = JSON.stringify([workload, transport])
    const known = compiled.get(key)
    if (known !== undefined) return known
    const { enforced } = compilePolicies(selectPolicies(policies, workload, mesh), { mesh, transport })
    compiled.set(key, enforced)
    return enforced
  }

  return (assertion) => {
    const attributes = completeRequest(assertion.request, assertion.transport)
    const { decision, decidedBy } = attributes === undefined ? BAD_REQUEST : evaluate(rulesFor(assertion), attributes)
    const origin = origins.get(decidedBy)
    const reasons: Reason[] = origin === undefined ? [] : [{ part: decision, origin }]
    return {
      statement: assertion.statement,
      passed: decision === assertion.decision && (assertion.by === undefined || assertion.by === decidedBy),
      expected: assertion.by === undefined ? assertion.decision : `${assertion.decision} by ${assertion.by}`,
      found: `${decision}: ${WORDS.get(decidedBy) ?? `by ${decidedBy}`}`,
      decidedBy,
      reasons,
      deciding: reasons.map((reason) => reason.origin),
    }
  }
}

/** Of every rule of a policy, enforced or not. */
export function originsOf({ policy: { namespace, name, rules }, file, line, ruleLines }: PlacedPolicy): Origin[] {
  return rules.map((_, rule) => {
    const at = ruleLines[rule] ?? line
    return {
      kind: 'AuthorizationPolicy',
      namespace,
      name,
      rule,
      ...(file === undefined ? {} : { file }),
      ...(at === undefined ? {} : { line: at }),
    }
  })
}

/** Istio's name of a rule. */
function nameOf({ namespace, name, rule }: Origin): string {
  return `ns[${namespace}]-policy[${name}]-rule[${rule}]`
}
