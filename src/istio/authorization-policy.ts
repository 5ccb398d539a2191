/**
 * Istio's AuthorizationPolicy, one document, parsed and valid. Pure data.
 * Field names are those of security.istio.io/v1; only `readAuthorizationPolicy` makes one of these from a document.
 */

export type PolicyAction = 'ALLOW' | 'DENY' | 'AUDIT' | 'CUSTOM'

export interface AuthorizationPolicy {
  readonly namespace: string
  readonly name: string
  readonly action: PolicyAction
  /** Annotation `istio.io/dry-run`: evaluated and told, never enforced. */
  readonly dryRun: boolean
  readonly target: PolicyTarget
  /** Without any: the policy never matches, and yet an ALLOW makes its workloads deny by default. */
  readonly rules: readonly PolicyRule[]
}

export type PolicyTarget =
  /** Every workload of the namespace; in the root namespace, of the mesh. */
  | { readonly is: 'namespace' }
  | { readonly is: 'selector'; readonly labels: Readonly<Record<string, string>> }
  | { readonly is: 'targetRefs'; readonly refs: readonly TargetRef[] }

export interface TargetRef {
  /** Empty for the core group (`Service`). */
  readonly group: string
  readonly kind: string
  readonly name: string
}

/** OR over `from`, AND OR over `to`, AND every `when`. A missing list asks for nothing; a present one is never empty. */
export interface PolicyRule {
  readonly from?: readonly Source[]
  readonly to?: readonly Operation[]
  readonly when?: readonly Condition[]
}

type Lists<Field extends string> = { readonly [Name in Field | `not${Capitalize<Field>}`]?: readonly string[] }

/** Fields are ANDed, values of one list ORed; a `not` list holds when none of its values matches. */
export type Source = Lists<
  'principals' | 'requestPrincipals' | 'namespaces' | 'serviceAccounts' | 'ipBlocks' | 'remoteIpBlocks' | 'trustDomains'
>

export type Operation = Lists<'hosts' | 'ports' | 'methods' | 'paths'>

export interface Condition {
  /** As written: `request.headers[x-team]`, `source.ip`, `request.auth.claims[realm][roles]`. */
  readonly key: string
  readonly values?: readonly string[]
  readonly notValues?: readonly string[]
}
