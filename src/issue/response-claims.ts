/**
 * Claims of the authorization response (ADR-26): bound to one login by `sub` and to one server by `aud`. Pure.
 * Holds exactly one of a user JWT and an error; the error is a code and a decision id, never a word from the client.
 */
import type { EpochSeconds } from '../lib/clock.ts'

export interface ResponseEnvelope {
  readonly decisionId: string
  readonly userNkey: string
  readonly serverId: string
  readonly issuedAt: EpochSeconds
  /** Public key that signs. */
  readonly issuer: string
  /** Operator mode, when a signing key of the callout account signs. */
  readonly issuerAccount?: string
}

export type Verdict = { readonly jwt: string } | { readonly error: string }

export function responseClaims(envelope: ResponseEnvelope, verdict: Verdict): string {
  const issuerAccount = envelope.issuerAccount === undefined ? '' : `"issuer_account":"${envelope.issuerAccount}",`
  const outcome = 'jwt' in verdict ? `"jwt":"${verdict.jwt}"` : `"error":${JSON.stringify(verdict.error)}`
  return (
    `{"jti":"${envelope.decisionId}","iat":${envelope.issuedAt},"iss":"${envelope.issuer}",` +
    `"sub":"${envelope.userNkey}","aud":"${envelope.serverId}",` +
    `"nats":{${outcome},${issuerAccount}"type":"authorization_response","version":2}}`
  )
}
