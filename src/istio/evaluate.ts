/** A request and the rules of its workload -> allowed or denied, and by which rule. Pure. The order is Istio's: CUSTOM, DENY, ALLOW. */
import type { RequestAttributes } from './attributes.ts'
import type { CompiledRule, RuleSet } from './term.ts'
import { ruleTruth } from './term-truth.ts'
import type { Truth } from './truth.ts'

export interface Verdict {
  readonly decision: 'allow' | 'deny'
  /** The name of a rule; `no-allow-policy` allows, `no-allow-match` denies. */
  readonly decidedBy: string
}

/**
 * What is unknown counts against the caller: a DENY or CUSTOM rule that may match matches, an ALLOW rule must match for sure.
 * CUSTOM denies, because the provider cannot be asked. Of several rules that match, the smallest name is told.
 */
export function evaluate({ custom, deny, allow, hasAllow }: RuleSet, request: RequestAttributes): Verdict {
  // The filter for CUSTOM stands before the one that verifies tokens: it sees no claims.
  const denying = firstThat(custom, { ...request, claims: undefined }, mayMatch) ?? firstThat(deny, request, mayMatch)
  if (denying !== undefined) return { decision: 'deny', decidedBy: denying.name }
  if (!hasAllow) return { decision: 'allow', decidedBy: 'no-allow-policy' }
  const allowing = firstThat(allow, request, matches)
  if (allowing === undefined) return { decision: 'deny', decidedBy: 'no-allow-match' }
  return { decision: 'allow', decidedBy: allowing.name }
}

/** Rules are sorted by name. */
function firstThat(
  rules: readonly CompiledRule[],
  request: RequestAttributes,
  counts: (truth: Truth) => boolean,
): CompiledRule | undefined {
  return rules.find((rule) => counts(ruleTruth(rule, request)))
}

function mayMatch(truth: Truth): boolean {
  return truth !== false
}

function matches(truth: Truth): boolean {
  return truth === true
}
