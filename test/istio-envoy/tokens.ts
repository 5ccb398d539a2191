/** Signed JWTs with any claims, and the key set that proves them. */
import { generateKeyPairSync, sign } from 'node:crypto'

export interface TokenIssuer {
  /** JSON of a JWK Set. */
  readonly keySet: string
  /** @returns a compact JWS of these claims, nothing added. */
  tokenOf(claims: object): string
}

export function createTokenIssuer(): TokenIssuer {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const key = { ...publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'ES256', use: 'sig' }
  const header = Buffer.from(JSON.stringify({ alg: 'ES256', kid: 'k1' })).toString('base64url')
  const cached = new Map<string, string>()
  return {
    keySet: JSON.stringify({ keys: [key] }),
    tokenOf(claims) {
      const text = JSON.stringify(claims)
      const known = cached.get(text)
      if (known !== undefined) return known
      const signed = `${header}.${Buffer.from(text).toString('base64url')}`
      const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' })
      const token = `${signed}.${signature.toString('base64url')}`
      cached.set(text, token)
      return token
    },
  }
}
