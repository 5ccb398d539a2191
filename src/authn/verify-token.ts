/**
 * Verifies signature and registered claims of a token with one key of one issuer: signature first, claims after.
 * OpenSSL checks the signature where that is done at once, else `jose`; the claims are always checked by `jose`.
 * Turns each of its errors into a refusal code. Nothing of an error of `jose` is passed on: some carry the claims.
 */
import { errors, jwtVerify, UnsecuredJWT, type JWTClaimVerificationOptions } from 'jose'
import type { Err } from '../lib/result.ts'
import type { RefusalCode } from '../policy/refusal.ts'
import { refuse, type TokenRefusal } from './refusal.ts'
import type { SignatureCheck } from './signature-check.ts'
import type { UnverifiedToken } from './unverified-token.ts'
import type { VerificationKey } from './verification-key.ts'

export interface TokenExpectations {
  readonly name: string
  readonly issuer: string
  readonly audiences: readonly string[]
  readonly requiredClaims: readonly string[]
  readonly clockToleranceSeconds: number
}

/** Nothing when the token is good: its claims may now be believed. */
export type Flaw = Err<TokenRefusal> | undefined

/** @param now milliseconds. @returns at once, unless the check of the signature would hold up other logins. */
export function verifyToken(
  token: UnverifiedToken,
  key: VerificationKey,
  expected: TokenExpectations,
  now: number,
): Flaw | Promise<Flaw> {
  const check = key.checks.get(token.alg)
  if (check === undefined) return verifyByJose(token, key, expected, now)
  return findFlawInSignature(token.compact, check, expected) ?? findFlawInClaims(token.compact, expected, now)
}

/** Every `alg` that we know, on the threads of WebCrypto. */
export async function verifyByJose(
  token: UnverifiedToken,
  { publicKey }: Pick<VerificationKey, 'publicKey'>,
  expected: TokenExpectations,
  now: number,
): Promise<Flaw> {
  try {
    await jwtVerify(token.compact, publicKey, { algorithms: [token.alg], ...claimsOptions(expected, now) })
    return undefined
  } catch (error) {
    return explain(error, expected)
  }
}

function findFlawInSignature(compact: string, check: SignatureCheck, { name }: TokenExpectations): Flaw {
  const end = compact.lastIndexOf('.')
  const signature = compact.slice(end + 1)
  if (!isBase64url(compact.slice(0, compact.indexOf('.'))) || !isBase64url(signature)) {
    return refuse('TOKEN_MALFORMED', name)
  }
  const isGood = check(Buffer.from(compact.slice(0, end), 'latin1'), Buffer.from(signature, 'base64url'))
  return isGood ? undefined : refuse('TOKEN_SIGNATURE', name)
}

/** Buffer passes over a last character that makes no byte (RFC 4648 section 3.5). The alphabet was looked at before. */
function isBase64url(segment: string): boolean {
  return segment.length % 4 !== 1
}

/** The one way to the claims checks of `jose` that does not verify a signature: it has been. */
const UNSECURED_HEADER = Buffer.from('{"alg":"none"}').toString('base64url')

function findFlawInClaims(compact: string, expected: TokenExpectations, now: number): Flaw {
  const claims = compact.slice(compact.indexOf('.'), compact.lastIndexOf('.') + 1)
  try {
    UnsecuredJWT.decode(UNSECURED_HEADER + claims, claimsOptions(expected, now))
    return undefined
  } catch (error) {
    return explain(error, expected)
  }
}

function claimsOptions(expected: TokenExpectations, now: number): JWTClaimVerificationOptions {
  return {
    issuer: expected.issuer,
    audience: [...expected.audiences],
    requiredClaims: [...expected.requiredClaims],
    clockTolerance: expected.clockToleranceSeconds,
    currentDate: new Date(now),
  }
}

function explain(error: unknown, { name }: TokenExpectations): Err<TokenRefusal> {
  const { code, detail } = reasonOf(error)
  return refuse(code, name, detail)
}

function reasonOf(error: unknown): { code: RefusalCode; detail?: string } {
  if (error instanceof errors.JWSSignatureVerificationFailed) return { code: 'TOKEN_SIGNATURE' }
  if (error instanceof errors.JWTExpired) return { code: 'TOKEN_EXPIRED' }
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'aud') return { code: 'TOKEN_AUDIENCE' }
    if (error.claim === 'nbf' && error.reason === 'check_failed') return { code: 'TOKEN_NOT_YET_VALID' }
    // The name of a claim that was asked for, never one that the token brought.
    return { code: 'TOKEN_CLAIMS', detail: `${error.claim} is missing or of the wrong type` }
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return { code: 'TOKEN_ALGORITHM' }
  if (error instanceof errors.JOSEError) return { code: 'TOKEN_MALFORMED' }
  return { code: 'INTERNAL', detail: errorName(error) }
}

/** Its class alone: the message of an error may quote what it was about. */
export function errorName(error: unknown): string {
  return error instanceof Error ? error.constructor.name : typeof error
}
