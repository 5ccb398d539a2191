/**
 * Sits between a client and nats-server, passes every byte on, and keeps what was said: the subjects that the client published
 * and subscribed to, and the errors that the server answered. Clients do not tell their users of every error; this does.
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

export interface Heard {
  /** `PUB subject`, `SUB subject` or `SUB subject queue`, in the order of their first use, each once. */
  readonly said: readonly string[]
  /** Texts of `-ERR`. */
  readonly errors: readonly string[]
}

export interface WireTap {
  readonly port: number
  heard(): Heard
  close(): Promise<void>
}

export async function openWireTap(serverPort: number): Promise<WireTap> {
  const said = new Set<string>()
  const errors: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ port: serverPort, host: '127.0.0.1', noDelay: true })
    const fromClient = createLineReader((line) => hear(line, said))
    const fromServer = createLineReader((line) => {
      const error = /^-ERR '(.*)'$/.exec(line)?.[1]
      if (error !== undefined) errors.push(error)
    })
    relay(client, upstream, fromClient)
    relay(upstream, client, fromServer)
    for (const socket of [client, upstream]) sockets.add(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    heard: () => ({ said: [...said], errors: [...errors] }),
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}

function relay(from: Socket, to: Socket, read: (chunk: Buffer) => void): void {
  from.on('data', (chunk) => {
    read(chunk)
    to.write(chunk)
  })
  from.on('error', () => to.destroy())
  from.on('close', () => to.destroy())
}

function hear(line: string, said: Set<string>): void {
  const [verb = '', subject = '', ...rest] = line.split(' ')
  if (verb === 'PUB' || verb === 'HPUB') said.add(`PUB ${subject}`)
  if (verb === 'SUB') said.add(rest.length > 1 ? `SUB ${subject} ${rest[0]}` : `SUB ${subject}`)
}

const WITH_PAYLOAD = /^H?(?:PUB|MSG) /

/** Reads lines of the protocol and leaves payloads out. */
function createLineReader(onLine: (line: string) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  let toSkip = 0
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    for (;;) {
      const skipped = Math.min(toSkip, rest.length)
      rest = rest.subarray(skipped)
      toSkip -= skipped
      const end = toSkip > 0 ? -1 : rest.indexOf('\r\n')
      if (end < 0) return
      const line = rest.toString('latin1', 0, end)
      rest = rest.subarray(end + 2)
      if (WITH_PAYLOAD.test(line)) toSkip = Number(line.slice(line.lastIndexOf(' ') + 1)) + 2
      onLine(line)
    }
  }
}
