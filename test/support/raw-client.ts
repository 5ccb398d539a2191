/**
 * A NATS client that hides nothing: it writes protocol lines as they are given, and hands back all that the server said.
 * nats-server answers a connection in order, so a PONG is a barrier: whatever it had to say before is here. Every wait has an end.
 */
import { connect, type Socket } from 'node:net'
import type { Authenticator, ConnectionOptions } from 'nats'
import { within } from '../../src/dev/deadline.ts'

export interface RawMessage {
  readonly subject: string
  readonly sid: string
  readonly reply?: string
}

export interface Heard {
  readonly messages: readonly RawMessage[]
  /** Texts of `-ERR`, without the quotes around them. */
  readonly errors: readonly string[]
}

export interface RawClient {
  /** Lines of the protocol, each with its CRLF. */
  write(lines: string): void
  /** What the server said since the last call, up to the PONG of a PING that is sent now. */
  settle(): Promise<Heard>
  close(): void
}

/** Said of a login, too: a client that is not let in is closed. The message is what the server said. */
export class ConnectionClosed extends Error {
  override readonly name = 'ConnectionClosed'
}

const LIMIT_MS = 20_000

/** @param options port and authenticators are taken from them. @throws ConnectionClosed */
export async function openRawClient(
  port: number,
  options: Pick<ConnectionOptions, 'authenticator'>,
): Promise<RawClient> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  const reader = createReader(socket)
  try {
    const { nonce } = await within(reader.info, LIMIT_MS, 'INFO of nats-server')
    const connectOptions = { verbose: false, pedantic: false, protocol: 1, lang: 'raw', version: '1' }
    const credentials = [options.authenticator ?? []].flat().map((authenticate: Authenticator) => authenticate(nonce))
    socket.write(`CONNECT ${JSON.stringify(Object.assign(connectOptions, ...credentials))}\r\n`)
    await settle()
  } catch (problem) {
    socket.destroy()
    throw problem
  }

  function settle(): Promise<Heard> {
    const heard = reader.untilPong()
    socket.write('PING\r\n')
    return within(heard, LIMIT_MS, 'a PONG of nats-server')
  }

  return { write: (lines) => void socket.write(lines, 'latin1'), settle, close: () => socket.destroy() }
}

interface Reader {
  readonly info: Promise<{ readonly nonce?: string }>
  untilPong(): Promise<Heard>
}

interface Waiting {
  readonly resolve: (heard: Heard) => void
  readonly reject: (problem: Error) => void
}

function createReader(socket: Socket): Reader {
  const waiting: Waiting[] = []
  let messages: RawMessage[] = []
  let errors: string[] = []
  let rest = ''
  let ended: Error | undefined
  let inform: (info: { nonce?: string }) => void = () => undefined
  let giveUp: (problem: Error) => void = () => undefined
  const info = new Promise<{ nonce?: string }>((resolve, reject) => {
    inform = resolve
    giveUp = reject
  })
  info.catch(() => undefined)

  /** @returns where the next line begins, or `undefined` while this one is not whole. */
  function read(at: number): number | undefined {
    const end = rest.indexOf('\r\n', at)
    if (end < 0) return undefined
    const line = rest.slice(at, end)
    if (line.startsWith('MSG ')) {
      const [, subject = '', sid = '', ...more] = line.split(' ')
      const next = end + 2 + Number(more.at(-1)) + 2
      if (next > rest.length) return undefined
      messages.push({ subject, sid, ...(more.length > 1 && { reply: more[0] ?? '' }) })
      return next
    }
    if (line === 'PONG') {
      waiting.shift()?.resolve({ messages, errors })
      messages = []
      errors = []
    } else if (line === 'PING') socket.write('PONG\r\n')
    else if (line.startsWith('INFO ')) inform(JSON.parse(line.slice(5)))
    else if (line.startsWith("-ERR '")) errors.push(line.slice(6, -1))
    else if (line !== '+OK') socket.destroy(new Error(`a line that nobody expects: ${line.slice(0, 80)}`))
    return end + 2
  }

  socket.setEncoding('latin1')
  socket.on('data', (chunk: string) => {
    rest += chunk
    let at = 0
    for (let next = read(0); next !== undefined; next = read(at)) at = next
    rest = rest.slice(at)
  })
  socket.on('error', (problem) => (ended = problem))
  socket.on('close', () => {
    ended ??= new ConnectionClosed(errors.join(', ') || 'the server closed the connection without a word')
    giveUp(ended)
    for (const { reject } of waiting.splice(0)) reject(ended)
  })

  return {
    info,
    untilPong: () =>
      new Promise((resolve, reject) => {
        if (ended === undefined) waiting.push({ resolve, reject })
        else reject(ended)
      }),
  }
}
