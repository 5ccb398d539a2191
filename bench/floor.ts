/**
 * The floor: what the bare OpenSSL (and, sealed, libsodium) calls of one login cost, on inputs of the very sizes that
 * cross the wire. Nothing is parsed, encoded, decided or sent. No correct responder can need less without leaving a check out.
 */
import { generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto'
import sodium from 'libsodium-wrappers'
import { natsResponse, natsUser, signingInput } from './bare/claims.ts'
import { requestInput } from './fake-server.ts'
import { cpuPerOperation, type MeasureOptions } from './measure.ts'
import { PERMISSION_SETS, tokenVerifier, type SizeName, type World } from './world.ts'

export const FLOOR_STEPS = ['verify request', 'verify token', 'sign user', 'sign response', 'open', 'seal'] as const
export type FloorStep = (typeof FLOOR_STEPS)[number]

export interface FloorRow {
  readonly size: SizeName
  /** CPU microseconds by step. */
  readonly steps: Readonly<Record<FloorStep, number>>
  /** CPU microseconds of one login. */
  readonly plain: number
  readonly sealed: number
  /** Bytes on the wire, unsealed. */
  readonly requestBytes: number
  readonly responseBytes: number
}

/** An nkey has 56 characters, a signature 86. */
const ANY_KEY = 'A'.repeat(56)
const SIGNATURE_TEXT = `.${'A'.repeat(86)}`

export function measureFloor(world: World, options: MeasureOptions): readonly FloorRow[] {
  const sizes: readonly SizeName[] = ['small', 'large']
  const prepared = sizes.map((size) => ({ size, ...prepare(world, size) }))
  const costs = cpuPerOperation(
    prepared.flatMap(({ size, runs }) => FLOOR_STEPS.map((step) => ({ name: `${size} ${step}`, run: runs[step] }))),
    options,
  )
  return prepared.map(({ size, requestBytes, responseBytes }) => {
    const cost = (step: FloorStep): number => costs.get(`${size} ${step}`) ?? Number.NaN
    const steps = Object.fromEntries(FLOOR_STEPS.map((step) => [step, cost(step)])) as Record<FloorStep, number>
    const plain = steps['verify request'] + steps['verify token'] + steps['sign user'] + steps['sign response']
    return { size, steps, plain, sealed: plain + steps.open + steps.seal, requestBytes, responseBytes }
  })
}

/**
 * The same calls, taken in short turns while something else runs: what one login's cryptography costs on a machine in use.
 * On two hardware threads of one core a busy neighbour alone makes every call dearer.
 */
export function createFloorSampler(world: World, size: SizeName, sealed: boolean): { turn(): void; cpuUs(): number } {
  const { runs } = prepare(world, size)
  const steps = FLOOR_STEPS.filter((step) => sealed || (step !== 'open' && step !== 'seal')).map((step) => runs[step])
  let logins = 0
  let microseconds = 0
  return {
    turn() {
      const before = process.cpuUsage()
      for (let count = 0; count < LOGINS_A_TURN; count += 1) for (const step of steps) step()
      const used = process.cpuUsage(before)
      logins += LOGINS_A_TURN
      microseconds += used.user + used.system
    },
    cpuUs: () => microseconds / logins,
  }
}

const LOGINS_A_TURN = 16

interface Prepared {
  readonly runs: Readonly<Record<FloorStep, () => unknown>>
  readonly requestBytes: number
  readonly responseBytes: number
}

function prepare(world: World, size: SizeName): Prepared {
  const pair = generateKeyPairSync('ed25519')
  const token = world.tokens[0] ?? ''
  const tokenEnd = token.lastIndexOf('.')
  const tokenInput = Buffer.from(token.slice(0, tokenEnd))
  const tokenSignature = Buffer.from(token.slice(tokenEnd + 1), 'base64url')
  const verifyToken = tokenVerifier(world.jwk)

  const request = Buffer.from(requestInput(token, 'plain'))
  const requestSignature = sign(null, request, pair.privateKey)
  const user = userInput(size)
  const response = responseInput(user + SIGNATURE_TEXT)
  const userBytes = Buffer.from(user)
  const responseBytes = Buffer.from(response)
  const requestBytes = request.length + SIGNATURE_TEXT.length
  // A server that seals names its xkey in the request.
  const sealedWire = Buffer.from(requestInput(token, 'sealed') + SIGNATURE_TEXT)
  const responseWire = Buffer.from(response + SIGNATURE_TEXT)

  const shared = Uint8Array.from(randomBytes(32))
  const nonce = Uint8Array.from(randomBytes(24))
  const sealedRequest = sodium.crypto_box_easy_afternm(sealedWire, nonce, shared)
  return {
    requestBytes,
    responseBytes: responseWire.length,
    runs: {
      'verify request': () => verify(null, request, pair.publicKey, requestSignature),
      'verify token': () => verifyToken(tokenInput, tokenSignature),
      'sign user': () => sign(null, userBytes, pair.privateKey),
      'sign response': () => sign(null, responseBytes, pair.privateKey),
      open: () => sodium.crypto_box_open_easy_afternm(sealedRequest, nonce, shared),
      seal: () => sodium.crypto_box_easy_afternm(responseWire, nonce, shared),
    },
  }
}

function userInput(size: SizeName): string {
  const now = Math.floor(Date.now() / 1000)
  return signingInput({
    iss: ANY_KEY,
    sub: ANY_KEY,
    aud: 'BENCH',
    name: 'spiffe://cluster.local/ns/payments/sa/worker-7',
    iat: now,
    exp: now + 3600,
    nats: natsUser(PERMISSION_SETS[size], undefined),
  })
}

function responseInput(jwt: string): string {
  const now = Math.floor(Date.now() / 1000)
  return signingInput({ iss: ANY_KEY, sub: ANY_KEY, aud: ANY_KEY, iat: now, nats: natsResponse(jwt, undefined) })
}
