/**
 * The holder that a token names, for questions that are asked without a bridge: decoded, never verified.
 * Read by the same code as at a login, so that what no login would accept is refused here as well.
 */
import { identifyEndUser } from '../authn/end-user.ts'
import { identifyServiceAccount } from '../authn/service-account.ts'
import { readUnverified } from '../authn/unverified-token.ts'
import type { Problem } from '../answers/problem.ts'
import type { Principal } from '../identity/principal.ts'
import { readText } from '../files/index.ts'
import type { TokenIdentity } from '../authn/identity.ts'
import type { JsonObject } from '../lib/json.ts'
import { err, ok, type Result } from '../lib/result.ts'

export interface TokenOptions {
  /** Of the cluster that issues ServiceAccount tokens. */
  readonly trustDomain: string
  readonly groupsClaim?: string
}

export const DEFAULT_GROUPS_CLAIM = 'groups'
const SERVICE_ACCOUNT = 'system:serviceaccount:'
const MAX_TOKEN_BYTES = 64 * 1024
const HINT = 'name a file that holds one JWT'

/** @returns the holder; or why there is none, without a character of the token. */
export function holderOfToken(token: string, options: TokenOptions): Result<Principal, Problem> {
  const read = readUnverified(token)
  if (!read.ok) return err(refused(read.error.detail ?? 'it is not a signed JWT'))
  const { claims } = read.value
  const holder = identifyBy(claims, options)
  return holder.ok ? ok(holder.value.principal) : err(refused(holder.error))
}

function identifyBy(
  claims: JsonObject,
  { trustDomain, groupsClaim = DEFAULT_GROUPS_CLAIM }: TokenOptions,
): Result<TokenIdentity, string> {
  const { iss: issuer, sub: subject } = claims
  if (typeof subject === 'string' && subject.startsWith(SERVICE_ACCOUNT)) {
    return identifyServiceAccount(trustDomain, (_name, make) => make())(claims)
  }
  if (typeof issuer !== 'string' || issuer === '') return err('iss is missing')
  return identifyEndUser({ issuer, groupsClaim, otherIssuers: [] })(claims)
}

function refused(reason: string): Problem {
  return { code: 'token-invalid', message: `the token names nobody: ${reason}` }
}

/** The token in a file, without the line end that editors leave behind it. */
export async function readTokenFile(file: string): Promise<Result<string, Problem>> {
  const text = await readText(file, MAX_TOKEN_BYTES)
  if (!text.ok) return err({ code: 'token-unreadable', message: `${file} ${text.error}`, hint: HINT })
  return ok(text.value.text.trim())
}
