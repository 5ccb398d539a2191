/**
 * What every responder of one run is given: the workloads' tokens, the keys, and what the workloads may do.
 * Tokens have the shape and size (about 1.07 KB) of projected Kubernetes ServiceAccount tokens.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  randomUUID,
  sign,
  verify,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto'
import { promisify } from 'node:util'

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
  /** Public key of the token issuer, with its `alg`. */
  readonly jwk: JsonWebKey
  /** As many more of the same issuer, made on all CPUs: some 3,000 a second of RS256. */
  mint(count: number): Promise<readonly string[]>
}

/** API servers sign with RS256 or ES256. */
export const TOKEN_ALGORITHMS = ['RS256', 'ES256'] as const
export type TokenAlgorithm = (typeof TOKEN_ALGORITHMS)[number]

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

export async function createWorld(tokenCount: number, alg: TokenAlgorithm): Promise<World> {
  const { publicKey, privateKey } =
    alg === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 })
  const kid = randomBytes(32).toString('base64url')
  const key = { key: createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' })), ...SIGNATURE_FORMAT }
  const mint = async (count: number): Promise<readonly string[]> => {
    const now = Math.floor(Date.now() / 1000)
    const tokens: string[] = []
    const inputs = Array.from(
      { length: count },
      (_, index) => `${encode({ alg, kid })}.${encode(tokenClaims(index, now))}`,
    )
    for (let from = 0; from < count; from += SIGNED_AT_ONCE) {
      const some = inputs.slice(from, from + SIGNED_AT_ONCE)
      const signatures = await Promise.all(some.map((input) => signOnThread('sha256', Buffer.from(input), key)))
      tokens.push(...some.map((input, index) => `${input}.${signatures[index]?.toString('base64url')}`))
    }
    return tokens
  }
  return { tokens: await mint(tokenCount), jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' }, mint }
}

const signOnThread = promisify(sign)
const SIGNED_AT_ONCE = 256
/** RFC 7518 section 3.4; RSA has no other. */
const SIGNATURE_FORMAT = { dsaEncoding: 'ieee-p1363' } as const

/** The bare check of a token's signature: what the floor counts, and all that the bare responder does. */
export function tokenVerifier(jwk: JsonWebKey): (input: Uint8Array, signature: Uint8Array) => boolean {
  const key: KeyObject = createPublicKey({ key: jwk, format: 'jwk' })
  const options = { key, ...SIGNATURE_FORMAT }
  return (input, signature) => verify('sha256', input, options, signature)
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
