/**
 * A client that speaks the NATS protocol line by line, over TCP or any other stream, so that what the server answers to each line is
 * known, not waited for. Verbose: the server says `+OK` to a CONNECT, so nothing has to be sent behind one that may be refused; what
 * a server has not read when it closes can cost its last words.
 */
import { createConnection } from 'node:net'
import { createInterface } from 'node:readline'
import type { Duplex } from 'node:stream'

export type ConnectFields = Readonly<Record<string, unknown>>

export interface LineClient {
  /** CONNECT, also on a connection that is in already. @returns `in`, or what the server said instead, `(closed)` at its end. */
  connect(fields: ConnectFields): Promise<string>
  /** Sends protocol text, then PING. @returns what came before the PONG or the end of the connection, but for INFO and `+OK`. */
  exchange(text: string): Promise<readonly string[]>
  close(): void
}

export const REFUSED = "-ERR 'Authorization Violation' (closed)"

/** @param to a port on loopback, or a stream. */
export function openLineClient(to: number | Duplex): LineClient {
  const socket = typeof to === 'number' ? createConnection(to, '127.0.0.1') : to
  let problem = 'closed'
  socket.on('error', (error: NodeJS.ErrnoException) => void (problem = error.code ?? error.message))
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]()

  async function readUntil(last: string): Promise<readonly string[]> {
    const before: string[] = []
    for (;;) {
      const { value, done } = await lines.next().catch(() => ({ value: '', done: true }))
      if (done === true) return [...before, `(${problem})`]
      if (value === last) return before
      if (!value.startsWith('INFO ') && value !== '+OK') before.push(value)
    }
  }

  return {
    async connect(fields) {
      socket.write(`CONNECT ${JSON.stringify({ verbose: true, pedantic: false, protocol: 1, ...fields })}\r\n`)
      const said = await readUntil('+OK')
      return said.length === 0 ? 'in' : said.join(' ')
    },
    exchange(text) {
      socket.write(`${text}PING\r\n`)
      return readUntil('PONG')
    },
    close: () => socket.destroy(),
  }
}

/** @throws with what the server said, unless it lets the client in. */
export async function lineClient(to: number | Duplex, fields: ConnectFields): Promise<LineClient> {
  const client = openLineClient(to)
  const answer = await client.connect(fields)
  if (answer === 'in') return client
  client.close()
  throw new Error(answer)
}

/** Logs in and out. @returns `in`, or what the server said. */
export async function tryLogin(to: number | Duplex, fields: ConnectFields): Promise<string> {
  const client = openLineClient(to)
  const answer = await client.connect(fields)
  client.close()
  return answer
}
