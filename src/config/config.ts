/**
 * What the bridge is told, checked and ready for use: paths absolute, durations as numbers, defaults filled in. Pure data.
 * Parts are shaped as the rooms that take them want them.
 */
import type { Matcher } from '../policy/matcher.ts'
import type { ConnectionType } from '../policy/model.ts'

export interface Config {
  readonly nats: NatsConfig
  readonly callout: CalloutConfig
  /** Where the keys are, for either mode. */
  readonly keys: ConfigModeKeyFiles | OperatorModeKeyFiles
  /** Names of the accounts that clients may be placed in at all. */
  readonly accounts: readonly string[]
  /** Accounts that no policy may name: the system account and the callout account. */
  readonly forbiddenAccounts: readonly string[]
  readonly trustDomains: { readonly local: string; readonly aliases: readonly string[] }
  readonly issuers: readonly IssuerConfig[]
  readonly policy: PolicyConfig
  readonly sessions: SessionConfig
  readonly admin: AdminConfig
  readonly questions: { readonly nats?: QuestionsNatsConfig; readonly topologyFile?: string }
  readonly log: { readonly level: LogLevel }
  readonly audit: { readonly stdout: boolean }
}

export interface PolicyConfig {
  /** May be empty when there is a cluster. */
  readonly folders: readonly string[]
  readonly rootNamespace: string
  readonly kubernetes?: KubernetesConfig
}

export interface KubernetesConfig {
  /** Absent: the ServiceAccount of the pod. */
  readonly kubeconfigFile?: string
  readonly context?: string
  /** Whether conditions are written to our objects. */
  readonly status: boolean
}

export interface NatsConfig {
  readonly servers: readonly string[]
  readonly connections: number
  readonly queueGroup: string
  readonly credentials: CredentialsConfig
  readonly tls?: TlsConfig
}

export type CredentialsConfig =
  | { readonly user: string; readonly passwordFile: string }
  | { readonly credsFile: string }
  | { readonly nkeySeedFile: string }

export interface TlsConfig {
  readonly caFile?: string
  readonly certFile?: string
  readonly keyFile?: string
  readonly handshakeFirst: boolean
}

export interface CalloutConfig {
  readonly mode: 'config' | 'operator'
  /** Where the servers ask: its name, in operator mode its public key. */
  readonly account: string
  readonly deadlineMs: number
  readonly maxPending: number
  readonly clientTypes: readonly ConnectionType[]
}

export interface SeedFileConfig {
  readonly seedFile: string
}

export interface ConfigModeKeyFiles {
  readonly mode: 'config'
  readonly issuer: readonly SeedFileConfig[]
  /** Empty: requests come in the clear. */
  readonly xkey: readonly SeedFileConfig[]
}

export interface OperatorModeKeyFiles {
  readonly mode: 'operator'
  readonly callout: { readonly publicKey: string; readonly jwtFile?: string }
  readonly response: readonly SeedFileConfig[]
  /** Empty: requests come in the clear. */
  readonly xkey: readonly SeedFileConfig[]
  readonly accounts: readonly {
    readonly name: string
    readonly publicKey: string
    readonly jwtFile?: string
    readonly signingKeys: readonly SeedFileConfig[]
  }[]
}

export interface SessionConfig {
  readonly ttlSeconds: number
  readonly minimumSeconds: number
  /** From 0 to 1. */
  readonly jitter: number
}

export interface AdminConfig {
  readonly host: string
  readonly port: number
  readonly tls?: AdminTlsConfig
  /** Absent: nobody may ask questions. */
  readonly auditors?: Matcher
}

export interface AdminTlsConfig {
  readonly certFile: string
  readonly keyFile: string
  readonly clientCaFile?: string
}

export interface QuestionsNatsConfig {
  readonly servers: readonly string[]
  readonly credentials: CredentialsConfig
  readonly tls?: TlsConfig
  readonly subjectPrefix: string
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

export type IssuerConfig = KubernetesIssuerConfig | OidcIssuerConfig

interface TokenIssuerConfig {
  readonly name: string
  readonly issuer: string
  readonly audiences: readonly string[]
  readonly algorithms?: readonly string[]
  readonly types?: readonly string[]
  readonly requiredClaims?: readonly string[]
  readonly clockToleranceSeconds?: number
  readonly maxTokenBytes?: number
  readonly keys: IssuerKeysConfig
}

export interface KubernetesIssuerConfig extends TokenIssuerConfig {
  readonly kind: 'kubernetes'
  readonly trustDomain: string
}

export interface OidcIssuerConfig extends TokenIssuerConfig {
  readonly kind: 'oidc'
  readonly groupsClaim?: string
}

interface Refresh {
  readonly refreshSeconds?: number
  readonly maxAgeSeconds?: number
}

interface Http extends Refresh {
  readonly caFile?: string
  readonly bearerTokenFile?: string
  readonly allowInsecureHttp?: boolean
}

export type IssuerKeysConfig =
  | (Http & { readonly discovery: true })
  | (Http & { readonly url: string })
  | (Refresh & { readonly file: string })
  | { readonly inline: unknown }
