/** What a server configuration is asked to be. Pure data; `check-setup.ts` says which of it makes no sense. */

export type ServerMode = 'config' | 'operator'

export interface ServerConfigSetup {
  readonly mode: ServerMode
  /** The nats-server that will read it; older ones do not know every setting. Default {@link DEFAULTS}. */
  readonly serverVersion?: string
  /** Accounts that the bridge may place clients in. */
  readonly accounts: readonly string[]
  /** Whether requests and responses travel in a box (xkey). */
  readonly sealed: boolean
  /** Account that only the bridge lives in. */
  readonly calloutAccount?: string
  readonly systemAccount?: string
  /** Queue group of the bridge's replicas. */
  readonly queue?: string
  /** Users who get in while no bridge answers. Without this: one, in the system account. */
  readonly breakGlass?: readonly BreakGlass[]
  /** Config mode: the bridge logs in with a password instead of an nkey. */
  readonly bridgePassword?: StoredPassword
  /** Config mode: public keys that exist already; what is missing is made. */
  readonly publicKeys?: PublicKeys
  /** A user of the system account who can find and close connections, for the bridge's session control. */
  readonly sessions?: boolean
  /** One of `accounts`, in which a user of the bridge answers questions about the policy. Without it: nobody does. */
  readonly questions?: string
  /** Config mode, 2.11 or newer: only static users of these accounts (and unknown clients) are sent to the bridge. Without it: all but `auth_users`. */
  readonly delegatedAccounts?: readonly string[]
  readonly replies?: ReplyPermission
  readonly listeners?: Listeners
  readonly tls?: TlsFiles
  readonly jetstream?: JetStream
  readonly serverName?: string
  /** Longest CONNECT line, bytes. The token is in it. */
  readonly maxControlLine?: number
  /** How long a login may wait for the bridge, seconds. */
  readonly authorizationTimeout?: number
  /** Public nkeys of identity proxies, 2.12 or newer. */
  readonly trustedProxies?: readonly string[]
}

/**
 * `tracked`: the server itself admits one reply per request and no other publish, so that no bug or thief of the credentials can answer
 * thrice, which blocks the server's side of a connection for ever. `inbox`: any publish below `$SYS._INBOX`.
 */
export type ReplyPermission = 'tracked' | 'inbox'

export interface BreakGlass {
  readonly name: string
  /** The system account, or one of `accounts`. */
  readonly account: string
  /** Config mode: without one, the user logs in with an nkey. */
  readonly password?: StoredPassword
}

/** A password that is written nowhere: its bcrypt hash, or the name of a variable in nats-server's environment. */
export type StoredPassword = { readonly bcrypt: string } | { readonly variable: string }

export interface PublicKeys {
  /** `A…` of the account key that signs responses. */
  readonly issuer?: string
  /** `X…` */
  readonly xkey?: string
  /** `U…` that the bridge logs in with. */
  readonly bridge?: string
}

export interface Listeners {
  readonly client?: Listener
  readonly monitor?: Listener
  readonly websocket?: WebSocketListener
  readonly mqtt?: Listener
  readonly leafnodes?: Listener
}

export interface Listener {
  readonly host: string
  /** -1: the system chooses a free one. */
  readonly port: number
}

export interface WebSocketListener extends Listener {
  /** Cookie that holds the token, for browsers; 2.11 or newer. */
  readonly tokenCookie?: string
  /** With a cookie: pages of these origins may open connections, such as `https://shop.example`. Without it: of the same origin alone. */
  readonly origins?: readonly string[]
}

export interface TlsFiles {
  readonly certFile: string
  readonly keyFile: string
  /** With it, clients must show a certificate that one of these authorities signed. */
  readonly caFile?: string
}

export interface JetStream {
  readonly storeDir: string
}

/** A setup with every default in its place. */
export type CompleteSetup = ServerConfigSetup &
  Required<
    Pick<
      ServerConfigSetup,
      | 'serverVersion'
      | 'calloutAccount'
      | 'systemAccount'
      | 'queue'
      | 'breakGlass'
      | 'sessions'
      | 'replies'
      | 'listeners'
      | 'serverName'
      | 'maxControlLine'
      | 'authorizationTimeout'
      | 'trustedProxies'
    >
  >

export const DEFAULTS = {
  serverVersion: '2.15.1',
  calloutAccount: 'AUTH',
  systemAccount: 'SYS',
  queue: 'nib',
  sessions: false,
  replies: 'tracked',
  listeners: {},
  serverName: 'nats-1',
  maxControlLine: 16_384,
  authorizationTimeout: 5,
  trustedProxies: [],
} as const satisfies Partial<ServerConfigSetup>

export const BRIDGE_USER = 'nib'
export const SESSIONS_USER = 'nib-sessions'
export const QUESTIONS_USER = 'nib-questions'

export function completeSetup(setup: ServerConfigSetup): CompleteSetup {
  const given = { ...DEFAULTS, ...setup }
  return { ...given, breakGlass: given.breakGlass ?? [{ name: 'break-glass', account: given.systemAccount }] }
}
