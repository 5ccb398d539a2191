/** What a setup may ask for beyond the plain client port, on the real server. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { connect } from 'nats'
import { createUser } from 'nkeys.js'
import { describe, expect, onTestFinished, test } from 'vitest'
import { runNatsServer } from '../../src/dev/nats-server/index.ts'
import { createServerConfig, freshKeys, type ServerConfigSetup } from '../../src/server-config/index.ts'
import {
  natsServerForTests,
  startEnvironment,
  type EnvironmentName,
  type EnvironmentOptions,
  type TestEnvironment,
} from '../support/nats-server.ts'
import { tempFolder } from '../support/temp-folder.ts'
import {
  expectBreakGlassWithoutBridge,
  expectBridgeSubscribesInItsGroupOnly,
  expectLoginThroughBridge,
  expectManyRepliesToBlock,
  GOOD_TOKEN,
} from './checks.ts'
import { connectAs } from './own-login.ts'
import { rawClient } from './raw-client.ts'
import { startResponder } from './responder.ts'

const natsServer = await natsServerForTests()
/** bcrypt of `glass`. */
const HASH = '$2b$05$CeJbPR86mNpnVhNpObt0V.YpxGdMQNJ9Z9zyXyHxV1xSpbZRVwxx.'

async function start(name: EnvironmentName, options: EnvironmentOptions = {}): Promise<TestEnvironment> {
  const env = await startEnvironment(name, { authorizationTimeout: 2, ...options })
  onTestFinished(() => env.stop())
  return env
}

describe.skipIf(natsServer === undefined)('a generated configuration', () => {
  test('lets the bridge log in with a password from the environment of the server', async () => {
    const env = await start('config+xkey', { bridgeLogin: 'password' })
    await expectLoginThroughBridge(env)
    await expectBridgeSubscribesInItsGroupOnly(env)
    await expect(rawClient(env.server.port, { user: 'nib', pass: 'guessed' })).rejects.toThrow(
      /Authorization Violation/,
    )
    expect(env.config.text).not.toContain(env.read('bridge.password'))
  })

  test('lets break glass in with a password that is kept as a hash, without asking the bridge', async () => {
    const account = 'OPS'
    const env = await start('config', { breakGlass: [{ name: 'night-shift', account, password: { bcrypt: HASH } }] })
    const responder = await startResponder(env, { decide: () => undefined })
    const login = { servers: env.server.url, user: 'night-shift', reconnect: false }
    const user = await connect({ ...login, pass: 'glass' })
    await user.close()
    await expect(connect({ ...login, pass: HASH })).rejects.toThrow()
    expect(responder.requests).toEqual([])
    await responder.stop()
  })

  test.for(['config', 'operator'] as const)('listens where it is asked to (%s)', async (name) => {
    const env = await start(name, { websocket: true, mqtt: true, leafnodes: true, monitor: true })
    const { websocketUrl, mqttUrl, leafnodeUrl, monitorUrl } = env.server
    for (const url of [websocketUrl, mqttUrl, leafnodeUrl, monitorUrl]) expect(url).toMatch(/127\.0\.0\.1:\d+$/)
    const health = await fetch(`${monitorUrl}/healthz`)
    expect(health.status).toBe(200)
    expect(await upgrade(websocketUrl ?? '')).toContain('101 Switching Protocols')
    await expectLoginThroughBridge(env)
  })

  test.for(['config', 'operator'] as const)('gives JetStream to the accounts of clients (%s)', async (name) => {
    const env = await start(name, { jetstream: true })
    const user = { pub: { allow: ['$JS.API.>', 'shop.in'] }, sub: { allow: ['_INBOX.>'] } }
    const responder = await startResponder(env, { decide: () => ({ account: 'SHOP', user }) })
    const client = await connect(env.asClient(GOOD_TOKEN))
    const streams = await client.jetstreamManager()
    const { config } = await streams.streams.add({ name: 'SHOP', subjects: ['shop.>'] })
    expect(config.name).toBe('SHOP')
    await client.close()
    await responder.stop()
  })

  test('may be given a proxy by a reload, without which the server would have to be started anew', async () => {
    const env = await start('config')
    const key = createUser().getPublicKey()
    await env.server.reload(env.config.text.replace('trusted: []', `trusted: [{key: "${key}"}]`))
    expect(env.server.log.lines.join('\n')).toContain(key)
    await expectLoginThroughBridge(env)
  })

  test('leaves a static user of an account that is not delegated to the server', async () => {
    const env = await start('config', {
      delegatedAccounts: ['SHOP'],
      amend: (text) => text.replace('  OPS: {}', '  OPS: {users: [{user: "batch", password: "old"}]}'),
    })
    const responder = await startResponder(env, { decide: () => undefined })
    const { port } = env.server
    const batch = await rawClient(port, { user: 'batch', pass: 'old' })
    batch.close()
    await expect(rawClient(port, { user: 'batch', pass: 'new' })).rejects.toThrow(/Authorization Violation/)
    expect(responder.requests).toHaveLength(1)
    await responder.stop()
  })

  test('leaves it to the bridge to answer once where replies are not tracked', async () => {
    for (const name of ['config', 'operator+xkey'] as const) {
      const env = await start(name, { replies: 'inbox' })
      await expectLoginThroughBridge(env)
      const bridge = await connectAs(env, env.bridge.login)
      expect(await bridge.exchange('PUB $SYS._INBOX.any.one 0\r\n\r\n')).toEqual([])
      for (const subject of ['$SYS.REQ.USER.AUTH', 'shop.in'])
        expect(await bridge.exchange(`PUB ${subject} 0\r\n\r\n`)).toEqual([expect.stringContaining('Violation')])
      bridge.close()
    }
  })

  // What tracked replies are for. Such a server does not come out of it, nor does it end on SIGTERM.
  test('lets a faulty bridge block the server where replies are not tracked', async () => {
    await expectManyRepliesToBlock(await start('config', { authorizationTimeout: 1, replies: 'inbox' }))
  })

  test('outlives its server: the same keys and port after a restart', async () => {
    const env = await start('operator+xkey')
    const before = env.server.url
    await env.restart()
    expect(env.server.url).toBe(before)
    await expectLoginThroughBridge(env)
    await expectBreakGlassWithoutBridge(env)
  })

  test('writes paths of any kind so that the server reads them as they are', async () => {
    const folder = tempFolder()
    const storeDir = join(folder.path, 'a "quoted" \\ $HOME {#} ü')
    const server = await runWith({ jetstream: { storeDir } })
    expect(existsSync(join(storeDir, 'jetstream'))).toBe(true)
    await server.stop()
  })

  test('serves TLS with the files it is given', async ({ skip }) => {
    const folder = tempFolder()
    const [certFile, keyFile] = [folder.at('tls.crt'), folder.at('tls.key')]
    const openssl = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=test'.split(' ')
    try {
      await promisify(execFile)('openssl', [
        ...openssl,
        '-addext',
        'subjectAltName=DNS:localhost',
        '-keyout',
        keyFile,
        '-out',
        certFile,
      ])
    } catch {
      skip('no openssl to make a certificate with')
    }
    const server = await runWith({
      tls: { certFile, keyFile },
      breakGlass: [{ name: 'glass', account: 'SYS', password: { bcrypt: HASH } }],
      listeners: { client: { host: '127.0.0.1', port: -1 }, websocket: { host: '127.0.0.1', port: -1 } },
    })
    expect(server.websocketUrl).toMatch(/^wss:/)
    const login = { servers: server.url, user: 'glass', pass: 'glass', reconnect: false }
    const user = await connect({ ...login, tls: { caFile: certFile } })
    expect(user.info?.tls_required).toBe(true)
    await user.close()
    await server.stop()
  })
})

async function runWith(part: Partial<ServerConfigSetup>) {
  const listeners = { client: { host: '127.0.0.1', port: -1 } }
  const setup: ServerConfigSetup = { mode: 'config', sealed: false, accounts: ['SHOP'], listeners, ...part }
  const config = createServerConfig(setup, freshKeys, { now: () => Date.now() })
  if (!config.ok) throw new Error(JSON.stringify(config.error))
  const server = await runNatsServer({ binary: natsServer?.path ?? '', config: { text: config.value.text } })
  onTestFinished(() => server.stop())
  return server
}

/** @returns the first line of the answer to a WebSocket handshake. */
function upgrade(url: string): Promise<string> {
  const { port, host } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = createConnection(Number(port), '127.0.0.1')
    socket.once('error', reject)
    socket.once('data', (data) => {
      socket.destroy()
      resolve(data.toString('latin1').split('\r\n')[0] ?? '')
    })
    socket.write(
      `GET / HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
    )
  })
}
