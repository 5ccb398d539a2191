/** When a service connection counts as ready: not before the server has confirmed its subscription, also after a reconnect. */
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { eventually } from '../../src/dev/deadline.ts'
import { openServiceConnections } from '../../src/wire/service-connections.ts'

const LIMIT_MS = 5_000
const INFO = { server_id: 'N', version: '2.15.1', proto: 1, headers: true, max_payload: 1_048_576 }

interface ReluctantServer {
  readonly url: string
  /** Lines of the connection that was made last. */
  readonly heard: readonly string[]
  /** From now on a PONG is given at the login only, until the returned function is called. */
  hold(): () => void
  hangUp(): void
}

async function startReluctantServer(): Promise<ReluctantServer> {
  const heard: string[] = []
  let held: (() => void)[] | undefined
  let latest: Socket | undefined
  const server = createServer((socket) => {
    latest = socket
    heard.length = 0
    let isGreeted = false
    socket.on('error', () => undefined).write(`INFO ${JSON.stringify(INFO)}\r\n`)
    const lines = createInterface({ input: socket }).on('error', () => undefined)
    lines.on('line', (line) => {
      heard.push(line)
      if (line !== 'PING') return
      const pong = (): void => void socket.write('PONG\r\n')
      if (isGreeted && held !== undefined) held.push(pong)
      else pong()
      isGreeted = true
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  return {
    url: `nats://127.0.0.1:${port}`,
    heard,
    hold() {
      held = []
      return () => {
        const waiting = held ?? []
        held = undefined
        for (const pong of waiting) pong()
      }
    },
    hangUp() {
      heard.length = 0
      latest?.destroy()
    },
  }
}

test('a connection is ready when the server has confirmed its subscription, and no sooner after a reconnect', async () => {
  const server = await startReluctantServer()
  const release = server.hold()
  const connections = openServiceConnections(
    {
      servers: [server.url],
      name: 'nib',
      count: 1,
      queueGroup: 'nib',
      account: 'AUTH',
      authenticator: () => undefined,
    },
    { received: () => undefined, changed: () => undefined },
    { now: Date.now, chance: () => 0, sleep: () => Promise.resolve() },
  )
  const hasAsked = (): true | undefined =>
    (server.heard.some((line) => line.startsWith('SUB $SYS.REQ.USER.AUTH nib ')) && server.heard.at(-1) === 'PING') ||
    undefined
  await eventually(hasAsked, LIMIT_MS, 'a subscription and a ping')
  expect(connections.ready).toBe(0)
  release()
  await eventually(() => connections.ready === 1 || undefined, LIMIT_MS, 'readiness')

  const releaseAgain = server.hold()
  server.hangUp()
  await eventually(() => connections.ready === 0 || undefined, LIMIT_MS, 'the loss of the connection')
  await eventually(hasAsked, LIMIT_MS, 'the subscription anew, and a ping')
  expect(connections.ready).toBe(0)
  releaseAgain()
  await eventually(() => connections.ready === 1 || undefined, LIMIT_MS, 'readiness')
  await connections.stopReceiving()
  await connections.close()
})
