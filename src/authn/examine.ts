/**
 * Examines a token that nothing is remembered of: reads it, chooses the issuer by exact `iss` and the key by `kid` and `alg`,
 * has it verified, and names its holder. Waits for keys once, and not for long.
 */
import type { AuthnVerdict } from '../callout/ports.ts'
import type { Scheduler } from '../files/index.ts'
import type { Authenticated } from '../identity/principal.ts'
import type { EpochSeconds } from '../lib/clock.ts'
import { ok, type Err, type Result } from '../lib/result.ts'
import type { Issuer } from './issuer.ts'
import { chooseKey, type KeySet } from './key-set.ts'
import { refuse, type TokenRefusal } from './refusal.ts'
import { readUnverified, type UnverifiedToken } from './unverified-token.ts'
import type { VerificationKey } from './verification-key.ts'
import { verifyToken, type Flaw } from './verify-token.ts'
import { within } from './within.ts'

/** A verdict, and what it rests on once the signature has been checked. */
export interface Finding {
  readonly verdict: AuthnVerdict
  readonly basis?: VerdictBasis
}

export interface VerdictBasis {
  readonly issuer: Issuer
  /** The set that the key was found in. */
  readonly keySet: KeySet
  readonly key: VerificationKey
  /** First second in which the token is good, and first in which it no longer is, leeway included. */
  readonly goodFrom: EpochSeconds
  readonly goodUntil: EpochSeconds
}

export interface ExaminerParts {
  readonly issuers: readonly Issuer[]
  readonly loginWaitMs: number
  readonly scheduler: Scheduler
  readonly keyUnknown: (issuer: string) => void
}

/** `now` in milliseconds. Answers at once unless a key is to be fetched, or takes long to verify with. */
export type Examine = (token: string, now: number) => Finding | Promise<Finding>

/** The end of the year 9999: what lies behind it is no date. */
const LAST_SECOND = 253_402_300_799

export function createExaminer({ issuers, loginWaitMs, scheduler, keyUnknown }: ExaminerParts): Examine {
  const byIss = new Map(issuers.map((issuer) => [issuer.issuer, issuer]))

  const onceKeysAreHere = async (
    token: UnverifiedToken,
    issuer: Issuer,
    arriving: Promise<void>,
    now: number,
  ): Promise<Finding> => {
    const arrived = await within(arriving, loginWaitMs, scheduler)
    if (arrived === 'late') {
      return { verdict: refuse('ISSUER_KEYS_UNAVAILABLE', issuer.name, 'the keys did not come in time') }
    }
    const found = findKey(token, issuer, now)
    return found.outcome === 'found' ? conclude(token, issuer, found, now) : { verdict: found.refusal }
  }

  return (compact, now) => {
    const read = readUnverified(compact)
    if (!read.ok) return { verdict: read }
    const token = read.value
    const { iss } = token.claims
    const issuer = typeof iss === 'string' ? byIss.get(iss) : undefined
    if (issuer === undefined) return { verdict: refuse('TOKEN_ISSUER_UNKNOWN') }
    const refusal = refuseByHeader(token, issuer)
    if (refusal !== undefined) return { verdict: refusal }
    const found = findKey(token, issuer, now)
    if (found.outcome === 'found') return conclude(token, issuer, found, now)
    if (found.outcome === 'refused') return { verdict: found.refusal }
    keyUnknown(issuer.name)
    const arriving = issuer.keys.demand(now)
    return arriving === undefined ? { verdict: found.refusal } : onceKeysAreHere(token, issuer, arriving, now)
  }
}

function refuseByHeader({ compact, alg, typ }: UnverifiedToken, issuer: Issuer): Err<TokenRefusal> | undefined {
  if (compact.length > issuer.maxTokenBytes) return refuse('TOKEN_TOO_LARGE', issuer.name)
  if (!issuer.algorithms.has(alg)) return refuse('TOKEN_ALGORITHM', issuer.name)
  // RFC 8725 section 3.11: a token of another kind, with the same claims, is not for logging in.
  if (!issuer.acceptsType(typ)) return refuse('TOKEN_CLAIMS', issuer.name, 'typ is of another kind of token')
  return undefined
}

interface KeyInSet {
  readonly key: VerificationKey
  readonly keySet: KeySet
}

type FoundKey =
  | (KeyInSet & { readonly outcome: 'found' })
  | { readonly outcome: 'refused'; readonly refusal: Err<TokenRefusal> }
  /** Another reading of the keys could bring it. */
  | { readonly outcome: 'missing'; readonly refusal: Err<TokenRefusal> }

function findKey({ alg, kid }: UnverifiedToken, { name, keys }: Issuer, now: number): FoundKey {
  const keySet = keys.current(now)
  if (keySet === undefined) return { outcome: 'missing', refusal: refuse('ISSUER_KEYS_UNAVAILABLE', name) }
  const choice = chooseKey(keySet, alg, kid)
  switch (choice) {
    case 'unknown': {
      // While the keys cannot be read, nobody knows whether this one is new or made up.
      const inDoubt = keys.isInDoubt(now)
      return { outcome: 'missing', refusal: refuse(inDoubt ? 'ISSUER_KEYS_UNAVAILABLE' : 'TOKEN_KEY_UNKNOWN', name) }
    }
    case 'unfit':
      return { outcome: 'refused', refusal: refuse('TOKEN_ALGORITHM', name, 'the key is not for this alg') }
    case 'ambiguous':
      return { outcome: 'refused', refusal: refuse('TOKEN_KEY_UNKNOWN', name, 'more than one key fits') }
    default:
      return { outcome: 'found', key: choice, keySet }
  }
}

function conclude(token: UnverifiedToken, issuer: Issuer, found: KeyInSet, now: number): Finding | Promise<Finding> {
  const flaw = verifyToken(token, found.key, issuer, now)
  if (!(flaw instanceof Promise)) return findingOf(token, issuer, found, flaw)
  return flaw.then((late) => findingOf(token, issuer, found, late))
}

function findingOf(token: UnverifiedToken, issuer: Issuer, { key, keySet }: KeyInSet, flaw: Flaw): Finding {
  const verdict = flaw ?? readHolder(token, issuer)
  const { exp, nbf } = token.claims
  const tolerance = issuer.clockToleranceSeconds
  return {
    verdict,
    basis: {
      issuer,
      keySet,
      key,
      goodFrom: typeof nbf === 'number' ? nbf - tolerance : -Infinity,
      goodUntil: typeof exp === 'number' ? exp + tolerance : -Infinity,
    },
  }
}

/** @param token verified. */
function readHolder({ claims }: UnverifiedToken, issuer: Issuer): Result<Authenticated, TokenRefusal> {
  const { exp } = claims
  if (typeof exp !== 'number' || exp > LAST_SECOND) return refuse('TOKEN_CLAIMS', issuer.name, 'exp is no date')
  const identity = issuer.identify(claims)
  if (!identity.ok) return refuse('TOKEN_CLAIMS', issuer.name, identity.error)
  const { principal, facts } = identity.value
  return ok({ principal, kind: issuer.credentialKind, issuer: issuer.name, expiresAt: Math.floor(exp), facts })
}
