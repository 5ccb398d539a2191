/**
 * Verifies signature and registered claims of a token with one key of one issuer, by `jose`: signature first, claims after.
 * Turns each of its errors into a refusal code. Nothing of an error of `jose` is passed on: some carry the claims.
 */
import type { KeyObject } from 'node:crypto'
import { errors, jwtVerify } from 'jose'
import type { Err } from '../lib/result.ts'
import type { RefusalCode } from '../policy/refusal.ts'
import { refuse, type TokenRefusal } from './refusal.ts'
import type { UnverifiedToken } from './unverified-token.ts'

export interface TokenExpectations {
  readonly name: string
  readonly issuer: string
  readonly audiences: readonly string[]
  readonly requiredClaims: readonly string[]
  readonly clockToleranceSeconds: number
}

/** @param now milliseconds. @returns nothing when the token is good: its claims may now be believed. */
export async function verifyToken(
  token: UnverifiedToken,
  key: KeyObject,
  expected: TokenExpectations,
  now: number,
): Promise<Err<TokenRefusal> | undefined> {
  try {
    await jwtVerify(token.compact, key, {
      algorithms: [token.alg],
      issuer: expected.issuer,
      audience: [...expected.audiences],
      requiredClaims: [...expected.requiredClaims],
      clockTolerance: expected.clockToleranceSeconds,
      currentDate: new Date(now),
    })
    return undefined
  } catch (error) {
    const { code, detail } = explain(error)
    return refuse(code, expected.name, detail)
  }
}

function explain(error: unknown): { code: RefusalCode; detail?: string } {
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
