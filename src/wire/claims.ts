/**
 * From the JSON claims of an authorization request to a typed LoginRequest. Pure.
 * Refuses what is not exactly the shape nats-server writes; unknown fields pass, as newer servers add some.
 */
import type { ConnectOptions, LoginRequest } from '../callout/request.ts'
import { isJsonObject, type JsonObject } from '../lib/json.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { ConnectionType } from '../policy/model.ts'
import type { RefusalCode } from '../policy/refusal.ts'

/** The login, and what the envelope says of itself, before its signature is believed. */
export interface RequestClaims {
  readonly audience: string
  readonly serverXkey: string | undefined
  /** Unix seconds of the server's clock. */
  readonly issuedAt: number
  readonly expiresAt: number
  readonly hasTls: boolean
  readonly login: LoginRequest
}

const LONGEST_TEXT = 256
const PUBLIC_USER_KEY = /^U[A-Z2-7]{55}$/

export function readClaims(claims: unknown): Result<RequestClaims, RefusalCode> {
  if (!isJsonObject(claims)) return err('ENVELOPE_MALFORMED')
  const { iss, aud, sub, iat, exp, nats } = claims
  if (typeof iss !== 'string' || typeof aud !== 'string' || typeof sub !== 'string') return err('ENVELOPE_MALFORMED')
  if (!isTime(iat) || !isTime(exp) || !isJsonObject(nats)) return err('ENVELOPE_MALFORMED')
  const {
    type,
    user_nkey: userNkey,
    server_id: server,
    client_info: client,
    connect_opts: connect,
    client_tls: tls,
  } = nats
  if (type !== 'authorization_request') return err('ENVELOPE_MALFORMED')
  if (typeof userNkey !== 'string' || !PUBLIC_USER_KEY.test(userNkey)) return err('ENVELOPE_MALFORMED')
  if (!isJsonObject(server) || !isJsonObject(client) || !isJsonObject(connect)) return err('ENVELOPE_MALFORMED')
  if (server['id'] !== iss) return err('ENVELOPE_ISSUER')
  const { xkey } = server
  const { id } = client
  const [name, version, host] = [textOf(server['name']), textOf(server['version']), textOf(client['host'])]
  if (name === undefined || version === undefined || host === undefined) return err('ENVELOPE_MALFORMED')
  if (xkey !== undefined && typeof xkey !== 'string') return err('ENVELOPE_MALFORMED')
  if (typeof id !== 'number' || !Number.isSafeInteger(id)) return err('ENVELOPE_MALFORMED')
  return ok({
    audience: aud,
    serverXkey: xkey,
    issuedAt: iat,
    expiresAt: exp,
    hasTls: tls !== undefined,
    login: {
      userNkey,
      addressee: sub,
      server: { id: iss, name, version },
      client: { id, host, type: connectionTypeOf(client) },
      connect: readConnectOptions(connect),
    },
  })
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0
}

/** @returns undefined for a text that no server has by honest means: it would stand in every record. */
function textOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return ''
  return value.length <= LONGEST_TEXT ? value : undefined
}

function connectionTypeOf(client: JsonObject): ConnectionType | undefined {
  const { kind, type } = client
  if (kind === 'Leafnode') return 'leafnode'
  if (kind !== 'Client') return undefined
  return type === 'nats' || type === 'websocket' || type === 'mqtt' ? type : undefined
}

function readConnectOptions(connect: JsonObject): ConnectOptions | undefined {
  const { auth_token: authToken, pass, nkey, jwt } = connect
  if (!isText(authToken) || !isText(pass) || !isText(nkey) || !isText(jwt)) return undefined
  return {
    ...(authToken ? { authToken } : {}),
    ...(pass ? { pass } : {}),
    ...(nkey ? { nkey } : {}),
    ...(jwt ? { jwt } : {}),
  }
}

function isText(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string'
}
