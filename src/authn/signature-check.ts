/**
 * Checks the signature of a token with one public key by OpenSSL, at once: RFC 7518 sections 3.3 to 3.5, RFC 8037, RFC 9864.
 * Refuses to be the check of a key that would hold up every other login; `jose` checks those on other threads: docs/adr/0009.
 */
import { constants, verify, type KeyObject, type VerifyKeyObjectInput } from 'node:crypto'

/** @param signed header and claims with the dot between them, as they came. @returns whether it is of the key. */
export type SignatureCheck = (signed: Uint8Array, signature: Uint8Array) => boolean

interface Scheme {
  /** Its name in OpenSSL; `null` where the algorithm brings its own. */
  readonly digest: string | null
  readonly options?: Omit<VerifyKeyObjectInput, 'key'>
}

/** P-384 and P-521 are not here: they take a millisecond. */
const SCHEMES: ReadonlyMap<string, Scheme> = new Map<string, Scheme>([
  ...[256, 384, 512].flatMap((bits): [string, Scheme][] => [
    [`RS${bits}`, { digest: `sha${bits}` }],
    [
      `PS${bits}`,
      { digest: `sha${bits}`, options: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: bits / 8 } },
    ],
  ]),
  ['ES256', { digest: 'sha256', options: { dsaEncoding: 'ieee-p1363' } }],
  ['EdDSA', { digest: null }],
  ['Ed25519', { digest: null }],
])
const MAX_RSA_BITS = 4096

/** @param key of the type that the `alg` is for. @returns nothing when a check would take more than about 100 µs. */
export function createSignatureCheck(alg: string, key: KeyObject): SignatureCheck | undefined {
  const scheme = SCHEMES.get(alg)
  if (scheme === undefined || (key.asymmetricKeyDetails?.modulusLength ?? 0) > MAX_RSA_BITS) return undefined
  const { digest, options } = scheme
  const input = options === undefined ? key : { key, ...options }
  return (signed, signature) => verify(digest, signed, input, signature)
}
