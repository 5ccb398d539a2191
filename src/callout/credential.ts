/**
 * Finds the one credential in CONNECT. Pure.
 * A token stands in `auth_token` or `pass` (MQTT sends the same in both). Two different credentials are refused: which one
 * counts must never be a matter of order. `user` and `name` prove nothing and are not even read. In operator mode `jwt` is the
 * sentinel, which the server has verified; in config mode the server drops it.
 */
import { err, ok, type Result } from '../lib/result.ts'
import type { ConnectOptions } from './request.ts'

export type CredentialRefusal = 'CREDENTIAL_MISSING' | 'CREDENTIAL_AMBIGUOUS'

export function findToken(connect: ConnectOptions): Result<string, CredentialRefusal> {
  const { authToken, pass, nkey } = connect
  const token = authToken ?? pass
  if (token === undefined) return err('CREDENTIAL_MISSING')
  if (pass !== undefined && pass !== token) return err('CREDENTIAL_AMBIGUOUS')
  // An nkey in operator mode belongs to the sentinel and comes with its JWT; alone it is a second identity.
  if (nkey !== undefined && connect.jwt === undefined) return err('CREDENTIAL_AMBIGUOUS')
  return ok(token)
}
