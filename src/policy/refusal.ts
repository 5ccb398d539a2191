/**
 * Every reason a login can be refused for, as a stable code. Pure.
 * The same word is the error text sent to nats-server, the `code` of the decision record and the metric label.
 * `answer` says what the server hears: a refusal of somebody who proved to be a server gets an error reply; what could not
 * be verified, or came too late, gets silence (an attacker learns nothing, and late replies harm the server).
 */

export const REFUSALS = {
  ENVELOPE_MALFORMED: { answer: 'silence', meaning: 'the request is not an authorization request JWT' },
  ENVELOPE_TOO_LARGE: { answer: 'silence', meaning: 'the request exceeds the size limit' },
  ENVELOPE_PLAINTEXT: { answer: 'silence', meaning: 'an xkey is configured and the request came unsealed' },
  ENVELOPE_SEALED: { answer: 'silence', meaning: 'the request is sealed and no xkey is configured' },
  ENVELOPE_UNOPENED: { answer: 'silence', meaning: 'none of our xkeys opens the request' },
  ENVELOPE_XKEY_MISMATCH: { answer: 'silence', meaning: 'the xkey header is not the xkey that the server signed' },
  ENVELOPE_SIGNATURE: { answer: 'silence', meaning: 'the request signature does not verify' },
  ENVELOPE_ISSUER: { answer: 'silence', meaning: 'the request is not issued by the server that it names' },
  ENVELOPE_AUDIENCE: { answer: 'silence', meaning: 'the request is meant for another audience' },
  ENVELOPE_SUBJECT: { answer: 'silence', meaning: 'the request names an issuer or account that is not ours' },
  ENVELOPE_EXPIRED: { answer: 'silence', meaning: 'the request has expired, or the clocks are far apart' },
  ENVELOPE_REPLAYED: { answer: 'silence', meaning: 'the request was answered before' },
  ENVELOPE_REPLY: { answer: 'silence', meaning: 'the reply subject is not a server inbox' },
  DEADLINE_PASSED: { answer: 'silence', meaning: 'the answer would come too late' },
  OVERLOADED: { answer: 'silence', meaning: 'more requests wait than can be answered in time' },
  CLIENT_KIND_REFUSED: { answer: 'error', meaning: 'this kind of client is not enabled' },
  CONNECT_MALFORMED: { answer: 'error', meaning: 'a credential field of CONNECT is no text' },
  CREDENTIAL_MISSING: { answer: 'error', meaning: 'CONNECT carries no credential' },
  CREDENTIAL_AMBIGUOUS: { answer: 'error', meaning: 'CONNECT carries two different credentials' },
  TOKEN_MALFORMED: { answer: 'error', meaning: 'the credential is not a signed JWT' },
  TOKEN_TOO_LARGE: { answer: 'error', meaning: 'the token exceeds the size limit' },
  TOKEN_ISSUER_UNKNOWN: { answer: 'error', meaning: 'no configured issuer has exactly this iss' },
  TOKEN_ALGORITHM: { answer: 'error', meaning: 'the algorithm is not allowed for this issuer' },
  TOKEN_KEY_UNKNOWN: { answer: 'error', meaning: 'the issuer publishes no key with this kid' },
  TOKEN_SIGNATURE: { answer: 'error', meaning: 'the token signature does not verify' },
  TOKEN_AUDIENCE: { answer: 'error', meaning: 'the token is meant for another audience' },
  TOKEN_EXPIRED: { answer: 'error', meaning: 'the token has expired' },
  TOKEN_NOT_YET_VALID: { answer: 'error', meaning: 'the token is not valid yet' },
  TOKEN_CLAIMS: { answer: 'error', meaning: 'a required claim is missing, contradictory or of the wrong type' },
  TOKEN_ENDS_TOO_SOON: { answer: 'error', meaning: 'the token ends before the shortest session we issue' },
  ISSUER_KEYS_UNAVAILABLE: {
    answer: 'error',
    meaning: 'the keys of the issuer cannot be had, or are too old to trust',
  },
  POLICY_UNAVAILABLE: { answer: 'error', meaning: 'no policy snapshot has been compiled yet' },
  ACCOUNT_NONE: { answer: 'error', meaning: 'no AccountMap entry matches the principal' },
  ACCOUNT_CONFLICT: { answer: 'error', meaning: 'AccountMap entries place the principal in different accounts' },
  ACCOUNT_FORBIDDEN: { answer: 'error', meaning: 'the account is not on the list this bridge may place clients in' },
  PERMISSIONS_TOO_LARGE: {
    answer: 'error',
    meaning: 'the permissions do not fit into one user JWT, or take too long to work out',
  },
  INTERNAL: { answer: 'error', meaning: 'the bridge failed; its log has the cause under the decision id' },
} as const satisfies Record<string, { answer: 'silence' | 'error'; meaning: string }>

export type RefusalCode = keyof typeof REFUSALS

export function isAnswered(code: RefusalCode): boolean {
  return REFUSALS[code].answer === 'error'
}
