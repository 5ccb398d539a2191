/**
 * Makes the tokens of a stand-in cluster or identity provider: projected ServiceAccount tokens and OIDC tokens, shaped like the
 * real ones. Keys live in memory only. For development and tests: whoever holds a mint may be anybody.
 */
import { randomUUID } from 'node:crypto'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT, type JWK, type JWTPayload } from 'jose'
import type { JsonObject } from '../lib/json.ts'

export interface TokenMint {
  /** The `iss` of its tokens. */
  readonly issuer: string
  /** RFC 7517; public keys alone. */
  readonly jwks: { readonly keys: readonly JWK[] }
  serviceAccountToken(request: ServiceAccountTokenRequest): Promise<string>
  userToken(request: UserTokenRequest): Promise<string>
}

interface TokenRequest {
  readonly audience: string
  readonly ttlSeconds: number
  /** Seconds since it was issued, default 0: more than the TTL makes an expired token. */
  readonly ageSeconds?: number
}

export interface ServiceAccountTokenRequest extends TokenRequest {
  readonly namespace: string
  readonly name: string
}

export interface UserTokenRequest extends TokenRequest {
  readonly subject: string
  /** Beside those that make the token; they cannot replace one of them. */
  readonly claims?: JsonObject
}

export interface MintOptions {
  readonly issuer: string
  /** What API servers sign with; default ES256, because an RSA key takes a while to make. */
  readonly algorithm?: 'ES256' | 'RS256'
  /** Default: the key's thumbprint (RFC 7638). Another mint's makes forgeries. */
  readonly keyId?: string
  /** Milliseconds since the epoch. */
  readonly now?: () => number
}

export async function createTokenMint(options: MintOptions): Promise<TokenMint> {
  const { issuer, algorithm = 'ES256', now = Date.now } = options
  const { publicKey, privateKey } = await generateKeyPair(algorithm)
  const publicJwk = await exportJWK(publicKey)
  const kid = options.keyId ?? (await calculateJwkThumbprint(publicJwk))
  const workloads = new Map<string, WorkloadFacts>()

  function workload(namespace: string, name: string): WorkloadFacts {
    const key = `${namespace}/${name}`
    const facts = workloads.get(key) ?? inventWorkload(name)
    workloads.set(key, facts)
    return facts
  }

  function sign(claims: JWTPayload, { audience, ttlSeconds, ageSeconds = 0 }: TokenRequest): Promise<string> {
    const issuedAt = Math.floor(now() / 1000) - ageSeconds
    return new SignJWT({ ...claims, jti: randomUUID() })
      .setProtectedHeader({ alg: algorithm, kid })
      .setIssuer(issuer)
      .setAudience([audience])
      .setIssuedAt(issuedAt)
      .setNotBefore(issuedAt)
      .setExpirationTime(issuedAt + ttlSeconds)
      .sign(privateKey)
  }

  return {
    issuer,
    jwks: { keys: [{ ...publicJwk, kid, alg: algorithm, use: 'sig' }] },
    serviceAccountToken({ namespace, name, ...request }) {
      const sub = `system:serviceaccount:${namespace}:${name}`
      return sign({ sub, 'kubernetes.io': { namespace, ...workload(namespace, name) } }, request)
    },
    userToken: ({ subject, claims, ...request }) => sign({ ...claims, sub: subject }, request),
  }
}

/** The private claims of a bound token: KEP-1205 and, for the node, KEP-4193. */
interface WorkloadFacts {
  readonly serviceaccount: { readonly name: string; readonly uid: string }
  readonly pod: { readonly name: string; readonly uid: string }
  readonly node: { readonly name: string; readonly uid: string }
}

function inventWorkload(name: string): WorkloadFacts {
  const [suffix = ''] = randomUUID().split('-')
  return {
    serviceaccount: { name, uid: randomUUID() },
    pod: { name: `${name}-${suffix}`, uid: randomUUID() },
    node: { name: 'stand-in-node', uid: randomUUID() },
  }
}
