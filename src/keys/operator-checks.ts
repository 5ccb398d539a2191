/**
 * Whether nats-server, in operator mode, would take what our keys sign: judged from the account JWTs, before the first login. Pure.
 * Follows nats-server's auth_callout.go: who may sign for an account, which accounts a callout may place users in.
 */
import type { Diagnostic } from '../policy/diagnostic.ts'
import type { AccountClaims } from './account-jwt.ts'
import { keyProblem, type Place } from './key-problem.ts'

/** A key as it was read, by the file it came from. */
export interface FileKey {
  readonly file: string
  readonly publicKey: string
}

/** Keys that place clients in an account: its own key, or a listed signing key without a scope. */
export function checkPlacingKeys(
  account: { readonly part: string; readonly publicKey: string },
  keys: readonly FileKey[],
  claims: AccountClaims | undefined,
): Diagnostic[] {
  return keys.flatMap(({ file, publicKey }) => {
    const place: Place = { part: account.part, file }
    if (publicKey === account.publicKey) return []
    if (claims === undefined) {
      const message = `whether ${publicKey} may sign for ${account.part} cannot be told without the account's JWT`
      return [keyProblem('account-jwt-missing', message, place)]
    }
    const kind = claims.signingKeys.get(publicKey)
    if (kind === undefined) return [keyProblem('signing-key-unlisted', unlisted(publicKey, account.part), place)]
    if (kind === 'plain') return []
    const message =
      `the signing key ${publicKey} of ${account.part} is scoped: nats-server would apply its template ` +
      'and refuse the permissions that our policy gives'
    return [keyProblem('signing-key-scoped', message, place)]
  })
}

/** Keys that sign responses: the callout account's own key or any listed signing key; a scope has no say there. */
export function checkResponseKeys(
  callout: { readonly part: string; readonly publicKey: string },
  keys: readonly FileKey[],
  claims: AccountClaims | undefined,
): Diagnostic[] {
  if (claims === undefined) return []
  return keys
    .filter(({ publicKey }) => publicKey !== callout.publicKey && !claims.signingKeys.has(publicKey))
    .map(({ file, publicKey }) =>
      keyProblem('signing-key-unlisted', unlisted(publicKey, callout.part), { part: callout.part, file }),
    )
}

function unlisted(publicKey: string, part: string): string {
  return `${publicKey} is neither the key of ${part} nor one of the signing keys in its JWT`
}

/** `*` allows every account, but only alone. */
export function checkAllowed(
  account: { readonly part: string; readonly publicKey: string },
  callout: AccountClaims,
): Diagnostic[] {
  const { allowedAccounts } = callout.authorization
  const allowsAll = allowedAccounts.length === 1 && allowedAccounts[0] === '*'
  if (allowsAll || allowedAccounts.includes(account.publicKey)) return []
  const message = `the callout account may not place users in ${account.part}: its JWT does not list ${account.publicKey} in allowed_accounts`
  return [keyProblem('account-not-allowed', message, { part: account.part })]
}

export function checkCalloutOn(callout: AccountClaims, place: Place): Diagnostic[] {
  if (callout.authorization.users.length > 0) return []
  const message = 'the callout account has no auth_users, so nats-server never asks the bridge'
  return [keyProblem('callout-off', message, place)]
}

/** @param xkeys public keys that we hold; the server seals to the one in the JWT. */
export function checkXkey(callout: AccountClaims, xkeys: readonly string[], place: Place): Diagnostic[] {
  const { xkey } = callout.authorization
  if (xkey === undefined ? xkeys.length === 0 : xkeys.includes(xkey)) return []
  const server = xkey === undefined ? 'names no xkey' : `names the xkey ${xkey}`
  const ours = xkeys.length === 0 ? 'callout.xkey is not configured' : `callout.xkey holds ${xkeys.join(' and ')}`
  return [keyProblem('xkey-differs', `the callout account's JWT ${server}, but ${ours}`, place)]
}
