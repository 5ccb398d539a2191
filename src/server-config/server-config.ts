/** A finished server configuration: the text, what goes into files beside it, and what the bridge must be told to fit it. Pure data. */
import type { Diagnostic } from '../policy/diagnostic.ts'

export interface ServerConfig {
  /** For `nats-server -c`. Holds no secret. */
  readonly text: string
  readonly files: readonly GeneratedFile[]
  /** What a reader should know: what the server's version lacks, what is sent in the clear. */
  readonly notices: readonly Diagnostic[]
  readonly bridge: BridgeSide
  readonly breakGlass: readonly BreakGlassLogin[]
}

export interface GeneratedFile {
  /** Without a folder: `issuer.nk`. */
  readonly name: string
  readonly content: string
  readonly secret: boolean
  readonly holder: Holder
  readonly purpose: string
}

/** Who keeps the file. `offline`: nobody who is online; it is needed again only to change the set-up. */
export type Holder = 'bridge' | 'clients' | 'break-glass' | 'offline'

/** A key in one of the files; only its public half when the key existed before. */
export interface KeyInFile {
  readonly publicKey: string
  readonly file?: string
}

export type BridgeSide = ConfigModeBridge | OperatorModeBridge

interface CommonBridge {
  readonly queue: string
  readonly xkey?: KeyInFile
  /** User of the system account for session control; set `inboxPrefix` to the one given. */
  readonly sessions?: OwnLogin & { readonly inboxPrefix: string }
  /** User that answers questions about the policy. */
  readonly questions?: OwnLogin
}

export interface ConfigModeBridge extends CommonBridge {
  readonly mode: 'config'
  readonly calloutAccount: string
  /** Names that go into `aud` of the user JWT. */
  readonly accounts: readonly string[]
  readonly issuer: KeyInFile
  readonly login: OwnLogin
}

export interface OperatorModeBridge extends CommonBridge {
  readonly mode: 'operator'
  readonly calloutAccount: AccountOfOperator
  readonly accounts: readonly AccountOfOperator[]
  readonly login: OwnLogin
  /** Credentials without rights that bring a client to the bridge; servers from 2.11.2 on assume them by themselves. */
  readonly sentinel: { readonly jwt: string; readonly file: string; readonly assumedByServer: boolean }
}

export interface AccountOfOperator {
  readonly name: string
  readonly publicKey: string
  readonly jwt: string
  readonly jwtFile: string
  /** Unscoped; the bridge signs with it, so that the account's own key can stay offline. */
  readonly signingKey: KeyInFile
}

export type OwnLogin =
  | { readonly kind: 'nkey'; readonly publicKey: string; readonly file?: string }
  | { readonly kind: 'password'; readonly user: string }
  | { readonly kind: 'creds'; readonly publicKey: string; readonly file: string }

export interface BreakGlassLogin {
  readonly name: string
  readonly account: string
  readonly login: OwnLogin
}
