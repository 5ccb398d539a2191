/**
 * From the text of a token to the principal it proves: the issuer is chosen by exact `iss`, then the token is verified with that
 * issuer's keys, algorithms and audiences alone. A token seen before is answered at once, from the verdict cache.
 * Every refusal is a code of `policy/refusal.ts`; neither it nor the log repeats anything of the token.
 */
import { hash } from 'node:crypto'
import type { AuthenticateToken, AuthnVerdict } from '../callout/ports.ts'
import type { Authenticated, Principal } from '../identity/principal.ts'
import { createBoundedMap } from '../lib/bounded-map.ts'
import type { Err } from '../lib/result.ts'
import { createIssuer, type Issuer, type IssuerParts } from './issuer.ts'
import { chooseKey, type KeySet } from './key-set.ts'
import type { KeyRingStatus } from './key-ring.ts'
import { refuse, type TokenRefusal } from './refusal.ts'
import { AUTHN_LIMITS, type AuthnLimits, type IssuerSettings } from './settings.ts'
import { issuerProblems } from './settings-problems.ts'
import { readUnverified, type UnverifiedToken } from './unverified-token.ts'
import { createVerdictCache } from './verdict-cache.ts'
import type { VerificationKey } from './verification-key.ts'
import { verifyToken } from './verify-token.ts'

export interface Authenticator {
  readonly authenticate: AuthenticateToken
  /** Reads all keys and goes on reading them. @returns when each issuer was asked once; never rejects. */
  start(): Promise<void>
  stop(): void
  /** Reads the keys again now: of one issuer, or of all. For a watch that saw a file change. Never rejects. */
  refresh(issuer?: string): Promise<void>
  /** One entry per issuer, in the order of the settings. @param now milliseconds. */
  status(now: number): readonly IssuerStatus[]
}

export interface IssuerStatus extends KeyRingStatus {
  readonly name: string
}

export interface AuthnObserver {
  /** Whether a verdict was at hand; one call per token. */
  verdictRecalled(outcome: 'hit' | 'miss'): void
  /** `ok`, or the code of a key problem. */
  keysFetched(issuer: string, outcome: string): void
  /** A token named a key that the issuer does not publish, so far as is known. */
  keyUnknown(issuer: string): void
}

export interface AuthenticatorParts extends Omit<IssuerParts, 'limits' | 'keysFetched'> {
  readonly observe: AuthnObserver
  readonly limits?: Partial<AuthnLimits>
}

/** @throws TypeError when {@link issuerProblems} has something to say. */
export function createAuthenticator(settings: readonly IssuerSettings[], parts: AuthenticatorParts): Authenticator {
  const [problem] = issuerProblems(settings)
  if (problem !== undefined) throw new TypeError(`issuers${problem.path}: ${problem.message}`)
  const { observe } = parts
  const limits = { ...AUTHN_LIMITS, ...parts.limits }
  const keysFetched = (issuer: string, outcome: string): void => observe.keysFetched(issuer, outcome)
  const issuers = settings.map((one) => createIssuer(one, settings, { ...parts, limits, keysFetched }))
  const byIss = new Map(issuers.map((issuer) => [issuer.issuer, issuer]))
  const longestToken = Math.max(0, ...issuers.map(({ maxTokenBytes }) => maxTokenBytes))
  const verdicts = createVerdictCache(limits)
  const principals = createBoundedMap<string, Principal>(limits.maxPrincipals)
  const underWay = new Map<string, Promise<AuthnVerdict>>()

  /** Equal workloads are one object; end users differ in their claims, so theirs is as old as their token. */
  const intern = (principal: Principal): Principal => {
    if (principal.workload === undefined) return principal
    const known = principals.get(principal.name)
    if (known !== undefined) return known
    principals.set(principal.name, principal)
    return principal
  }

  const examine = (token: string, digest: string, now: number): AuthnVerdict | Promise<AuthnVerdict> => {
    const read = readUnverified(token)
    if (!read.ok) return read
    const unverified = read.value
    const issuer = typeof unverified.claims['iss'] === 'string' ? byIss.get(unverified.claims['iss']) : undefined
    if (issuer === undefined) return refuse('TOKEN_ISSUER_UNKNOWN')
    if (token.length > issuer.maxTokenBytes) return refuse('TOKEN_TOO_LARGE', issuer.name)
    if (!issuer.algorithms.has(unverified.alg)) return refuse('TOKEN_ALGORITHM', issuer.name)
    if (!issuer.acceptsType(unverified.typ))
      return refuse('TOKEN_CLAIMS', issuer.name, 'typ is of another kind of token')
    const found = findKey(unverified, issuer, now)
    if (found.outcome === 'found') return verify(unverified, issuer, found, digest, now)
    if (found.outcome === 'refused') return found.refusal
    observe.keyUnknown(issuer.name)
    const arriving = issuer.keys.demand(now)
    return arriving === undefined ? found.refusal : verifyOnArrival(unverified, issuer, arriving, digest, now)
  }

  const verifyOnArrival = async (
    unverified: UnverifiedToken,
    issuer: Issuer,
    arriving: Promise<void>,
    digest: string,
    now: number,
  ): Promise<AuthnVerdict> => {
    const arrived = await settlesWithin(arriving, limits.loginWaitMs)
    if (!arrived) return refuse('ISSUER_KEYS_UNAVAILABLE', issuer.name, 'the keys did not come in time')
    const found = findKey(unverified, issuer, now)
    return found.outcome === 'found' ? verify(unverified, issuer, found, digest, now) : found.refusal
  }

  const verify = async (
    unverified: UnverifiedToken,
    issuer: Issuer,
    { key, keySet }: { readonly key: VerificationKey; readonly keySet: KeySet },
    digest: string,
    now: number,
  ): Promise<AuthnVerdict> => {
    const flaw = await verifyToken(unverified, key.publicKey, issuer, now)
    if (flaw !== undefined) {
      if (flaw.error.code === 'INTERNAL') parts.log.error({ issuer: issuer.name }, 'a token could not be verified')
      else if (flaw.error.code !== 'TOKEN_NOT_YET_VALID')
        verdicts.rememberRefusal(digest, flaw, issuer.keys, keySet, now)
      return flaw
    }
    const holder = authenticated(unverified, issuer)
    if (!holder.ok) {
      verdicts.rememberRefusal(digest, holder, issuer.keys, keySet, now)
      return holder
    }
    verdicts.remember(digest, { ...holder, keys: issuer.keys, key })
    return holder.verdict
  }

  const authenticated = ({ claims }: UnverifiedToken, issuer: Issuer) => {
    const { exp, nbf = 0 } = claims
    if (typeof exp !== 'number' || typeof nbf !== 'number' || exp > LAST_SECOND) {
      return refuse('TOKEN_CLAIMS', issuer.name, 'exp or nbf is no time')
    }
    const identity = issuer.identify(claims)
    if (!identity.ok) return refuse('TOKEN_CLAIMS', issuer.name, identity.error)
    const value: Authenticated = {
      principal: intern(identity.value.principal),
      kind: issuer.credentialKind,
      issuer: issuer.name,
      expiresAt: Math.floor(exp),
      facts: identity.value.facts,
    }
    const tolerance = issuer.clockToleranceSeconds
    return { ok: true, verdict: { ok: true, value }, goodFrom: nbf - tolerance, goodUntil: exp + tolerance } as const
  }

  const settlesWithin = (promise: Promise<void>, milliseconds: number): Promise<boolean> =>
    new Promise((resolve) => {
      const cancel = parts.after(milliseconds, () => resolve(false))
      void promise.then(() => {
        cancel()
        resolve(true)
      })
    })

  return {
    authenticate(token, now) {
      if (token.length > longestToken) return refuse('TOKEN_TOO_LARGE')
      const digest = hash('sha256', token, 'base64')
      const recalled = verdicts.recall(digest, now)
      observe.verdictRecalled(recalled === undefined ? 'miss' : 'hit')
      if (recalled !== undefined) return recalled
      const flying = underWay.get(digest)
      if (flying !== undefined) return flying
      const verdict = examine(token, digest, now)
      if (!(verdict instanceof Promise)) return verdict
      const landing = verdict.finally(() => underWay.delete(digest))
      underWay.set(digest, landing)
      return landing
    },
    async start() {
      await Promise.all(issuers.map((issuer) => issuer.keys.start()))
    },
    stop() {
      for (const issuer of issuers) issuer.keys.stop()
    },
    async refresh(name) {
      const chosen = issuers.filter((issuer) => name === undefined || issuer.name === name)
      await Promise.all(chosen.map((issuer) => issuer.keys.refresh()))
    },
    status: (now) => issuers.map(({ name, keys }) => ({ name, ...keys.status(now) })),
  }
}

/** The end of the year 9999. */
const LAST_SECOND = 253_402_300_799

type FoundKey =
  | { readonly outcome: 'found'; readonly key: VerificationKey; readonly keySet: KeySet }
  | { readonly outcome: 'refused'; readonly refusal: Err<TokenRefusal> }
  /** A newer reading of the keys could bring it. */
  | { readonly outcome: 'missing'; readonly refusal: Err<TokenRefusal> }

function findKey({ alg, kid }: UnverifiedToken, { name, keys }: Issuer, now: number): FoundKey {
  const keySet = keys.current(now)
  if (keySet === undefined) return { outcome: 'missing', refusal: refuse('ISSUER_KEYS_UNAVAILABLE', name) }
  const choice = chooseKey(keySet, alg, kid)
  if (choice === 'unknown') {
    // While the keys cannot be read, nobody knows whether this one is new or made up.
    const failing = keys.status(now).problem !== undefined
    return { outcome: 'missing', refusal: refuse(failing ? 'ISSUER_KEYS_UNAVAILABLE' : 'TOKEN_KEY_UNKNOWN', name) }
  }
  if (choice === 'unfit')
    return { outcome: 'refused', refusal: refuse('TOKEN_ALGORITHM', name, 'the key is not for this alg') }
  if (choice === 'ambiguous') {
    return { outcome: 'refused', refusal: refuse('TOKEN_KEY_UNKNOWN', name, 'more than one key fits') }
  }
  return { outcome: 'found', key: choice, keySet }
}
