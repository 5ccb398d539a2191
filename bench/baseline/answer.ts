/**
 * The baseline: the bridge a team writes in an afternoon from `@nats-io/jwt`, `nkeys.js` and `jose`, as their READMEs
 * show. Correct, and stock: every signature but the token's is made and checked by tweetnacl.
 */
import { decode, encodeAuthorizationResponse, encodeUser, type AuthorizationRequest } from '@nats-io/jwt'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { fromCurveSeed, fromSeed, type KeyPair } from 'nkeys.js'
import { SESSION_SECONDS, type Answer, type ResponderSetup, type SigningSeed } from '../responder-setup.ts'
import { TOKEN_ALGORITHMS } from '../world.ts'

export function createBaselineAnswer(setup: ResponderSetup): Answer {
  const xkey = setup.xkeySeed === undefined ? undefined : fromCurveSeed(Buffer.from(setup.xkeySeed))
  const userSigner = fromSeed(Buffer.from(setup.userSigner.seed))
  const responseSigner = fromSeed(Buffer.from(setup.responseSigner.seed))
  const keys = createLocalJWKSet({ keys: [{ kty: '', ...setup.token.jwk }] })

  return async (payload, serverXkey) => {
    const opened = xkey === undefined ? payload : xkey.open(payload, serverXkey)
    if (opened === null) throw new Error('the request does not open')
    const request = decode<AuthorizationRequest>(new TextDecoder().decode(opened))
    const { server_id: server, user_nkey: userNkey, connect_opts: options } = request.nats
    if (server === undefined || userNkey === undefined) throw new Error('the request names no server or no user key')
    const now = Math.floor(Date.now() / 1000)
    if (request.aud !== 'nats-authorization-request' || request.iss !== server.id || (request.exp ?? 0) < now) {
      throw new Error('the request is not for us, or too old')
    }
    if (xkey !== undefined && server.xkey !== serverXkey) throw new Error('the xkey is not the one the server signed')

    const { payload: token } = await jwtVerify(options?.auth_token ?? '', keys, {
      issuer: setup.token.issuer,
      audience: setup.token.audience,
      algorithms: [...TOKEN_ALGORITHMS],
    })
    const [, , namespace, serviceAccount] = (token.sub ?? '').split(':')
    const jwt = await encodeUser(
      `spiffe://cluster.local/ns/${namespace}/sa/${serviceAccount}`,
      userNkey,
      setup.userSigner.issuerAccount ?? userSigner,
      { pub: { allow: [...setup.permissions.publish] }, sub: { allow: [...setup.permissions.subscribe] } },
      {
        aud: setup.account,
        exp: Math.min(token.exp ?? 0, now + SESSION_SECONDS),
        ...signedBy(setup.userSigner, userSigner),
      },
    )
    const response = await encodeAuthorizationResponse(
      userNkey,
      server.id,
      setup.responseSigner.issuerAccount ?? responseSigner,
      { jwt },
      signedBy(setup.responseSigner, responseSigner),
    )
    const plain = new TextEncoder().encode(response)
    return xkey === undefined ? plain : xkey.seal(plain, serverXkey)
  }
}

/** A signing key signs in the name of its account; without one the account's own key signs. */
function signedBy(seed: SigningSeed, pair: KeyPair): { readonly signer?: KeyPair } {
  return seed.issuerAccount === undefined ? {} : { signer: pair }
}
