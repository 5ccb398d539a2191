/** A throw-away callout responder, made of the stock libraries: enough to prove that a generated configuration lets a login through. */
import { decode, encodeAuthorizationResponse, encodeUser, type AuthorizationRequest, type User } from '@nats-io/jwt'
import { connect, type Msg, type NatsConnection } from 'nats'
import { fromCurveSeed } from 'nkeys.js'
import type { TestEnvironment } from '../support/nats-server.ts'

export interface Admission {
  /** By name. */
  readonly account: string
  readonly user: Partial<User>
}

export interface Responder {
  readonly connection: NatsConnection
  /** As they came off the wire. */
  readonly payloads: readonly Uint8Array[]
  readonly requests: readonly AuthorizationRequest[]
  stop(): Promise<void>
}

export interface ResponderOptions {
  readonly decide: (request: AuthorizationRequest) => Admission | undefined
  /** A faulty bridge answers more than once. */
  readonly repliesPerRequest?: number
}

export async function startResponder(env: TestEnvironment, options: ResponderOptions): Promise<Responder> {
  const { bridge } = env
  const connection = await connect(env.asBridge())
  const payloads: Uint8Array[] = []
  const requests: AuthorizationRequest[] = []

  async function answer(message: Msg): Promise<void> {
    payloads.push(message.data)
    const peer = message.headers?.get('Nats-Server-Xkey') ?? ''
    const xkey = bridge.xkey === undefined ? undefined : fromCurveSeed(bytes(env.read(bridge.xkey.file ?? '')))
    const plain = xkey === undefined ? message.data : xkey.open(message.data, peer)
    const request = decode<AuthorizationRequest>(text(plain ?? new Uint8Array())).nats as AuthorizationRequest
    requests.push(request)
    const response = bytes(await respond(request))
    for (let reply = 0; reply < (options.repliesPerRequest ?? 1); reply += 1)
      message.respond(xkey === undefined ? response : xkey.seal(response, peer))
  }

  async function respond(request: AuthorizationRequest): Promise<string> {
    const { user_nkey: userNkey, server_id: server } = request
    const admission = options.decide(request)
    const verdict = admission === undefined ? { error: 'denied' } : { jwt: await userJwt(userNkey, admission) }
    if (bridge.mode === 'config')
      return encodeAuthorizationResponse(userNkey, server.id, env.read(bridge.issuer.file ?? ''), verdict, {})
    const { publicKey, signingKey } = bridge.calloutAccount
    return encodeAuthorizationResponse(userNkey, server.id, publicKey, verdict, {
      signer: env.read(signingKey.file ?? ''),
    })
  }

  async function userJwt(userNkey: string, { account, user }: Admission): Promise<string> {
    if (bridge.mode === 'config')
      return encodeUser('visitor', userNkey, env.read(bridge.issuer.file ?? ''), user, { aud: account })
    const target = [bridge.calloutAccount, ...bridge.accounts].find(({ name }) => name === account)
    // An account that the bridge has no signing key of: what a thief of its own key could do.
    if (target === undefined) return encodeUser('visitor', userNkey, env.read(`${account}.nk`), user)
    return encodeUser('visitor', userNkey, target.publicKey, user, { signer: env.read(target.signingKey.file ?? '') })
  }

  connection.subscribe('$SYS.REQ.USER.AUTH', {
    queue: bridge.queue,
    callback: (error, message) => {
      if (error === null) void answer(message)
    },
  })
  await connection.flush()
  return { connection, payloads, requests, stop: () => connection.close() }
}

function bytes(value: string): Uint8Array {
  return new TextEncoder().encode(value)
}

function text(value: Uint8Array): string {
  return new TextDecoder().decode(value)
}
