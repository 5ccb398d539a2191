/** A client that speaks the NATS protocol line by line, so that what the server answers to each line is known, not waited for. */
import { createConnection } from 'node:net'
import { createInterface } from 'node:readline'
import { fromSeed } from 'nkeys.js'

export type ConnectFields = Readonly<Record<string, unknown>>

export interface RawClient {
  /** Sends protocol text, then PING. @returns what came before the PONG or the end of the connection, but for INFO. */
  exchange(text: string): Promise<readonly string[]>
  close(): void
}

/** Connects, and answers the server's nonce if a seed is given. @throws with the server's `-ERR` when it refuses. */
export async function rawClient(port: number, fields: ConnectFields, seed?: string): Promise<RawClient> {
  const socket = createConnection(port, '127.0.0.1')
  socket.on('error', () => undefined)
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]()

  async function exchange(text: string): Promise<readonly string[]> {
    socket.write(`${text}PING\r\n`)
    const before: string[] = []
    for (;;) {
      const { value, done } = await lines.next()
      if (done === true) return [...before, '(closed)']
      if (value === 'PONG') return before
      if (!value.startsWith('INFO ')) before.push(value)
    }
  }

  const info: unknown = JSON.parse(((await lines.next()).value as string).replace(/^INFO /, ''))
  const nonce = (info as { nonce?: string }).nonce ?? ''
  const signature = seed === undefined ? {} : { sig: sign(seed, nonce) }
  const answer = await exchange(
    `CONNECT ${JSON.stringify({ verbose: false, protocol: 1, ...fields, ...signature })}\r\n`,
  )
  if (answer.some((line) => line.startsWith('-ERR') || line === '(closed)')) {
    socket.destroy()
    throw new Error(answer.join(' '))
  }
  return { exchange, close: () => socket.destroy() }
}

function sign(seed: string, nonce: string): string {
  const text = new TextEncoder()
  return Buffer.from(fromSeed(text.encode(seed)).sign(text.encode(nonce))).toString('base64url')
}
