/** NATS over WebSocket (RFC 6455), as far as a client needs it: a byte stream in binary frames. */
import { randomBytes } from 'node:crypto'
import { request as requestInClear } from 'node:http'
import { request as requestOverTls } from 'node:https'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { SecureContextOptions } from 'node:tls'

const BINARY = 0x82
const MASKED = 0x80
const DATA = new Set([0x0, 0x2])

/**
 * @param url `ws://host:port`, or `wss:`. @param more headers of the request that opens it, such as `cookie`.
 * @throws with the status, when the server does not open it.
 */
export function openWebSocket(
  url: string,
  more: Readonly<Record<string, string>> = {},
  tls: SecureContextOptions = {},
): Promise<Duplex> {
  const request = url.startsWith('wss:') ? requestOverTls : requestInClear
  return new Promise((resolve, reject) => {
    const upgrade = request(url.replace(/^ws/, 'http'), {
      ...tls,
      headers: {
        ...more,
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': randomBytes(16).toString('base64'),
      },
    })
    upgrade.once('error', reject)
    upgrade.once('upgrade', (_response, socket, head) => resolve(streamOver(socket, head)))
    upgrade.once('response', ({ statusCode }) => reject(new Error(`the server answered ${statusCode}`)))
    upgrade.end()
  })
}

function streamOver(socket: Socket, head: Buffer): Duplex {
  let rest = head
  const stream = new Duplex({
    read: () => undefined,
    write(chunk: Buffer, _encoding, done) {
      socket.write(frame(chunk), done)
    },
    destroy(problem, done) {
      socket.destroy()
      done(problem)
    },
  })
  const takeFrames = (): void => {
    for (let next = unframe(rest); next !== undefined; next = unframe(rest)) {
      rest = next.rest
      if (DATA.has(next.opcode)) stream.push(next.payload)
    }
  }
  socket.on('data', (chunk) => {
    rest = Buffer.concat([rest, chunk])
    takeFrames()
  })
  socket.on('error', () => undefined)
  socket.on('close', () => stream.push(null))
  takeFrames()
  return stream
}

/** Clients mask what they send (section 5.3). */
function frame(payload: Buffer): Buffer {
  const mask = randomBytes(4)
  const length = Buffer.alloc(3)
  length[0] = MASKED | 126
  length.writeUInt16BE(payload.length, 1)
  return Buffer.concat([Buffer.from([BINARY]), length, mask, payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0))])
}

interface Frame {
  readonly opcode: number
  readonly payload: Buffer
  readonly rest: Buffer
}

function unframe(bytes: Buffer): Frame | undefined {
  if (bytes.length < 2) return undefined
  const short = (bytes[1] ?? 0) & 0x7f
  const head = short === 126 ? 4 : 2
  if (bytes.length < head) return undefined
  const length = short === 126 ? bytes.readUInt16BE(2) : short
  if (bytes.length < head + length) return undefined
  const opcode = (bytes[0] ?? 0) & 0x0f
  return { opcode, payload: bytes.subarray(head, head + length), rest: bytes.subarray(head + length) }
}
