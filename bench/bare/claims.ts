/** The two JWTs of one login, as every correct responder writes them. The floor signs inputs of exactly these sizes. */
import { createHash, sign, type KeyObject } from 'node:crypto'
import type { PermissionSet } from '../world.ts'
import { toBase32 } from './nkey.ts'

export interface Claims {
  readonly iss: string
  readonly sub: string
  readonly aud: string
  readonly name?: string
  readonly iat: number
  readonly exp?: number
  readonly nats: object
}

const HEADER = encode({ typ: 'JWT', alg: 'ed25519-nkey' })

/** `header.claims`, with a `jti` made as the NATS JWT libraries make it. */
export function signingInput(claims: Claims): string {
  const jti = toBase32(createHash('sha256').update(JSON.stringify(claims)).digest())
  return `${HEADER}.${encode({ ...claims, jti })}`
}

export function signJwt(claims: Claims, key: KeyObject): string {
  const input = signingInput(claims)
  return `${input}.${sign(null, Buffer.from(input), key).toString('base64url')}`
}

export function natsUser(permissions: PermissionSet, issuerAccount: string | undefined): object {
  return {
    ...(issuerAccount === undefined ? {} : { issuer_account: issuerAccount }),
    pub: { allow: permissions.publish },
    sub: { allow: permissions.subscribe },
    subs: -1,
    data: -1,
    payload: -1,
    type: 'user',
    version: 2,
  }
}

export function natsResponse(jwt: string, issuerAccount: string | undefined): object {
  return {
    jwt,
    ...(issuerAccount === undefined ? {} : { issuer_account: issuerAccount }),
    type: 'authorization_response',
    version: 2,
  }
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
