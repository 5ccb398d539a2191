/**
 * Puts an outcome into the bytes that nats-server expects: a response JWT that holds the user JWT or an error.
 * The two signatures here are the only ones of a login.
 */
import { responseClaims, signToken, userClaims, type Verdict } from '../issue/index.ts'
import { toEpochSeconds } from '../lib/clock.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Admission, Outcome } from './authorize.ts'
import type { SigningKeys } from './ports.ts'
import type { LoginRequest } from './request.ts'

/** @returns the response JWT, or the code of a key that is not there. */
export function writeAnswer(
  login: LoginRequest,
  outcome: Outcome,
  decisionId: string,
  now: number,
  keys: SigningKeys,
): Result<string, 'ACCOUNT_FORBIDDEN' | 'INTERNAL'> {
  if (outcome.effect === 'deny')
    return respond(login, { error: `${outcome.code} ${decisionId}` }, decisionId, now, keys)
  const jwt = writeUser(login, outcome, decisionId, keys)
  return jwt === undefined ? err('ACCOUNT_FORBIDDEN') : respond(login, { jwt }, decisionId, now, keys)
}

function writeUser(
  login: LoginRequest,
  admission: Admission,
  decisionId: string,
  keys: SigningKeys,
): string | undefined {
  const key = keys.forAccount(admission.decision.account, login.addressee)
  if (key === undefined) return undefined
  const claims = userClaims({
    decisionId,
    userNkey: login.userNkey,
    principalName: admission.authenticated.principal.name,
    permissions: admission.permissions,
    issuedAt: admission.issuedAt,
    expiresAt: admission.expiresAt,
    issuer: key.signer.publicKey,
    placement: key.placement,
  })
  return signToken(claims, key.signer)
}

function respond(
  login: LoginRequest,
  verdict: Verdict,
  decisionId: string,
  now: number,
  keys: SigningKeys,
): Result<string, 'INTERNAL'> {
  const key = keys.forResponse(login.addressee)
  if (key === undefined) return err('INTERNAL')
  const envelope = {
    decisionId,
    userNkey: login.userNkey,
    serverId: login.server.id,
    issuedAt: toEpochSeconds(now),
    issuer: key.signer.publicKey,
    ...(key.issuerAccount === undefined ? {} : { issuerAccount: key.issuerAccount }),
  }
  return ok(signToken(responseClaims(envelope, verdict), key.signer))
}
