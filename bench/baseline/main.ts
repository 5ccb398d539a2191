/**
 * The baseline: the bridge a team writes in an afternoon from `nats`, `@nats-io/jwt`, `nkeys.js` and `jose`, as their
 * READMEs show. Correct, and stock: every signature but the token's is made and checked by tweetnacl.
 */
import { decode, encodeAuthorizationResponse, encodeUser, type AuthorizationRequest } from '@nats-io/jwt'
import { createLocalJWKSet, jwtVerify } from 'jose'
import type { Msg } from 'nats'
import { fromCurveSeed, fromSeed } from 'nkeys.js'
import { announceReady, openServiceConnections } from '../connect.ts'
import {
  CALLOUT_SUBJECT,
  QUEUE_GROUP,
  readResponderSetup,
  SESSION_SECONDS,
  type SigningSeed,
} from '../responder-setup.ts'

const setup = readResponderSetup()
const xkey = setup.xkeySeed === undefined ? undefined : fromCurveSeed(Buffer.from(setup.xkeySeed))
const userSigner = fromSeed(Buffer.from(setup.userSigner.seed))
const responseSigner = fromSeed(Buffer.from(setup.responseSigner.seed))
const keys = createLocalJWKSet({ keys: [{ kty: 'RSA', ...setup.token.jwk }] })

const connections = await openServiceConnections(setup)
for (const connection of connections) {
  connection.subscribe(CALLOUT_SUBJECT, {
    queue: QUEUE_GROUP,
    callback: (error, message) => {
      if (error === null) answer(message).catch((cause: unknown) => console.error('refused:', String(cause)))
    },
  })
  await connection.flush()
}
announceReady(connections)

async function answer(message: Msg): Promise<void> {
  const serverXkey = message.headers?.get('Nats-Server-Xkey') ?? ''
  const opened = xkey === undefined ? message.data : xkey.open(message.data, serverXkey)
  if (opened === null) throw new Error('the request does not open')
  const request = decode<AuthorizationRequest>(new TextDecoder().decode(opened))
  const { server_id: server, user_nkey: userNkey, connect_opts: options } = request.nats
  if (server === undefined || userNkey === undefined) throw new Error('the request names no server or no user key')
  const now = Math.floor(Date.now() / 1000)
  if (request.aud !== 'nats-authorization-request' || request.iss !== server.id || (request.exp ?? 0) < now) {
    throw new Error('the request is not for us, or too old')
  }
  if (xkey !== undefined && server.xkey !== serverXkey) throw new Error('the xkey is not the server’s')

  const { payload } = await jwtVerify(options?.auth_token ?? '', keys, {
    issuer: setup.token.issuer,
    audience: setup.token.audience,
    algorithms: ['RS256'],
  })
  const [, , namespace, serviceAccount] = (payload.sub ?? '').split(':')
  const name = `spiffe://cluster.local/ns/${namespace}/sa/${serviceAccount}`
  const jwt = await encodeUser(
    name,
    userNkey,
    ...issuedBy(setup.userSigner, userSigner),
    { pub: { allow: [...setup.permissions.publish] }, sub: { allow: [...setup.permissions.subscribe] } },
    {
      aud: setup.account,
      exp: Math.min(payload.exp ?? 0, now + SESSION_SECONDS),
      ...signedWith(setup.userSigner, userSigner),
    },
  )
  const response = await encodeAuthorizationResponse(
    userNkey,
    server.id,
    ...issuedBy(setup.responseSigner, responseSigner),
    { jwt },
    signedWith(setup.responseSigner, responseSigner),
  )
  const plain = new TextEncoder().encode(response)
  message.respond(xkey === undefined ? plain : xkey.seal(plain, serverXkey))
}

type Pair = ReturnType<typeof fromSeed>

/** A signing key signs in the name of its account; without one the account's own key signs. */
function issuedBy(seed: SigningSeed, pair: Pair): readonly [string | Pair] {
  return [seed.issuerAccount ?? pair]
}

function signedWith(seed: SigningSeed, pair: Pair): { readonly signer?: Pair } {
  return seed.issuerAccount === undefined ? {} : { signer: pair }
}
