/** Speaks as a nats-server would on `$SYS.REQ.USER.AUTH`, and as a hostile one: every part of a request can be bent. */
import { randomBytes } from 'node:crypto'
import { createBoxKey, createSigningKey, parseBoxKey, parseSigner, type Signer } from '../../src/nkey/index.ts'

export interface RequestShape {
  /** Members laid over the claims. */
  claims?: Record<string, unknown>
  /** Members laid over `nats`. */
  nats?: Record<string, unknown>
  connect?: Record<string, unknown>
  client?: Record<string, unknown>
  serverId?: Record<string, unknown>
  header?: string
  /** Replaces the claims' JSON text altogether. */
  text?: string
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

export function freshUserNkey(): string {
  return `U${Array.from(randomBytes(55), (byte) => BASE32[byte % 32]).join('')}`
}

export function valueOf<T, E>(result: { ok: true; value: T } | { ok: false; error: E }): T {
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.error)}`)
  return result.value
}

export interface FakeServer {
  readonly id: string
  readonly xkey: string
  readonly signer: Signer
  /** Claims as nats-server 2.15 writes them. */
  claims(now: number, shape?: RequestShape): Record<string, unknown>
  /** A signed request JWT. */
  token(now: number, shape?: RequestShape): Buffer
  seal(token: Uint8Array, toXkey: string): Buffer
  unseal(sealed: Uint8Array, fromXkey: string): Buffer | undefined
}

export function createFakeServer(addressee: string, options: { withXkey?: boolean } = {}): FakeServer {
  const signer = valueOf(parseSigner(createSigningKey('N').seed, 'N'))
  const curve = createBoxKey()
  const box = valueOf(parseBoxKey(curve.seed))

  function claims(now: number, shape: RequestShape = {}): Record<string, unknown> {
    const iat = Math.floor(now / 1000)
    return {
      aud: 'nats-authorization-request',
      exp: iat + 2,
      jti: randomBytes(16).toString('hex'),
      iat,
      iss: signer.publicKey,
      sub: addressee,
      ...shape.claims,
      nats: {
        server_id: {
          name: 'n1',
          host: '127.0.0.1',
          id: signer.publicKey,
          version: '2.15.1',
          ...(options.withXkey === true ? { xkey: curve.publicKey } : {}),
          ...shape.serverId,
        },
        user_nkey: freshUserNkey(),
        client_info: { host: '127.0.0.1', id: 7, kind: 'Client', type: 'nats', ...shape.client },
        connect_opts: { protocol: 1, lang: 'fake', version: '1', ...shape.connect },
        type: 'authorization_request',
        version: 2,
        ...shape.nats,
      },
    }
  }

  return {
    id: signer.publicKey,
    xkey: curve.publicKey,
    signer,
    claims,
    token(now, shape = {}) {
      const header = shape.header ?? '{"typ":"JWT","alg":"ed25519-nkey"}'
      const text = shape.text ?? JSON.stringify(claims(now, shape))
      const signed = `${Buffer.from(header).toString('base64url')}.${Buffer.from(text).toString('base64url')}`
      return Buffer.from(`${signed}.${signer.sign(Buffer.from(signed)).toString('base64url')}`)
    },
    seal: (token, toXkey) => box.boxWith(toXkey)?.seal(token) ?? Buffer.alloc(0),
    unseal: (sealed, fromXkey) => box.boxWith(fromXkey)?.open(sealed),
  }
}
