/** Where keys and time come from. Tests hand in their own, so that what they make is the same each time. */
import { createHash } from 'node:crypto'
import type { Clock } from '../lib/clock.ts'
import { toEpochSeconds } from '../lib/clock.ts'
import { signToken } from '../issue/index.ts'
import { createBoxKey, createSigningKey, parseSigner, type SigningRole } from '../nkey/index.ts'
import type { Claims } from './operator-claims.ts'

export interface MadeKey {
  readonly seed: string
  readonly publicKey: string
}

export interface KeyFactory {
  signing(role: SigningRole): MadeKey
  curve(): MadeKey
}

export const freshKeys: KeyFactory = { signing: createSigningKey, curve: createBoxKey }

/** Signs claims with a key of ours; `iat` is now, `jti` a hash of the rest, as nats-io/jwt does it. */
export type SignClaims = (claims: Claims, key: MadeKey, role: SigningRole) => string

export function createClaimsSigner(clock: Clock): SignClaims {
  return (claims, key, role) => {
    const signer = parseSigner(key.seed, role)
    if (!signer.ok) throw new Error(`a key that was just made does not parse: ${signer.error}`)
    const dated = { ...claims, iat: toEpochSeconds(clock.now()) }
    const jti = createHash('sha256').update(JSON.stringify(dated)).digest('base64url')
    return signToken(JSON.stringify({ jti, ...dated }), signer.value)
  }
}
