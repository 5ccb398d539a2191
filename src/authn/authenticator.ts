/**
 * From the text of a token to the principal it proves. A token seen before is answered at once, from the verdict cache; one that
 * is being examined is not examined twice at the same time.
 * Every refusal is a code of `policy/refusal.ts`; neither it nor the log repeats anything of the token.
 */
import { hash } from 'node:crypto'
import type { AuthenticateToken, AuthnVerdict } from '../callout/ports.ts'
import { createExaminer, type Finding } from './examine.ts'
import { createIssuer, type IssuerParts } from './issuer.ts'
import type { KeyRingStatus } from './key-ring.ts'
import { internPrincipals } from './intern-principals.ts'
import { refuse } from './refusal.ts'
import { AUTHN_LIMITS, DEFAULT_TOKEN_BYTES, type AuthnLimits, type IssuerSettings } from './settings.ts'
import { issuerProblems } from './settings-problems.ts'
import { createVerdictCache } from './verdict-cache.ts'
import { errorName } from './verify-token.ts'

export interface Authenticator {
  readonly authenticate: AuthenticateToken
  /** Reads all keys and goes on reading them. @returns when each issuer was asked once; never rejects. */
  start(): Promise<void>
  /** Ends every reading. Verdicts go on being given from the keys at hand. */
  stop(): void
  /** Reads the keys again now: of one issuer, or of all. For a watch that saw a file change. Never rejects. */
  refresh(issuer?: string): Promise<void>
  /** One entry per issuer, in the order of the settings. @param now milliseconds. */
  status(now: number): readonly IssuerStatus[]
}

export interface IssuerStatus {
  readonly name: string
  readonly keys: KeyRingStatus
}

export interface AuthnObserver {
  /** Whether a verdict was at hand; one call per token. */
  verdictRecalled(outcome: 'hit' | 'miss'): void
  /** `ok`, or the code of a key problem. */
  keysFetched(issuer: string, outcome: string): void
  /** A token named a key that the issuer does not publish, so far as is known. */
  keyUnknown(issuer: string): void
}

export interface AuthenticatorParts extends Omit<IssuerParts, 'limits' | 'intern' | 'keysFetched'> {
  readonly observe: AuthnObserver
  readonly limits?: Partial<AuthnLimits>
}

/** @throws TypeError when {@link issuerProblems} has something to say. */
export function createAuthenticator(settings: readonly IssuerSettings[], parts: AuthenticatorParts): Authenticator {
  const [problem] = issuerProblems(settings)
  if (problem !== undefined) throw new TypeError(`issuers${problem.path}: ${problem.message}`)
  const { observe, scheduler, log } = parts
  const limits = { ...AUTHN_LIMITS, ...parts.limits }
  const issuerParts: IssuerParts = {
    ...parts,
    limits,
    intern: internPrincipals(limits.maxPrincipals),
    keysFetched: (issuer, outcome) => observe.keysFetched(issuer, outcome),
  }
  const issuers = settings.map((issuer) => createIssuer(issuer, settings, issuerParts))
  const keyUnknown = (issuer: string): void => observe.keyUnknown(issuer)
  const examine = createExaminer({ issuers, loginWaitMs: limits.loginWaitMs, scheduler, keyUnknown })
  const verdicts = createVerdictCache(limits)
  const longestToken = Math.max(DEFAULT_TOKEN_BYTES, ...issuers.map(({ maxTokenBytes }) => maxTokenBytes))
  const underWay = new Map<string, Promise<AuthnVerdict>>()

  const settle = (digest: string, found: Finding, now: number): AuthnVerdict => {
    const { verdict } = found
    verdicts.remember(digest, found, now)
    if (!verdict.ok && verdict.error.code === 'INTERNAL') log.error({ ...verdict.error }, FAULT)
    return verdict
  }

  const land = async (digest: string, finding: Promise<Finding>, now: number): Promise<AuthnVerdict> => {
    try {
      return settle(digest, await finding, now)
    } catch (error) {
      return fault(error)
    } finally {
      underWay.delete(digest)
    }
  }

  const fault = (error: unknown): AuthnVerdict => {
    log.error({ error: errorName(error) }, FAULT)
    return refuse('INTERNAL')
  }

  const examineOnce = (token: string, digest: string, now: number): AuthnVerdict | Promise<AuthnVerdict> => {
    try {
      const finding = examine(token, now)
      if (!(finding instanceof Promise)) return settle(digest, finding, now)
      const landing = land(digest, finding, now)
      underWay.set(digest, landing)
      return landing
    } catch (error) {
      return fault(error)
    }
  }

  return {
    authenticate(token, now) {
      if (token.length > longestToken) return refuse('TOKEN_TOO_LARGE')
      const digest = hash('sha256', token, 'base64')
      const recalled = verdicts.recall(digest, now)
      observe.verdictRecalled(recalled === undefined ? 'miss' : 'hit')
      if (recalled !== undefined) return recalled
      return underWay.get(digest) ?? examineOnce(token, digest, now)
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
    status: (now) => issuers.map(({ name, keys }) => ({ name, keys: keys.status(now) })),
  }
}

const FAULT = 'a token could not be examined'
