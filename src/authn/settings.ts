/**
 * What is configured about one token issuer, and the numbers that hold where nothing is configured. Pure data.
 * `settings-problems.ts` says what of it cannot be used.
 */

export type IssuerSettings = KubernetesIssuerSettings | OidcIssuerSettings

interface TokenIssuerSettings {
  /** Unique; the label in records, logs and metrics. */
  readonly name: string
  /** Exactly the `iss` of its tokens, byte for byte: no trailing slash is added, no case is folded. */
  readonly issuer: string
  /** Not empty: a token must carry one of them in `aud`. */
  readonly audiences: readonly string[]
  /** Of {@link ASYMMETRIC_ALGORITHMS}; default all of them. */
  readonly algorithms?: readonly string[] | undefined
  /**
   * Values of the `typ` header that are taken, compared without case and without `application/`; once set, `typ` must be
   * there. Default: absent, `JWT`, and for OIDC `at+jwt` (RFC 9068).
   */
  readonly types?: readonly string[] | undefined
  /** Claims that must be present, beside `exp`, `aud` and `sub`. */
  readonly requiredClaims?: readonly string[] | undefined
  /** Seconds that `exp` and `nbf` are stretched by, default 30, at most 300. */
  readonly clockToleranceSeconds?: number | undefined
  /** Bytes, default 8192. nats-server cuts a CONNECT at `max_control_line`, 4096 by default. */
  readonly maxTokenBytes?: number | undefined
  readonly keys: KeySourceSettings
}

export interface KubernetesIssuerSettings extends TokenIssuerSettings {
  readonly kind: 'kubernetes'
  /** ServiceAccount tokens name none: the cluster's is said here. */
  readonly trustDomain: string
}

export interface OidcIssuerSettings extends TokenIssuerSettings {
  readonly kind: 'oidc'
  /** A claim's name, or a path into objects with dots: a string or a list of strings. Default: no groups. */
  readonly groupsClaim?: string | undefined
}

export type KeySourceSettings = DiscoveryKeySettings | UrlKeySettings | FileKeySettings | InlineKeySettings

interface RefreshSettings {
  /** Seconds between two readings, default 300 (a file: 10). */
  readonly refreshSeconds?: number | undefined
  /** Seconds that keys are trusted for while they cannot be read again, default 86400. */
  readonly maxAgeSeconds?: number | undefined
}

export interface HttpKeySettings extends RefreshSettings {
  /** PEM, read at every fetch; replaces the system's roots. */
  readonly caFile?: string | undefined
  /** Sent to the configured origin alone, read at every fetch: a projected token is rotated. */
  readonly bearerTokenFile?: string | undefined
  /** Plain HTTP beyond loopback. Whoever can write to that network can then log in as anybody. */
  readonly allowInsecureHttp?: boolean | undefined
}

/** OpenID Connect Discovery 1.0: `<issuer>/.well-known/openid-configuration` names the `jwks_uri`. */
export interface DiscoveryKeySettings extends HttpKeySettings {
  readonly discovery: true
}

export interface UrlKeySettings extends HttpKeySettings {
  readonly url: string
}

export interface FileKeySettings extends RefreshSettings {
  readonly file: string
}

export interface InlineKeySettings {
  /** A JWK Set, as JSON text or as the value that it parses to. */
  readonly inline: unknown
}

/** What `jose` verifies with a public key on every supported Node. `none` and `HS*` are not among them. */
export const ASYMMETRIC_ALGORITHMS: readonly string[] = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
]

export const DEFAULT_TOKEN_BYTES = 8192
export const DEFAULT_TOLERANCE_SECONDS = 30
export const MAX_TOLERANCE_SECONDS = 300

/** Bounds that are the same for every issuer. */
export interface AuthnLimits {
  /** One fetch of keys in all, milliseconds: connect, answer and body. */
  readonly fetchTimeoutMs: number
  /** How long a login waits for keys that are on their way, milliseconds. */
  readonly loginWaitMs: number
  /** An unknown `kid` starts at most one fetch per so many milliseconds and issuer. */
  readonly unknownKeyCooldownMs: number
  /** Bytes of a discovery document or key set. */
  readonly maxDocumentBytes: number
  readonly maxKeys: number
  /** Verdicts that are kept, one per token. */
  readonly maxVerdicts: number
  /** Refusals that are kept, and for how long (milliseconds). */
  readonly maxRefusals: number
  readonly refusalMs: number
  /** Principals of ServiceAccounts that are kept. */
  readonly maxPrincipals: number
}

export const AUTHN_LIMITS: AuthnLimits = {
  fetchTimeoutMs: 3000,
  loginWaitMs: 1000,
  unknownKeyCooldownMs: 30_000,
  maxDocumentBytes: 256 * 1024,
  maxKeys: 100,
  maxVerdicts: 20_000,
  maxRefusals: 2000,
  refusalMs: 10_000,
  maxPrincipals: 20_000,
}
