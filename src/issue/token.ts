/**
 * Writes NATS JWTs (ADR-14, version 2): `header.claims.signature` with Ed25519 over the first two.
 * Takes claims as ready JSON text, so that a login can be put together from pieces that were encoded before. Pure but for the signer it is given.
 */

/** Ed25519 key that can sign; the nkey room makes them. */
export interface TokenSigner {
  /** `A…` */
  readonly publicKey: string
  sign(data: Uint8Array): Buffer
}

const HEADER = `${Buffer.from('{"typ":"JWT","alg":"ed25519-nkey"}').toString('base64url')}.`

export function signToken(claims: string, signer: TokenSigner): string {
  const signed = HEADER + Buffer.from(claims, 'utf8').toString('base64url')
  return `${signed}.${signer.sign(Buffer.from(signed, 'latin1')).toString('base64url')}`
}
