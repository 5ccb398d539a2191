/**
 * The use case: who is this, where may it go, what may it do, for how long. Decides one verified login request.
 * Refuses at the first doubt with a code; does no I/O of its own. Answers at once when the token's verdict is at hand.
 */
import type { Authenticated } from '../identity/principal.ts'
import { sessionEnd, type SessionSettings } from '../issue/index.ts'
import { toEpochSeconds, type EpochSeconds } from '../lib/clock.ts'
import type { Allowed, Decision, Permissions } from '../policy/decision.ts'
import type { ConnectionType } from '../policy/model.ts'
import { deliveryFilterOf } from '../policy/delivery-filter.ts'
import type { RefusalCode } from '../policy/refusal.ts'
import type { Snapshot } from '../policy/snapshot.ts'
import { findToken } from './credential.ts'
import type { AuthenticateToken, AuthnVerdict, CurrentSnapshot } from './ports.ts'
import type { LoginRequest } from './request.ts'

export interface AuthorizeSettings {
  readonly clientTypes: readonly ConnectionType[]
  /** Accounts that clients may be placed in at all, whatever the policy says. */
  readonly accounts: readonly string[]
  readonly sessions: SessionSettings
}

export interface AuthorizePorts {
  readonly authenticate: AuthenticateToken
  readonly currentSnapshot: CurrentSnapshot
  readonly decide: (snapshot: Snapshot, principal: Authenticated['principal']) => Decision
  /** From 0 up to 1. */
  readonly chance: () => number
}

/** What is known of a login when it is decided; as much as there is goes into the record. */
export interface Findings {
  readonly authenticated?: Authenticated | undefined
  readonly issuer?: string | undefined
  readonly detail?: string | undefined
  readonly snapshotId?: string | undefined
  readonly decision?: Decision | undefined
}

export type Outcome = Admission | Refusal

export interface Admission extends Findings {
  readonly effect: 'allow'
  readonly authenticated: Authenticated
  readonly decision: Allowed
  readonly permissions: Permissions
  readonly issuedAt: EpochSeconds
  readonly expiresAt: EpochSeconds
}

export interface Refusal extends Findings {
  readonly effect: 'deny'
  readonly code: RefusalCode
}

export type Authorize = (login: LoginRequest, now: number) => Outcome | Promise<Outcome>

export function createAuthorize(settings: AuthorizeSettings, ports: AuthorizePorts): Authorize {
  const clientTypes = new Set(settings.clientTypes)
  const accounts = new Set(settings.accounts)

  function decideFor(login: LoginRequest, verdict: AuthnVerdict, now: number): Outcome {
    if (!verdict.ok) {
      const { code, issuer, detail } = verdict.error
      return refuse(code, { issuer, detail })
    }
    const authenticated = verdict.value
    const snapshot = ports.currentSnapshot()
    if (snapshot === undefined) return refuse('POLICY_UNAVAILABLE', { authenticated })
    const decision = ports.decide(snapshot, authenticated.principal)
    const refuseWith = (code: RefusalCode): Refusal =>
      refuse(code, { authenticated, snapshotId: snapshot.id, decision })
    if (decision.effect === 'deny') return refuseWith(decision.code)
    if (!accounts.has(decision.account)) return refuseWith('ACCOUNT_FORBIDDEN')
    const { connectionTypes, maxSessionSeconds } = decision.limits
    if (connectionTypes !== undefined && !connectionTypes.some((type) => type === login.client.type)) {
      return refuseWith('CLIENT_KIND_REFUSED')
    }
    const issuedAt = toEpochSeconds(now)
    const bounds = { credentialEnd: authenticated.expiresAt, maxSessionSeconds }
    const expiresAt = sessionEnd(issuedAt, bounds, settings.sessions, ports.chance())
    if (!expiresAt.ok) return refuseWith(expiresAt.error)
    const permissions = decision.permissions[deliveryFilterOf(login.server.version)]
    // Written out: spreading one object into another costs more than the whole decision.
    return {
      effect: 'allow',
      authenticated,
      snapshotId: snapshot.id,
      decision,
      permissions,
      issuedAt,
      expiresAt: expiresAt.value,
    }
  }

  return (login, now) => {
    if (login.client.type === undefined || !clientTypes.has(login.client.type)) return refuse('CLIENT_KIND_REFUSED')
    if (login.connect === undefined) return refuse('CONNECT_MALFORMED')
    const token = findToken(login.connect)
    if (!token.ok) return refuse(token.error)
    const verdict = ports.authenticate(token.value, now)
    if (!(verdict instanceof Promise)) return decideFor(login, verdict, now)
    return verdict.then((late) => decideFor(login, late, now))
  }
}

function refuse(code: RefusalCode, findings: Findings = {}): Refusal {
  return { ...findings, effect: 'deny', code }
}
