/**
 * What Istio compiles rules to: alternatives of terms, each term one field and the values it may (or must not) have. Pure data,
 * JSON only, so that it can lie in a snapshot and be part of its hash.
 */

/** One star at an end is the whole pattern language; anything else is literal. */
export type TextMatch =
  | { readonly is: 'exact' | 'prefix' | 'suffix'; readonly value: string }
  /** A star alone: at least one character; of a header, a method and a host, that it is there at all. */
  | { readonly is: 'presence' }

/** A path template in Envoy's sense: `{*}` is one segment, `{**}` zero or more characters, slashes included. */
export interface PathTemplate {
  readonly is: 'template'
  /** As written. */
  readonly template: string
  /** What stands behind each slash, in order. At most one `rest`. */
  readonly segments: readonly PathSegment[]
}

export type PathSegment = string | { readonly any: 'segment' | 'rest' }

export type PathMatch = TextMatch | PathTemplate

/** `<iss>/<sub>`, the two halves matched apart. */
export interface RequestPrincipalMatch {
  readonly issuer: TextMatch
  readonly subject: TextMatch
}

/** Pieces that occur in this order, with anything between, behind `/ns/` and before a slash. Never empty. */
export interface NamespaceMatch {
  readonly pieces: readonly string[]
}

export interface ServiceAccountMatch {
  readonly namespace: string
  readonly name: string
}

/** `around`: these two with anything but a slash between. */
export type TrustDomainMatch =
  | { readonly is: 'presence' }
  | { readonly is: 'exact'; readonly value: string }
  | { readonly is: 'around'; readonly head: string; readonly tail: string }

/** A block of addresses; host bits mean nothing. */
export interface CidrMatch {
  /** As written. */
  readonly text: string
  /** 4 or 16 bytes. */
  readonly address: readonly number[]
  readonly bits: number
}

interface TermOf<Field extends string, Value> {
  readonly field: Field
  /** OR. Never empty. */
  readonly values: readonly Value[]
  /** Holds when none of the values matches; also when the attribute is absent. */
  readonly not: boolean
}

/** What Istio asks of the caller's side (an Envoy "principal"). */
export type CallerTerm =
  /** Values stand without `spiffe://`. */
  | TermOf<'principal', TextMatch>
  | TermOf<'namespace', NamespaceMatch>
  | TermOf<'serviceAccount', ServiceAccountMatch>
  | TermOf<'trustDomain', TrustDomainMatch>
  | TermOf<'requestPrincipal', RequestPrincipalMatch>
  /** `path`: steps into objects; audiences are `['aud']`, the presenter `['azp']`. */
  | (TermOf<'claim', TextMatch> & { readonly path: readonly string[] })
  | TermOf<'sourceIp' | 'remoteIp', CidrMatch>
  /** `name` in lower case; `host` is `:authority`. */
  | (TermOf<'header', TextMatch> & { readonly name: string })

/** What Istio asks of the operation's side (an Envoy "permission"). */
export type OperationTerm =
  /** Hosts in lower case. */
  | TermOf<'host' | 'method' | 'sni', TextMatch>
  | TermOf<'path', PathMatch>
  | TermOf<'port', number>
  | TermOf<'destinationIp', CidrMatch>
  | (TermOf<'filterMetadata', TextMatch> & { readonly filter: string; readonly key: string })

export type Term = CallerTerm | OperationTerm

/** One rule of one policy, as Envoy gets it: any of `callers` AND any of `operations`. */
export interface CompiledRule {
  /** Istio's own: `ns[<namespace>]-policy[<name>]-rule[<i>]`. */
  readonly name: string
  readonly policy: { readonly namespace: string; readonly name: string }
  /** From 0. */
  readonly rule: number
  /** OR of ANDs; `[[]]` is anybody. */
  readonly callers: readonly (readonly CallerTerm[])[]
  /** OR of ANDs; `[[]]` is anything. */
  readonly operations: readonly (readonly OperationTerm[])[]
}

/** The rules of one workload, by action; each list sorted by name. The order inside an action means nothing. */
export interface RuleSet {
  readonly custom: readonly CompiledRule[]
  readonly deny: readonly CompiledRule[]
  readonly audit: readonly CompiledRule[]
  readonly allow: readonly CompiledRule[]
  /** An ALLOW policy was selected, with or without rules: what none of them allows is denied. */
  readonly hasAllow: boolean
}
