/** Which files the keys are in. Pure data; every path is absolute. */

export interface SeedFile {
  readonly seedFile: string
}

export type KeyringSettings = ConfigModeKeys | OperatorModeKeys

export interface ConfigModeKeys {
  readonly mode: 'config'
  /** Account keys; the server's `auth_callout.issuer` is one of them. Two while the servers are moved from one to the other. */
  readonly issuer: readonly SeedFile[]
  /** Curve keys; empty when requests come in the clear. */
  readonly xkey: readonly SeedFile[]
}

export interface OperatorModeKeys {
  readonly mode: 'operator'
  readonly callout: {
    /** `A…` of the callout account. */
    readonly publicKey: string
    /** Its JWT: what it says of signing keys, allowed accounts and xkey is checked. */
    readonly jwtFile?: string
  }
  /** The callout account's own key or signing keys; the first signs. */
  readonly response: readonly SeedFile[]
  readonly xkey: readonly SeedFile[]
  readonly accounts: readonly OperatorAccount[]
}

/** An account that clients are placed in. */
export interface OperatorAccount {
  readonly name: string
  /** `A…` */
  readonly publicKey: string
  readonly jwtFile?: string
  /** The account's own key or signing keys without a scope; the first signs. */
  readonly signingKeys: readonly SeedFile[]
}

/** How the bridge itself logs in to NATS. */
export type ServiceCredentials =
  | { readonly user: string; readonly passwordFile: string }
  | { readonly credsFile: string }
  | { readonly nkeySeedFile: string }
