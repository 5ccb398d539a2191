/** MQTT 3.1.1 CONNECT, and the return code of the answer (section 3.2.2.3). */
import { once } from 'node:events'
import { createConnection } from 'node:net'

export const ACCEPTED = 0
export const NOT_AUTHORIZED = 5

const USER_NAME = 0x80
const PASSWORD = 0x40
const CLEAN_SESSION = 0x02

/** @param url `mqtt://host:port` @returns the return code; the connection is closed. */
export async function connectMqtt(url: string, user: string, password: string): Promise<number> {
  const { hostname, port } = new URL(url)
  const socket = createConnection(Number(port), hostname)
  const flags = USER_NAME | PASSWORD | CLEAN_SESSION
  const body = Buffer.concat([text('MQTT'), Buffer.from([4, flags, 0, 60]), text('lab'), text(user), text(password)])
  socket.write(Buffer.concat([Buffer.from([0x10]), remainingLength(body.length), body]))
  const [answer] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  if (answer[0] !== 0x20) throw new Error('that was no CONNACK')
  return answer[3] ?? -1
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  const length = Buffer.alloc(2)
  length.writeUInt16BE(bytes.length)
  return Buffer.concat([length, bytes])
}

function remainingLength(length: number): Buffer {
  const bytes: number[] = []
  for (let rest = length; ;) {
    const low = rest % 128
    rest = Math.floor(rest / 128)
    bytes.push(rest > 0 ? low | 0x80 : low)
    if (rest === 0) return Buffer.from(bytes)
  }
}
