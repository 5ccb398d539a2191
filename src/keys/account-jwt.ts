/**
 * An account JWT from a file, believed only after: its signature verifies, an operator signed it, it is of the account that
 * was meant, it has not expired. @nats-io/jwt decodes and verifies against the key that the token itself names; who that
 * key must be is decided here.
 */
import { decode, type Account } from '@nats-io/jwt'
import { readText } from '../files/index.ts'
import type { EpochSeconds } from '../lib/clock.ts'
import { isJsonObject } from '../lib/json.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { isPublicKey } from '../nkey/index.ts'
import type { Diagnostic } from '../policy/diagnostic.ts'
import { keyProblem, type KeyProblemCode } from './key-problem.ts'

export interface AccountClaims {
  /** `A…` */
  readonly publicKey: string
  /** Public signing keys; a scoped one carries a template that replaces what a user JWT says. */
  readonly signingKeys: ReadonlyMap<string, 'plain' | 'scoped'>
  /** The account's auth_callout block; users empty means that the account has none. */
  readonly authorization: {
    readonly users: readonly string[]
    readonly allowedAccounts: readonly string[]
    /** `X…` */
    readonly xkey?: string
  }
}

export interface AccountJwtSource {
  readonly part: string
  readonly file: string
  /** `A…` that the JWT must be of. */
  readonly publicKey: string
}

const MAX_BYTES = 1_048_576
const TOKEN = /eyJ[\w-]*\.[\w-]+\.[\w-]+/g

export async function readAccountJwt(
  source: AccountJwtSource,
  now: EpochSeconds,
  decodeToken: (token: string) => TokenClaims | undefined,
): Promise<Result<AccountClaims, Diagnostic>> {
  const read = await readText(source.file, MAX_BYTES)
  const refuse = (code: KeyProblemCode, what: string): Result<never, Diagnostic> =>
    err(keyProblem(code, `the account JWT of ${source.part} ${what}`, source))
  if (!read.ok) return refuse('account-jwt-unreadable', read.error)
  const tokens = read.value.text.match(TOKEN) ?? []
  const [token] = tokens
  if (token === undefined || tokens.length > 1) {
    return refuse('account-jwt-malformed', `is not there: ${tokens.length} tokens in the file, expected exactly one`)
  }
  const claims = decodeToken(token)
  if (claims === undefined) return refuse('account-jwt-malformed', 'does not decode, or its signature does not verify')
  const { iss, sub, exp, nats } = claims
  if (!isJsonObject(nats) || (nats['type'] ?? claims['type']) !== 'account') {
    return refuse('account-jwt-malformed', 'is a JWT of another type, expected "account"')
  }
  if (typeof iss !== 'string' || !isPublicKey(iss, 'O')) {
    return refuse('account-jwt-untrusted', 'is not signed by an operator, so nats-server does not take it either')
  }
  if (sub !== source.publicKey) return refuse('account-jwt-wrong-account', 'is of another account than publicKey says')
  if (typeof exp === 'number' && exp > 0 && exp <= now) return refuse('account-jwt-expired', 'has expired')
  return ok({
    publicKey: source.publicKey,
    signingKeys: readSigningKeys(nats['signing_keys']),
    authorization: readAuthorization(nats['authorization']),
  })
}

/** Claims as they came, the signature verified with the key that they name as `iss`. */
export type TokenClaims = Readonly<Record<string, unknown>>

export function decodeAccountJwt(token: string): TokenClaims | undefined {
  try {
    return { ...decode<Account>(token) }
  } catch {
    // The library throws its own errors and those of JSON and base64; to us all of them say "no JWT".
    return undefined
  }
}

/** Strings are plain keys; objects are scoped ones (jwt v2, `user_scope`). An object of another kind counts as scoped: it is not plain. */
function readSigningKeys(value: unknown): AccountClaims['signingKeys'] {
  const keys = new Map<string, 'plain' | 'scoped'>()
  for (const entry of Array.isArray(value) ? value : []) {
    if (typeof entry === 'string') keys.set(entry, 'plain')
    else if (isJsonObject(entry) && typeof entry['key'] === 'string') keys.set(entry['key'], 'scoped')
  }
  return keys
}

function readAuthorization(value: unknown): AccountClaims['authorization'] {
  const block = isJsonObject(value) ? value : {}
  const { xkey } = block
  return {
    users: strings(block['auth_users']),
    allowedAccounts: strings(block['allowed_accounts']),
    ...(typeof xkey === 'string' && xkey !== '' ? { xkey } : {}),
  }
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : []
}
