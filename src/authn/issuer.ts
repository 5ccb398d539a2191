/** One configured issuer, ready to check tokens: settings with their defaults, its keys, and how it names its holders. */
import type { CredentialKind } from '../identity/principal.ts'
import type { Clock } from '../lib/clock.ts'
import { identifyEndUser } from './end-user.ts'
import type { IdentifyHolder } from './identity.ts'
import { parseInlineKeys } from './inline-keys.ts'
import type { KeyProblemCode } from './key-problem.ts'
import type { InternPrincipal } from './intern-principals.ts'
import { createFixedKeyRing, createKeyRing, type AuthnLog, type KeyRing } from './key-ring.ts'
import { createKeySource } from './key-source.ts'
import { identifyServiceAccount } from './service-account.ts'
import {
  ASYMMETRIC_ALGORITHMS,
  DEFAULT_TOKEN_BYTES,
  DEFAULT_TOLERANCE_SECONDS,
  type AuthnLimits,
  type IssuerSettings,
  type KeySourceSettings,
} from './settings.ts'
import type { AuthnSystem } from './system.ts'
import type { TokenExpectations } from './verify-token.ts'

export interface Issuer extends TokenExpectations {
  readonly credentialKind: CredentialKind
  readonly algorithms: ReadonlySet<string>
  readonly acceptsType: (typ: string | undefined) => boolean
  readonly maxTokenBytes: number
  readonly keys: KeyRing
  readonly identify: IdentifyHolder
}

export interface IssuerParts extends AuthnSystem {
  readonly limits: AuthnLimits
  readonly clock: Clock
  readonly intern: InternPrincipal
  readonly log: AuthnLog
  readonly keysFetched: (issuer: string, outcome: 'ok' | KeyProblemCode) => void
}

const REFRESH_SECONDS = 300
const FILE_REFRESH_SECONDS = 10
const MAX_AGE_SECONDS = 86_400

/** @param settings without {@link issuerProblems}. @param all to see which other issuers could be confused with it. */
export function createIssuer(settings: IssuerSettings, all: readonly IssuerSettings[], parts: IssuerParts): Issuer {
  const isKubernetes = settings.kind === 'kubernetes'
  return {
    name: settings.name,
    issuer: settings.issuer,
    audiences: settings.audiences,
    requiredClaims: ['exp', 'sub', ...(settings.requiredClaims ?? [])],
    clockToleranceSeconds: settings.clockToleranceSeconds ?? DEFAULT_TOLERANCE_SECONDS,
    credentialKind: isKubernetes ? 'service-account-token' : 'oidc-token',
    algorithms: new Set(settings.algorithms ?? ASYMMETRIC_ALGORITHMS),
    acceptsType: typeFilter(settings.types, isKubernetes ? ['jwt'] : ['jwt', 'at+jwt']),
    maxTokenBytes: settings.maxTokenBytes ?? DEFAULT_TOKEN_BYTES,
    keys: createKeys(settings, settings.keys, parts),
    identify: isKubernetes
      ? identifyServiceAccount(settings.trustDomain, parts.intern)
      : identifyEndUser({
          issuer: settings.issuer,
          groupsClaim: settings.groupsClaim,
          otherIssuers: all.filter((other) => other.kind === 'oidc').map((other) => other.issuer),
        }),
  }
}

function createKeys({ name, issuer }: IssuerSettings, keys: KeySourceSettings, parts: IssuerParts): KeyRing {
  if ('inline' in keys) {
    const keySet = parseInlineKeys(keys.inline)
    if (!keySet.ok) throw new TypeError(`issuer ${name}: ${keySet.error.detail}`)
    return createFixedKeyRing(keySet.value)
  }
  const { limits, clock, scheduler, random, log, httpGet } = parts
  return createKeyRing({
    issuer: name,
    read: createKeySource(issuer, keys, limits.maxDocumentBytes, httpGet),
    refreshMs: 1000 * (keys.refreshSeconds ?? ('file' in keys ? FILE_REFRESH_SECONDS : REFRESH_SECONDS)),
    maxAgeMs: 1000 * (keys.maxAgeSeconds ?? MAX_AGE_SECONDS),
    limits,
    clock,
    scheduler,
    random,
    log,
    fetched: (outcome) => parts.keysFetched(name, outcome),
  })
}

function typeFilter(configured: readonly string[] | undefined, usual: readonly string[]): Issuer['acceptsType'] {
  const accepted = new Set((configured ?? usual).map(normalizeType))
  return (typ) => (typ === undefined ? configured === undefined : accepted.has(normalizeType(typ)))
}

/** RFC 7515 section 4.1.9: a media type, its `application/` usually left out. */
function normalizeType(typ: string): string {
  return typ.toLowerCase().replace(/^application\//, '')
}
