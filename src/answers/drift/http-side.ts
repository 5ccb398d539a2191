/**
 * What HTTP says of an operation and a caller of whom NATS knows less than a sidecar would: yes, no, or that it depends. Pure.
 * `allow` exactly when Istio's evaluator allows although whatever is unknown counts against the caller.
 */
import { ruleTruth, type CompiledRule, type RequestAttributes, type RuleSet } from '../../istio/index.ts'

export interface HttpSays {
  /** `depends`: on what nobody knows on NATS (headers, addresses), or on the provider of a CUSTOM policy. */
  readonly verdict: 'allow' | 'deny' | 'depends'
  /** Those that make it so. None: no ALLOW policy is there, or no rule of those that are matches. */
  readonly rules: readonly CompiledRule[]
}

export function askHttp({ custom, deny, allow, hasAllow }: RuleSet, request: RequestAttributes): HttpSays {
  const truthOf = (rule: CompiledRule): boolean | undefined => ruleTruth(rule, request)
  const denying = deny.filter((rule) => truthOf(rule) === true)
  if (denying.length > 0) return { verdict: 'deny', rules: denying }
  const doubtful = [
    // The filter for CUSTOM stands before the one that verifies tokens: it sees no claims.
    ...custom.filter((rule) => ruleTruth(rule, { ...request, claims: undefined }) !== false),
    ...deny.filter((rule) => truthOf(rule) === undefined),
  ]
  const allowing = allow.filter((rule) => truthOf(rule) === true)
  if (!hasAllow || allowing.length > 0) {
    return doubtful.length > 0 ? { verdict: 'depends', rules: doubtful } : { verdict: 'allow', rules: allowing }
  }
  const perhaps = allow.filter((rule) => truthOf(rule) === undefined)
  return perhaps.length > 0 ? { verdict: 'depends', rules: [...perhaps, ...doubtful] } : { verdict: 'deny', rules: [] }
}

/** As they would be in force if nothing were only evaluated. */
export function together(enforced: RuleSet, dryRun: RuleSet): RuleSet {
  return {
    custom: [...enforced.custom, ...dryRun.custom],
    deny: [...enforced.deny, ...dryRun.deny],
    audit: [],
    allow: [...enforced.allow, ...dryRun.allow],
    hasAllow: enforced.hasAllow || dryRun.hasAllow,
  }
}
