/**
 * Opens what nats-server sends on `$SYS.REQ.USER.AUTH`, or says why it stays shut.
 * Order: size, sealed or plain as configured, box, claims, deadline, signature, replay. Everything cheap comes before cryptography,
 * and nothing is believed before the signature is. Every refusal here is met with silence (see policy/refusal.ts).
 */
import type { LoginRequest } from '../callout/request.ts'
import { createBoundedMap } from '../lib/bounded-map.ts'
import { repeatsKey } from '../lib/json-keys.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { isSealed, parseVerifier, type BoxKey, type SharedBox, type Verifier } from '../nkey/index.ts'
import type { RefusalCode } from '../policy/refusal.ts'
import { readClaims, type RequestClaims } from './claims.ts'
import type { Patience, RequestTimes } from './patience.ts'
import { createReplayGuard } from './replay.ts'
import type { ServerClocks } from './server-clock.ts'

export interface Envelope {
  readonly payload: Uint8Array
  /** Value of the `Nats-Server-Xkey` header, empty when there was none. */
  readonly xkeyHeader: string
  readonly replySubject: string
  /** Milliseconds since the epoch, our clock. */
  readonly arrivedAt: number
}

export interface OpenedRequest {
  readonly login: LoginRequest
  /** Present when the request came sealed: the answer must go back through it. */
  readonly box: SharedBox | undefined
  /** Milliseconds of our clock: from then on the server does not wait any more. */
  readonly answerBy: number
  /** How long the server says that it waits. */
  readonly waitSeconds: number
}

export interface EnvelopeSettings {
  /** Empty: xkey is off, sealed requests are refused. Else plain ones are. Read anew for each request. */
  boxKeys(): readonly BoxKey[]
  /** Whether a request's `sub` is our callout issuer (config mode) or callout account (operator mode). */
  isOurs(addressee: string): boolean
  readonly clocks: ServerClocks
  readonly patience: Patience
}

export type OpenEnvelope = (envelope: Envelope, now: number) => Result<OpenedRequest, RefusalCode>

const AUDIENCE = 'nats-authorization-request'
const REPLY_PREFIX = '$SYS._INBOX.'
/** nats-server writes 1 to 4 KB; an MQTT password may hold more. */
const MAX_BYTES = 128 * 1024
const MAX_SERVERS = 1024

interface KnownBox {
  readonly box: SharedBox
  readonly key: BoxKey
  /** Server that has proven, by a signed request in this box, to own its other end: docs/adr/0002. */
  readonly server: string | undefined
}

export function createEnvelopeOpener(settings: EnvelopeSettings): OpenEnvelope {
  const verifiers = createBoundedMap<string, Verifier>(MAX_SERVERS)
  const boxes = createBoundedMap<string, KnownBox>(MAX_SERVERS)
  const { clocks, patience } = settings
  const replays = createReplayGuard()

  function open(envelope: Envelope, now: number): Result<OpenedRequest, RefusalCode> {
    const { payload, xkeyHeader } = envelope
    if (payload.length > MAX_BYTES) return err('ENVELOPE_TOO_LARGE')
    if (!envelope.replySubject.startsWith(REPLY_PREFIX)) return err('ENVELOPE_REPLY')
    const boxKeys = settings.boxKeys()
    if (!isSealed(payload)) {
      if (boxKeys.length > 0) return err('ENVELOPE_PLAINTEXT')
      return openToken(payload, undefined, envelope.arrivedAt, now)
    }
    if (boxKeys.length === 0) return err('ENVELOPE_SEALED')
    const known = boxes.get(xkeyHeader)
    if (known !== undefined && boxKeys.includes(known.key)) {
      const token = known.box.open(payload)
      if (token !== undefined) return openToken(token, known, envelope.arrivedAt, now)
    }
    for (const key of boxKeys) {
      const box = key.boxWith(xkeyHeader)
      const token = box?.open(payload)
      if (box !== undefined && token !== undefined)
        return openToken(token, { box, key, server: undefined }, envelope.arrivedAt, now)
    }
    return err('ENVELOPE_UNOPENED')
  }

  function openToken(
    token: Uint8Array,
    box: KnownBox | undefined,
    arrivedAt: number,
    now: number,
  ): Result<OpenedRequest, RefusalCode> {
    const parts = splitToken(Buffer.from(token.buffer, token.byteOffset, token.byteLength))
    if (parts === undefined) return err('ENVELOPE_MALFORMED')
    const read = parseClaims(parts.claims)
    if (!read.ok) return read
    const { login, audience, serverXkey } = read.value
    if (audience !== AUDIENCE) return err('ENVELOPE_AUDIENCE')
    if (!settings.isOurs(login.addressee)) return err('ENVELOPE_SUBJECT')
    const times: RequestTimes = {
      serverId: login.server.id,
      connection: login.client.id,
      hasTls: read.value.hasTls,
      issuedAt: read.value.issuedAt,
      expiresAt: read.value.expiresAt,
      arrivedAt,
    }
    const expiresBy = clocks.endInOurTime(login.server.id, times.expiresAt)
    if (expiresBy <= now) return err('ENVELOPE_EXPIRED')
    if (clocks.isFarAhead(times.issuedAt, arrivedAt)) return err('ENVELOPE_EXPIRED')
    const answerBy = patience.answerBy(times, now)
    if (answerBy <= now) return err('DEADLINE_PASSED')
    if (box !== undefined && box.box.peer !== serverXkey) return err('ENVELOPE_XKEY_MISMATCH')
    if (box === undefined || box.server !== login.server.id) {
      const known = verifiers.get(login.server.id)
      const verifier = known ?? verifierOf(login.server.id)
      if (verifier === undefined) return err('ENVELOPE_ISSUER')
      if (!verifier.verify(parts.signed, parts.signature)) return err('ENVELOPE_SIGNATURE')
      if (known === undefined) verifiers.set(login.server.id, verifier)
      if (box !== undefined) boxes.set(box.box.peer, { ...box, server: login.server.id })
    }
    if (!replays.admit(login.userNkey, now, expiresBy)) return err('ENVELOPE_REPLAYED')
    clocks.observe(login.server.id, times.issuedAt, arrivedAt)
    patience.observe(times)
    const end = clocks.endInOurTime(login.server.id, times.expiresAt)
    const waitSeconds = times.expiresAt - times.issuedAt
    return ok({ login, box: box?.box, answerBy: Math.min(answerBy, end), waitSeconds })
  }

  return open
}

function verifierOf(serverId: string): Verifier | undefined {
  const parsed = parseVerifier(serverId, 'N')
  return parsed.ok ? parsed.value : undefined
}

interface TokenParts {
  /** `header.claims`, as signed. */
  readonly signed: Buffer
  readonly claims: Buffer
  readonly signature: Buffer
}

/** The one header that nats-server writes; another spelling of it is parsed. */
const USUAL_HEADER = Buffer.from('{"typ":"JWT","alg":"ed25519-nkey"}').toString('base64url')

function splitToken(token: Buffer): TokenParts | undefined {
  const text = token.toString('latin1')
  const first = text.indexOf('.')
  const second = text.indexOf('.', first + 1)
  if (first < 0 || second < 0 || text.includes('.', second + 1)) return undefined
  if (!isNatsHeader(text.slice(0, first))) return undefined
  const signature = Buffer.from(text.slice(second + 1), 'base64url')
  if (signature.length !== 64) return undefined
  return {
    signed: token.subarray(0, second),
    claims: Buffer.from(text.slice(first + 1, second), 'base64url'),
    signature,
  }
}

function isNatsHeader(header: string): boolean {
  if (header === USUAL_HEADER) return true
  try {
    const parsed: unknown = JSON.parse(Buffer.from(header, 'base64url').toString('utf8'))
    if (typeof parsed !== 'object' || parsed === null || !('typ' in parsed) || !('alg' in parsed)) return false
    return String(parsed.typ).toUpperCase() === 'JWT' && parsed.alg === 'ed25519-nkey'
  } catch {
    return false
  }
}

function parseClaims(bytes: Buffer): Result<RequestClaims, RefusalCode> {
  const text = bytes.toString('utf8')
  try {
    const claims: unknown = JSON.parse(text)
    return repeatsKey(text, claims) ? err('ENVELOPE_MALFORMED') : readClaims(claims)
  } catch {
    return err('ENVELOPE_MALFORMED')
  }
}
