/**
 * Claims of the operator, account and user JWTs (nats-io/jwt v2) that operator mode stands on. Pure.
 * Least by default: accounts refuse bearer tokens and give users without permissions nothing; only the sentinel is a bearer.
 */
import type { OwnPermissions } from './permissions.ts'

export type Claims = Readonly<Record<string, unknown>>

/** Zero is what nats-server reads from a missing limit, and zero allows nothing. */
const UNLIMITED = { subs: -1, data: -1, payload: -1, imports: -1, exports: -1, conn: -1, leaf: -1, wildcards: true }
const UNLIMITED_STORAGE = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 }
const NOTHING_BY_DEFAULT = { pub: { deny: ['>'] }, sub: { deny: ['>'] } }

export function operatorClaims(publicKey: string, name: string, systemAccount: string): Claims {
  return {
    iss: publicKey,
    sub: publicKey,
    name,
    nats: { system_account: systemAccount, type: 'operator', version: 2 },
  }
}

export interface AccountOptions {
  readonly operator: string
  readonly publicKey: string
  readonly name: string
  readonly signingKeys?: readonly string[]
  readonly jetstream?: boolean
  /** Users without a key of their own, such as the sentinel. */
  readonly bearers?: boolean
  readonly callout?: {
    readonly users: readonly string[]
    readonly allowedAccounts: readonly string[]
    readonly xkey?: string
  }
}

export function accountClaims(account: AccountOptions): Claims {
  const { callout, signingKeys } = account
  return {
    iss: account.operator,
    sub: account.publicKey,
    name: account.name,
    nats: {
      limits: {
        ...UNLIMITED,
        ...(account.jetstream === true ? UNLIMITED_STORAGE : {}),
        disallow_bearer: account.bearers !== true,
      },
      ...(signingKeys === undefined || signingKeys.length === 0 ? {} : { signing_keys: signingKeys }),
      default_permissions: NOTHING_BY_DEFAULT,
      ...(callout === undefined
        ? {}
        : {
            authorization: {
              auth_users: callout.users,
              allowed_accounts: callout.allowedAccounts,
              ...(callout.xkey === undefined ? {} : { xkey: callout.xkey }),
            },
          }),
      type: 'account',
      version: 2,
    },
  }
}

export interface UserOptions {
  readonly account: string
  readonly publicKey: string
  readonly name: string
  readonly permissions: OwnPermissions
  readonly bearer?: boolean
}

const NANOSECONDS = 1_000_000_000

export function ownUserClaims({ account, publicKey, name, permissions, bearer }: UserOptions): Claims {
  const { publish, subscribe, reply } = permissions
  return {
    iss: account,
    sub: publicKey,
    name,
    nats: {
      pub: publish,
      sub: subscribe,
      ...(reply === undefined ? {} : { resp: { max: reply.max, ttl: reply.seconds * NANOSECONDS } }),
      subs: -1,
      data: -1,
      payload: -1,
      ...(bearer === true ? { bearer_token: true } : {}),
      type: 'user',
      version: 2,
    },
  }
}
