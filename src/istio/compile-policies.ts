/** The policies of one workload -> the rules that its proxy enforces, and those it only tries (dry-run). Pure. */
import type { AuthorizationPolicy, PolicyAction } from './authorization-policy.ts'
import { compileRule, ruleName, type UnknownConditions } from './compile-rule.ts'
import type { Mesh, Transport } from './mesh.ts'
import type { CompiledRule, RuleSet } from './term.ts'

export interface CompileOptions {
  readonly mesh: Mesh
  readonly transport: Transport
  /** Default `istio`. */
  readonly unknownConditions?: UnknownConditions
}

export interface CompiledPolicies {
  readonly enforced: RuleSet
  readonly dryRun: RuleSet
  /** Rules that do not say what was written. */
  readonly losses: readonly RuleLoss[]
}

export interface RuleLoss {
  readonly policy: AuthorizationPolicy
  /** From 0. */
  readonly rule: number
  readonly name: string
  /** Fields or `when` keys, as written. */
  readonly lost: readonly string[]
  /** `dropped`: the rule is not there. `wider`: it matches more than it says. `always`: it matches everything. */
  readonly effect: 'dropped' | 'wider' | 'always'
}

/** @param policies those that {@link selectPolicies} chose. */
export function compilePolicies(policies: readonly AuthorizationPolicy[], options: CompileOptions): CompiledPolicies {
  const losses: RuleLoss[] = []
  const enforced = policies.filter(({ dryRun }) => !dryRun)
  const tried = policies.filter(({ dryRun }) => dryRun)
  return { enforced: ruleSet(enforced, options, losses), dryRun: ruleSet(tried, options, losses), losses }
}

function ruleSet(policies: readonly AuthorizationPolicy[], options: CompileOptions, losses: RuleLoss[]): RuleSet {
  const of = (action: PolicyAction): readonly CompiledRule[] =>
    policies
      .filter((policy) => policy.action === action)
      .flatMap((policy) => compileAll(policy, options, losses))
      .sort(byName)
  return {
    custom: of('CUSTOM'),
    deny: of('DENY'),
    audit: of('AUDIT'),
    allow: of('ALLOW'),
    hasAllow: policies.some(({ action }) => action === 'ALLOW'),
  }
}

function compileAll(
  policy: AuthorizationPolicy,
  { mesh, transport, unknownConditions = 'istio' }: CompileOptions,
  losses: RuleLoss[],
): readonly CompiledRule[] {
  return policy.rules.flatMap((_, index) => {
    const { rule, lost } = compileRule(policy, index, { mesh, transport, unknownConditions })
    if (lost.length > 0) {
      const effect = rule === undefined ? 'dropped' : isEverything(rule) ? 'always' : 'wider'
      losses.push({ policy, rule: index, name: ruleName(policy, index), lost, effect })
    }
    return rule === undefined ? [] : [rule]
  })
}

function isEverything({ callers, operations }: CompiledRule): boolean {
  return callers.some((terms) => terms.length === 0) && operations.some((terms) => terms.length === 0)
}

/** Envoy keeps the rules of a filter in the order of their names, and tells the first that matches. */
function byName(a: CompiledRule, b: CompiledRule): number {
  if (a.name === b.name) return 0
  return a.name < b.name ? -1 : 1
}
