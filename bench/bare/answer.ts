/**
 * Second line of reference: the least a correct responder can do, on node:crypto (sealed: libsodium) alone. Verifies the
 * request and the token, signs two JWTs, keeps the shared key of each server's xkey. No policy, no audit, no deadline, no shedding.
 */
import { randomBytes, verify, type KeyObject } from 'node:crypto'
import sodium from 'libsodium-wrappers'
import { SESSION_SECONDS, type Answer, type ResponderSetup } from '../responder-setup.ts'
import { tokenVerifier } from '../world.ts'
import { natsResponse, natsUser, signJwt } from './claims.ts'
import { PREFIX, publicBytes, publicKeyText, rawPublicKey, seedBytes, signingKey, verifyKey } from './nkey.ts'

interface Request {
  readonly iss: string
  readonly aud: string
  readonly exp: number
  readonly nats: {
    readonly user_nkey: string
    readonly server_id: { readonly id: string; readonly xkey?: string }
    readonly connect_opts: { readonly auth_token?: string }
  }
}

interface Token {
  readonly iss: string
  readonly aud: readonly string[]
  readonly exp: number
  readonly 'kubernetes.io': { readonly namespace: string; readonly serviceaccount: { readonly name: string } }
}

const XKEY_VERSION = Buffer.from('xkv1')

await sodium.ready

export function createBareAnswer(setup: ResponderSetup): Answer {
  const sealed = setup.xkeySeed !== undefined
  const userKey = signingKey(setup.userSigner.seed)
  const responseKey = signingKey(setup.responseSigner.seed)
  const userIssuer = publicKeyText(PREFIX.account, rawPublicKey(userKey))
  const responseIssuer = publicKeyText(PREFIX.account, rawPublicKey(responseKey))
  const verifyToken = tokenVerifier(setup.token.jwk)
  const user = natsUser(setup.permissions, setup.userSigner.issuerAccount)
  const serverKey = remembered(verifyKey)
  const curveSeed = sealed ? seedBytes(setup.xkeySeed ?? '') : undefined
  const sharedKey = remembered((xkey) => sodium.crypto_box_beforenm(publicBytes(xkey), curveSeed ?? new Uint8Array()))

  const open = (data: Uint8Array, serverXkey: string): Uint8Array =>
    sodium.crypto_box_open_easy_afternm(data.subarray(28), data.subarray(4, 28), sharedKey(serverXkey))
  const seal = (plain: Buffer, serverXkey: string): Buffer => {
    const nonce = randomBytes(24)
    return Buffer.concat([XKEY_VERSION, nonce, sodium.crypto_box_easy_afternm(plain, nonce, sharedKey(serverXkey))])
  }

  return (payload, serverXkey) => {
    const jwt = Buffer.from(sealed ? open(payload, serverXkey) : payload).toString('latin1')
    const request = checkedClaims<Request>(jwt, (input, signature, claims) =>
      verify(null, input, serverKey(claims.iss), signature),
    )
    const { server_id: server, user_nkey: userNkey, connect_opts: options } = request.nats
    const now = Math.floor(Date.now() / 1000)
    if (request.aud !== 'nats-authorization-request' || request.exp < now || server.id !== request.iss) return undefined
    if (sealed && server.xkey !== serverXkey) return undefined
    const token = checkedClaims<Token>(options.auth_token ?? '', verifyToken)
    if (token.iss !== setup.token.issuer || !token.aud.includes(setup.token.audience) || token.exp < now)
      return undefined
    const { namespace, serviceaccount } = token['kubernetes.io']
    const name = `spiffe://cluster.local/ns/${namespace}/sa/${serviceaccount.name}`
    const exp = Math.min(token.exp, now + SESSION_SECONDS)
    const grant = { iss: userIssuer, sub: userNkey, aud: setup.account, name, iat: now, exp, nats: user }
    const nats = natsResponse(signJwt(grant, userKey), setup.responseSigner.issuerAccount)
    const reply = signJwt({ iss: responseIssuer, sub: userNkey, aud: server.id, iat: now, nats }, responseKey)
    return sealed ? seal(Buffer.from(reply), serverXkey) : Buffer.from(reply)
  }
}

function checkedClaims<T>(jwt: string, check: (input: Buffer, signature: Buffer, claims: T) => boolean): T {
  const end = jwt.lastIndexOf('.')
  const claims = JSON.parse(Buffer.from(jwt.slice(jwt.indexOf('.') + 1, end), 'base64url').toString()) as T
  if (!check(Buffer.from(jwt.slice(0, end)), Buffer.from(jwt.slice(end + 1), 'base64url'), claims)) {
    throw new Error('signature does not verify')
  }
  return claims
}

function remembered<T extends KeyObject | Uint8Array>(make: (name: string) => T): (name: string) => T {
  const known = new Map<string, T>()
  return (name) => {
    const value = known.get(name) ?? make(name)
    known.set(name, value)
    return value
  }
}
