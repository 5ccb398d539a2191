/**
 * One public key of a JWK Set (RFC 7517, 7518, 8037), checked before anything is verified with it.
 * Refuses symmetric keys, keys for another use, keys published with their private half, and keys too weak or too large.
 */
import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import { canonicalJson, isJsonObject } from '../lib/json.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { createSignatureCheck, type SignatureCheck } from './signature-check.ts'

export interface VerificationKey {
  /** Equal for equal keys. */
  readonly id: string
  readonly kid: string | undefined
  /** The `alg` values it may verify. */
  readonly algorithms: readonly string[]
  readonly publicKey: KeyObject
  /** By `alg`; none for an `alg` that takes too long to be checked at once. */
  readonly checks: ReadonlyMap<string, SignatureCheck>
}

/** Fixed words: they are shown in the log. */
export type UnusableKey =
  | 'not a JWK'
  | 'symmetric'
  | 'published with its private part'
  | 'not for signatures'
  | 'of a type that is not supported'
  | 'weaker than RSA 2048'
  | 'larger than RSA 8192'
  | 'with an exponent of more than 32 bits'
  | 'no valid public key'

const Jwk = z.object({
  kty: z.string(),
  kid: z.string().optional(),
  use: z.string().optional(),
  key_ops: z.array(z.string()).optional(),
  alg: z.string().optional(),
  crv: z.string().optional(),
  x: z.string().optional(),
  y: z.string().optional(),
  n: z.string().optional(),
  e: z.string().optional(),
})

/** RFC 7518 sections 6.2.2 and 6.3.2: from each of those of RSA the others follow. */
const PRIVATE_PARTS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth']

const RSA_ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']
const CURVE_ALGORITHMS = new Map([
  ['EC P-256', ['ES256']],
  ['EC P-384', ['ES384']],
  ['EC P-521', ['ES512']],
  ['OKP Ed25519', ['EdDSA', 'Ed25519']],
])
/** RFC 7518 section 3.3 sets the lower bound; the upper one bounds the cost of a verification. */
const MIN_RSA_BITS = 2048
const MAX_RSA_BITS = 8192
/** A verification takes as long as the exponent is: with one of 3,000 bits, a hundred times as long as with 65537, the usual one. */
const EXPONENT_LIMIT = 2n ** 32n

export function parseVerificationKey(value: unknown): Result<VerificationKey, UnusableKey> {
  const parsed = Jwk.safeParse(value)
  if (!parsed.success) return err('not a JWK')
  const { kty, kid, use, key_ops: operations, alg, crv, x, y, n, e } = parsed.data
  if (kty === 'oct') return err('symmetric')
  // Whoever reads the set can sign with such a key.
  if (hasPrivatePart(value)) return err('published with its private part')
  if ((use !== undefined && use !== 'sig') || operations?.includes('verify') === false) return err('not for signatures')
  const algorithms = (kty === 'RSA' ? RSA_ALGORITHMS : (CURVE_ALGORITHMS.get(`${kty} ${crv}`) ?? [])).filter(
    (name) => alg === undefined || name === alg || (isEd25519(name) && isEd25519(alg)),
  )
  if (algorithms.length === 0) return err('of a type that is not supported')
  const publicParts = Object.fromEntries(
    Object.entries({ kty, crv, x, y, n, e }).filter(([, part]) => part !== undefined),
  )
  const publicKey = importKey(publicParts)
  if (publicKey === undefined) return err('no valid public key')
  const weakness = rsaWeakness(publicKey)
  if (weakness !== undefined) return err(weakness)
  const checks = checksOf(publicKey, algorithms)
  return ok({ id: canonicalJson({ ...publicParts, kid, algorithms }), kid, algorithms, publicKey, checks })
}

function hasPrivatePart(value: unknown): boolean {
  return isJsonObject(value) && PRIVATE_PARTS.some((part) => value[part] !== undefined)
}

function checksOf(publicKey: KeyObject, algorithms: readonly string[]): VerificationKey['checks'] {
  const checks = new Map<string, SignatureCheck>()
  for (const alg of algorithms) {
    const check = createSignatureCheck(alg, publicKey)
    if (check !== undefined) checks.set(alg, check)
  }
  return checks
}

function importKey(key: JsonWebKey): KeyObject | undefined {
  try {
    return createPublicKey({ key, format: 'jwk' })
  } catch {
    return undefined
  }
}

function rsaWeakness(key: KeyObject): UnusableKey | undefined {
  if (key.asymmetricKeyType !== 'rsa') return undefined
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {}
  if (modulusLength < MIN_RSA_BITS) return 'weaker than RSA 2048'
  if (modulusLength > MAX_RSA_BITS) return 'larger than RSA 8192'
  if (publicExponent >= EXPONENT_LIMIT) return 'with an exponent of more than 32 bits'
  // With e = 1 every signature is its own message.
  if (publicExponent < 3n || publicExponent % 2n === 0n) return 'no valid public key'
  return undefined
}

/** RFC 9864 gives `EdDSA` with Ed25519 its second name. */
function isEd25519(name: string): boolean {
  return name === 'EdDSA' || name === 'Ed25519'
}
