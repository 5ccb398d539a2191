/**
 * One NATS login as cheap as it can be done: dial, wait for INFO, CONNECT + PING, wait for PONG or -ERR.
 * All sockets share one read buffer, since each chunk is looked at before the next one is read.
 */
import { connect, type Socket } from 'node:net'

export type Outcome = 'in' | 'refused' | 'timeout' | 'broken'

export interface Attempt {
  readonly port: number
  /** CONNECT and PING, ready to send. */
  readonly hello: Uint8Array
  /** For dial and handshake together, milliseconds. */
  readonly limitMs: number
  /** Called once. After `in` the socket belongs to the caller, else it is closed. */
  readonly done: (outcome: Outcome, socket: Socket) => void
  /** The server ended a connection that was in. */
  readonly dropped?: () => void
}

const PONG = Buffer.from('PONG\r\n')
const chunk = Buffer.allocUnsafe(64 * 1024)

export function helloFor(token: string): Uint8Array {
  const options = {
    verbose: false,
    pedantic: false,
    auth_token: token,
    name: 'bench',
    lang: 'bench',
    version: '1.0.0',
    protocol: 1,
    headers: true,
    no_responders: true,
  }
  return Buffer.from(`CONNECT ${JSON.stringify(options)}\r\nPING\r\n`)
}

export function attemptLogin(attempt: Attempt): void {
  let state: 'greeting' | 'waiting' | 'in' | 'over' = 'greeting'
  let text = ''
  const socket = connect({
    host: '127.0.0.1',
    port: attempt.port,
    noDelay: true,
    onread: {
      buffer: chunk,
      callback: (length) => {
        read(chunk.toString('latin1', 0, length))
        return true
      },
    },
  })
  // A limit that fires in a late event loop must not beat an answer that already lies in the socket: let it be read first.
  const limit = setTimeout(() => setImmediate(() => end('timeout')), attempt.limitMs)
  socket.on('error', () => end('broken'))
  socket.on('close', () => {
    if (state === 'in') attempt.dropped?.()
    end('broken')
  })

  function read(piece: string): void {
    if (state === 'in') {
      if (piece.includes('PING\r\n')) socket.write(PONG)
      return
    }
    text += piece
    if (state === 'greeting' && text.includes('\r\n')) {
      state = 'waiting'
      text = ''
      socket.write(attempt.hello)
    } else if (state === 'waiting') {
      if (text.includes('PONG\r\n')) end('in')
      else if (text.includes('-ERR')) end('refused')
    }
  }

  function end(outcome: Outcome): void {
    if (state === 'in' || state === 'over') return
    state = outcome === 'in' ? 'in' : 'over'
    text = ''
    clearTimeout(limit)
    if (state === 'over') socket.destroy()
    attempt.done(outcome, socket)
  }
}
