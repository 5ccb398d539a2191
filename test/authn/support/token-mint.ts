/** Tokens as issuers make them, and as attackers do. */
import { generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto'
import { SignJWT, type JWTPayload } from 'jose'

/** 2026-11-21T12:00:00Z, in milliseconds. */
export const NOW = Date.UTC(2026, 10, 21, 12)
export const SECOND = NOW / 1000

export const CLUSTER_ISSUER = 'https://kubernetes.default.svc.cluster.local'
export const IDP_ISSUER = 'https://idp.example.com/realms/shop'

export interface MintKey {
  readonly kid: string
  readonly alg: string
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
  /** As the issuer publishes it. */
  readonly jwk: Readonly<Record<string, unknown>>
}

export function makeKey(alg = 'ES256', kid = `key-${randomUUID()}`): MintKey {
  const { publicKey, privateKey } = makePair(alg)
  return { kid, alg, publicKey, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' } }
}

function makePair(alg: string): { publicKey: KeyObject; privateKey: KeyObject } {
  if (alg === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' })
  if (alg === 'ES384') return generateKeyPairSync('ec', { namedCurve: 'P-384' })
  if (alg === 'ES512') return generateKeyPairSync('ec', { namedCurve: 'P-521' })
  if (alg === 'EdDSA' || alg === 'Ed25519') return generateKeyPairSync('ed25519')
  return generateKeyPairSync('rsa', { modulusLength: 2048 })
}

export function keySetOf(...keys: readonly MintKey[]): { keys: readonly unknown[] } {
  return { keys: keys.map(({ jwk }) => jwk) }
}

/** Claims with `undefined` are left out. */
export type Claims = Readonly<Record<string, unknown>>

/** What an API server of Kubernetes 1.32 puts into a projected token. */
export function serviceAccountClaims(overrides: Claims = {}): Claims {
  return {
    iss: CLUSTER_ISSUER,
    sub: 'system:serviceaccount:shop:orders',
    aud: ['nats'],
    iat: SECOND,
    nbf: SECOND,
    exp: SECOND + 3600,
    jti: '4cf18f44-6e5b-4b29-bb9b-6e6a3e6f4f2a',
    'kubernetes.io': {
      namespace: 'shop',
      node: { name: 'node-1', uid: '0c3b7a3e-6a39-4bb8-8a5e-7d5a0f0d8a11' },
      pod: { name: 'orders-7d9c5b-x2x5q', uid: '5a6c2ea0-49d7-4b60-9f9b-9f0a3c6d7e22' },
      serviceaccount: { name: 'orders', uid: '9e2d3c41-5c1b-4e0b-8a2a-1f2e3d4c5b33' },
    },
    ...overrides,
  }
}

export function endUserClaims(overrides: Claims = {}): Claims {
  return { iss: IDP_ISSUER, sub: 'alice', aud: 'nats', iat: SECOND, exp: SECOND + 3600, ...overrides }
}

export interface MintOptions {
  readonly key: MintKey
  /** Header members beside and instead of `alg` and `kid`; `undefined` leaves one out. */
  readonly header?: Claims
}

export function mint(claims: Claims, { key, header = {} }: MintOptions): Promise<string> {
  const payload: JWTPayload = JSON.parse(JSON.stringify(claims))
  const protectedHeader = { alg: key.alg, kid: key.kid, ...header }
  return new SignJWT(payload)
    .setProtectedHeader(JSON.parse(JSON.stringify(protectedHeader)))
    .sign(key.privateKey, { crit: { 'x-demand': true } })
}

/** Three segments put together by hand, whatever is in them. */
export function assemble(header: unknown, payload: unknown, signature: string): string {
  return `${encodeSegment(header)}.${encodeSegment(payload)}.${signature}`
}

export function encodeSegment(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
}
