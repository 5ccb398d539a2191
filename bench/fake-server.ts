/**
 * Authorization requests as nats-server 2.15 writes them for a loopback client with a token, made in process: for the
 * floor, and for measuring an answer without a network. Reads answers back, so that a wrong one counts as a failure.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import sodium from 'libsodium-wrappers'
import { signingInput, signJwt, type Claims } from './bare/claims.ts'
import { PREFIX, publicBytes, publicKeyText, rawPublicKey } from './bare/nkey.ts'

export interface FakeServer {
  /** Value of the `Nats-Server-Xkey` header; empty when nothing is sealed. */
  readonly xkeyHeader: string
  /** @param token of the client. Fresh each time, as a server's own. */
  request(token: string): Uint8Array
  /** Whether these bytes let the client in. */
  admits(answer: Uint8Array | undefined): boolean
}

export interface FakeServerOptions {
  /** `sub` of requests: public key of the callout issuer. */
  readonly issuer: string
  /** `X…` of the responder, when requests are to be sealed. */
  readonly responderXkey?: string
}

const TIMEOUT_SECONDS = 30
const XKEY_HEAD = 'xkv1'
const XKEY_BYTES = XKEY_HEAD.length + 24

await sodium.ready

export function createFakeServer({ issuer, responderXkey }: FakeServerOptions): FakeServer {
  const { privateKey } = generateKeyPairSync('ed25519')
  const id = publicKeyText(PREFIX.server, rawPublicKey(privateKey))
  const curve = sodium.crypto_box_keypair()
  const xkey = responderXkey === undefined ? undefined : publicKeyText(PREFIX.curve, curve.publicKey)
  const shared =
    responderXkey === undefined
      ? undefined
      : sodium.crypto_box_beforenm(Uint8Array.from(publicBytes(responderXkey)), curve.privateKey)
  return {
    xkeyHeader: xkey ?? '',
    request(token) {
      const jwt = Buffer.from(signJwt(requestClaims({ issuer, serverId: id, xkey, token }), privateKey))
      if (shared === undefined) return jwt
      const nonce = randomBytes(24)
      return Buffer.concat([Buffer.from(XKEY_HEAD), nonce, sodium.crypto_box_easy_afternm(jwt, nonce, shared)])
    },
    admits(answer) {
      if (answer === undefined) return false
      const plain =
        shared === undefined
          ? answer
          : sodium.crypto_box_open_easy_afternm(
              answer.subarray(XKEY_BYTES),
              answer.subarray(XKEY_HEAD.length, XKEY_BYTES),
              shared,
            )
      const claims = Buffer.from(Buffer.from(plain).toString('latin1').split('.')[1] ?? '', 'base64url').toString()
      return (JSON.parse(claims) as { nats: { jwt?: string } }).nats.jwt !== undefined
    },
  }
}

/** `header.claims` of a typical request, for its size. */
export function requestInput(token: string, form: 'plain' | 'sealed'): string {
  const key = publicKeyText(PREFIX.server, randomBytes(32))
  return signingInput(requestClaims({ issuer: key, serverId: key, xkey: form === 'sealed' ? key : undefined, token }))
}

interface RequestParts {
  readonly issuer: string
  readonly serverId: string
  readonly xkey: string | undefined
  readonly token: string
}

function requestClaims({ issuer, serverId, xkey, token }: RequestParts): Claims {
  const now = Math.floor(Date.now() / 1000)
  return {
    aud: 'nats-authorization-request',
    exp: now + TIMEOUT_SECONDS,
    iat: now,
    iss: serverId,
    sub: issuer,
    nats: {
      server_id: { name: 'bench', host: '127.0.0.1', id: serverId, version: '2.15.1', ...(xkey ? { xkey } : {}) },
      user_nkey: publicKeyText(PREFIX.user, randomBytes(32)),
      client_info: { host: '127.0.0.1', id: 10_000, user: '[REDACTED]', name: 'bench', kind: 'Client', type: 'nats' },
      connect_opts: { auth_token: token, name: 'bench', lang: 'bench', version: '1.0.0', protocol: 1 },
      type: 'authorization_request',
      version: 2,
    },
  }
}
