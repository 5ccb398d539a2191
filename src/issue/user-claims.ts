/**
 * Claims of the user JWT: what one login is given, exactly and for how long. Pure.
 * Field rules are nats-server's own (auth_callout.go, jwt v2): config mode names the account in `aud` and must not have
 * `issuer_account`; operator mode is the other way round. `name` is always set, or the server shows what the client sent.
 */
import type { EpochSeconds } from '../lib/clock.ts'
import type { Permissions } from '../policy/decision.ts'

export interface UserGrant {
  /** Becomes `jti`; the same id stands in the decision record. */
  readonly decisionId: string
  readonly userNkey: string
  readonly principalName: string
  readonly permissions: Permissions
  readonly issuedAt: EpochSeconds
  readonly expiresAt: EpochSeconds
  /** Public key that signs. */
  readonly issuer: string
  readonly placement: Placement
}

/** How the server learns the account: by name (config mode), or by the account that the signing key belongs to (operator mode). */
export type Placement =
  { readonly mode: 'config'; readonly account: string } | { readonly mode: 'operator'; readonly issuerAccount: string }

export function userClaims(grant: UserGrant): string {
  const { placement } = grant
  const audience = placement.mode === 'config' ? `,"aud":${JSON.stringify(placement.account)}` : ''
  const issuerAccount = placement.mode === 'operator' ? `,"issuer_account":"${placement.issuerAccount}"` : ''
  return (
    `{"jti":"${grant.decisionId}","iat":${grant.issuedAt},"exp":${grant.expiresAt},"iss":"${grant.issuer}",` +
    `"sub":"${grant.userNkey}","name":${JSON.stringify(grant.principalName)}${audience},` +
    `"nats":{${encodePermissions(grant.permissions)},"subs":-1,"data":-1,"payload":-1${issuerAccount},"type":"user","version":2}}`
  )
}

/** What a user JWT says of permissions, member by member. A `resp` that is not there must not be written at all. */
export function permissionClaims({ pub, sub, resp }: Permissions): Permissions {
  return { pub, sub, ...(resp === undefined ? {} : { resp }) }
}

const encoded = new WeakMap<Permissions, string>()

/** Permissions belong to a snapshot and are written many times: their JSON is kept beside them. */
function encodePermissions(permissions: Permissions): string {
  const known = encoded.get(permissions)
  if (known !== undefined) return known
  const text = JSON.stringify(permissionClaims(permissions)).slice(1, -1)
  encoded.set(permissions, text)
  return text
}
