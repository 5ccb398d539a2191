/** Which principals a rule speaks of: policy.md section 2. Pure. */
import type { CallerTerm } from '../istio/index.ts'

/** OR between entries, AND between the fields of one entry. Never empty. */
export type Matcher = readonly MatcherEntry[]

/** At least one field is present; the compiler refuses an entry without. */
export interface MatcherEntry {
  /** `*` as a whole part stands for any. */
  readonly serviceAccount?: { readonly namespace: string; readonly name: string }
  readonly namespace?: string
  readonly trustDomain?: string
  /** `prefix` is what stands before the `*` and ends with `/`: it matches IDs with more segments behind it. */
  readonly spiffeId?: { readonly exact: string } | { readonly prefix: string }
  /** `<iss>/<sub>` with Istio's wildcards: `*`, `x*`, `*x`. */
  readonly requestPrincipal?: string
  readonly issuer?: string
  /** Path (dots go into objects) to the string that must equal, or be a member of, the claim. */
  readonly claims?: Readonly<Record<string, string>>
  readonly group?: string
  readonly authenticated?: true
  /** Of an AuthorizationPolicy; no document of ours says it. */
  readonly istio?: IstioCondition
}

/** Those that documents of ours say. */
export const MATCHER_FIELDS = [
  'serviceAccount',
  'namespace',
  'trustDomain',
  'spiffeId',
  'requestPrincipal',
  'issuer',
  'claims',
  'group',
  'authenticated',
] as const satisfies readonly (keyof MatcherEntry)[]

/** All terms must hold; no terms are anybody. */
export interface IstioCondition {
  readonly terms: readonly CallerTerm[]
  /** Whether it counts when nobody knows: for a rule that denies. */
  readonly whenUnknown: boolean
}
