/**
 * What every responder of one run is given: the workloads' tokens, the keys, and what the workloads may do.
 * Tokens have the shape and size (about 1.07 KB) of projected Kubernetes ServiceAccount tokens.
 */
import { createPrivateKey, generateKeyPairSync, randomBytes, randomUUID, sign, type JsonWebKey } from 'node:crypto'

export const TOKEN_ISSUER = 'https://kubernetes.default.svc.cluster.local'
export const TOKEN_AUDIENCE = 'nats'
/** Account that all workloads live in. */
export const ACCOUNT = 'BENCH'
/** Every workload lives in one of these namespaces; policies grant to the namespaces. */
export const NAMESPACES = ['shop', 'payments', 'stock', 'shipping', 'reports'] as const
const SERVICE_ACCOUNTS_PER_NAMESPACE = 10
const TOKEN_LIFETIME_SECONDS = 24 * 3600

export interface World {
  /** Distinct, one per pod; several pods share a ServiceAccount. */
  readonly tokens: readonly string[]
  /** Public key of the token issuer. */
  readonly jwk: JsonWebKey
}

export type SizeName = 'small' | 'large'

export interface PermissionSet {
  readonly publish: readonly string[]
  readonly subscribe: readonly string[]
}

/** 5 + 5 and 200 + 200 literal subjects. */
export const PERMISSION_SETS: Readonly<Record<SizeName, PermissionSet>> = {
  small: permissionSet(5),
  large: permissionSet(200),
}

export function createWorld(tokenCount: number): World {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const kid = randomBytes(32).toString('base64url')
  const key = createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' }))
  const now = Math.floor(Date.now() / 1000)
  const tokens = Array.from({ length: tokenCount }, (_, index) => {
    const input = `${encode({ alg: 'RS256', kid })}.${encode(tokenClaims(index, now))}`
    return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`
  })
  return { tokens, jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' } }
}

function tokenClaims(index: number, now: number): object {
  const namespace = NAMESPACES[index % NAMESPACES.length] ?? NAMESPACES[0]
  const name = `worker-${Math.floor(index / NAMESPACES.length) % SERVICE_ACCOUNTS_PER_NAMESPACE}`
  return {
    aud: [TOKEN_AUDIENCE],
    exp: now + TOKEN_LIFETIME_SECONDS,
    iat: now,
    iss: TOKEN_ISSUER,
    jti: randomUUID(),
    'kubernetes.io': {
      namespace,
      node: { name: `pool-a-node-${index % 20}`, uid: randomUUID() },
      pod: { name: `${name}-7c9d8b6f54-${index.toString(36).padStart(5, 'x')}`, uid: randomUUID() },
      serviceaccount: { name, uid: randomUUID() },
    },
    nbf: now,
    sub: `system:serviceaccount:${namespace}:${name}`,
  }
}

function permissionSet(count: number): PermissionSet {
  const list = (verb: string): string[] =>
    Array.from({ length: count }, (_, index) => `shop.orders.region-${String(index).padStart(3, '0')}.${verb}.v1`)
  return { publish: list('created'), subscribe: list('shipped') }
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
