/**
 * TLS between nats-server and everybody: what a login over it brings to the bridge and what is kept of that, and the bridge's own
 * connections, which come up with the right roots, names and certificates and with nothing else.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ConnectionOptions } from 'node:tls'
import { decode, type AuthorizationRequest } from '@nats-io/jwt'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { serverConfigCommand } from '../../src/cli/server-config-command.ts'
import { loadConfig } from '../../src/config/index.ts'
import { eventually } from '../../src/dev/deadline.ts'
import { runNatsServer } from '../../src/dev/nats-server/index.ts'
import { startBridge } from '../../src/serve/start-bridge.ts'
import { captureOutput } from '../support/captured-output.ts'
import { createTestAuthority, type CertificateTraits, type Pair } from '../support/certificates.ts'
import { natsServerForTests, type EnvironmentName } from '../support/nats-server.ts'
import { keepLog } from './support/kept-log.ts'
import { expectNoLeak } from './support/leaks.ts'
import { REFUSED, tryLogin, type ConnectFields } from './support/line-client.ts'
import { LIMIT_MS, startRig, type Overlay, type Rig, type RigOptions } from './support/rig.ts'
import { certificateFiles, HERE, openSecure, type CertificateFiles } from './support/secure.ts'
import { openWebSocket } from './support/web-socket.ts'

const natsServer = await natsServerForTests()
const ORDERS = 'spiffe://cluster.local/ns/shop/sa/orders'
const HOLDER = 'spiffe://cluster.local/ns/ops/sa/holder'
const HOUR = 3_600_000
const FEW = { connections: 2 }

interface Secured {
  readonly rig: Rig
  readonly files: CertificateFiles
  /** Of the bridge, and of a client. */
  readonly pair: Pair
  readonly own: { readonly certFile: string; readonly keyFile: string; readonly caFile: string }
}

/** @param verify whether clients must show a certificate. */
async function startSecured(name: EnvironmentName, verify: boolean, options: RigOptions = {}): Promise<Secured> {
  const files = await certificateFiles()
  const { certFile, keyFile, caFile, authority } = files
  const pair = authority.issue({ uris: [HOLDER] })
  const own = {
    certFile: await files.write('bridge.crt', pair.cert),
    keyFile: await files.write('bridge.key', pair.key),
    caFile,
  }
  const rig = await startRig(name, {
    tls: { certFile, keyFile, ...(verify ? { caFile } : {}) },
    clientTls: own,
    overlay: { nats: { ...FEW, tls: verify ? own : { caFile } } },
    ...options,
  })
  return { rig, files, pair, own }
}

async function stopSecured({ rig, files }: Secured): Promise<void> {
  await rig.stop()
  await files.remove()
}

type ClientTls = Pick<NonNullable<AuthorizationRequest['client_tls']>, 'version' | 'cipher' | 'certs'> & {
  readonly verified_chains?: readonly (readonly string[])[]
}

describe.skipIf(natsServer === undefined).each(['config', 'operator'] as const)('a login over TLS (%s)', (name) => {
  describe.each([false, true])('with verify: %s', (verify) => {
    let secured: Secured
    let rig: Rig
    let token = ''

    beforeAll(async () => {
      secured = await startSecured(name, verify, { websocket: true })
      rig = secured.rig
      token = await rig.token()
    })
    afterAll(() => stopSecured(secured))

    const tls = (): ConnectionOptions => ({ ca: secured.files.authority.cert, ...(verify ? secured.pair : {}) })
    const logIn = async (fields: ConnectFields): Promise<string> =>
      tryLogin(await openSecure(rig.env.server.port, tls()), fields)
    /** What the newest request says of the connection, as the server wrote it. */
    const clientTls = async (): Promise<ClientTls> => {
      await rig.wire.settle()
      const request = decode<AuthorizationRequest>(Buffer.from(rig.wire.requests.at(-1)?.payload ?? []).toString())
      return request.nats.client_tls as ClientTls
    }
    const expectTold = async (): Promise<void> => {
      const { version, cipher, verified_chains: chains, certs } = await clientTls()
      expect([version, cipher]).toEqual(['1.3', expect.stringMatching(/^TLS_/)])
      expect(certs).toBeUndefined()
      expect(chains?.map((chain) => chain.map((pem) => pem.trim()))).toEqual(
        verify ? [[secured.pair.cert.trim(), secured.files.authority.cert.trim()]] : undefined,
      )
    }

    test('is one by the token, whatever certificate came with it', async () => {
      const record = await rig.decisionOf(async () => expect(await logIn({ auth_token: token })).toBe('in'))
      expect(record).toMatchObject({ code: 'ALLOWED', principal: ORDERS, client: { type: 'nats', host: '127.0.0.1' } })
      await expectTold()
    })

    test('over WebSocket brings the same', async () => {
      const { websocketUrl = '' } = rig.env.server
      const record = await rig.decisionOf(async () =>
        expect(await tryLogin(await openWebSocket(websocketUrl, {}, tls()), { auth_token: token })).toBe('in'),
      )
      expect(record).toMatchObject({ code: 'ALLOWED', principal: ORDERS, client: { type: 'websocket' } })
      await expectTold()
    })

    test('is refused without a token: a certificate is no credential here', async () => {
      const record = await rig.decisionOf(async () => expect(await logIn({})).toBe(REFUSED))
      expect(record).toMatchObject({ code: 'CREDENTIAL_MISSING', principal: undefined })
    })

    test('goes through for a stock client', () => rig.expectGoodLogin())

    test('leaves no certificate in any record, log, metric or word to the server', async () => {
      await rig.decisionsOf(async () => [await logIn({ auth_token: token }), await logIn({ auth_token: 'x.y.z' })], 2)
      const [, body = ''] = secured.pair.cert.split('\n')
      await expectNoLeak(rig, [HOLDER, body, 'BEGIN CERTIFICATE', 'test root', token])
      for (const { client, server } of rig.records) {
        expect(Object.keys(client ?? {}).toSorted()).toEqual(['host', 'id', 'type'])
        expect(server).toMatchObject({ name: 'nats-1' })
      }
    })

    test.runIf(verify)('never reaches the bridge with a certificate of others, or none', async () => {
      const from = rig.records.length
      const stranger = createTestAuthority('elsewhere').issue({ uris: [HOLDER] })
      for (const shown of [stranger, {}]) {
        const attempt = openSecure(rig.env.server.port, { ca: secured.files.authority.cert, ...shown })
        const said = await attempt.then((stream) => tryLogin(stream, { auth_token: token }))
        expect(said).toMatch(/^\((?:closed|ECONNRESET|EPIPE|ERR_SSL_\w+)\)$/)
      }
      await rig.expectGoodLogin()
      expect(rig.records.slice(from).map(({ code }) => code)).toEqual(['ALLOWED'])
    })
  })
})

describe.skipIf(natsServer === undefined)('the bridge’s own connections over TLS', () => {
  let secured: Secured
  let rig: Rig

  beforeAll(async () => {
    secured = await startSecured('config+xkey', true, { withBridge: false, withWire: false })
    rig = secured.rig
  })
  afterAll(() => stopSecured(secured))
  beforeEach(() => rig.stopBridges())

  const logIn = async (): Promise<void> => {
    const { authority } = secured.files
    const token = await rig.token()
    const record = await rig.decisionOf(async () => {
      const stream = await openSecure(rig.env.server.port, { ca: authority.cert, ...secured.pair })
      expect(await tryLogin(stream, { auth_token: token })).toBe('in')
    })
    expect(record).toMatchObject({ code: 'ALLOWED', principal: ORDERS })
  }
  const at = (host: string, scheme = 'tls'): readonly string[] => [`${scheme}://${host}:${rig.env.server.port}`]
  const serve = async (traits: CertificateTraits): Promise<void> => {
    await secured.files.serve(secured.files.authority.issue(traits))
    await rig.env.restart()
  }
  /** Starts a bridge that does not get in. @param tries of all its connections. @returns what its log says of that. */
  const failing = async (
    overlay: Overlay,
    tries = FEW.connections + 1,
  ): Promise<{ readonly problem: string; readonly hint?: string }> => {
    const from = rig.log.lines.length
    const bridge = await rig.tryBridge({ nats: overlay })
    if (!('readiness' in bridge)) throw new Error(bridge.map(({ message }) => message).join('\n'))
    const failures = (): readonly string[] =>
      rig.log.lines.slice(from).filter((line) => line.includes('service connection failed'))
    const [line = ''] = await eventually(
      () => (failures().length >= tries ? failures() : undefined),
      LIMIT_MS,
      `${tries} tries`,
    )
    expect(bridge.readiness()).toMatchObject({ ready: false })
    expect((await rig.admin('/livez')).status).toBe(200)
    expect(rig.log.lines.slice(from).some((said) => said.includes('service connection connected'))).toBe(false)
    return JSON.parse(line)
  }

  test.each(['nats', 'tls'])('come up by name and by address (%s://)', async (scheme) => {
    for (const host of ['localhost', '127.0.0.1']) {
      await rig.startBridge({ nats: { servers: at(host, scheme) } })
      await logIn()
      await rig.stopBridges()
    }
  })

  test('come up by address where the certificate bears that alone', async () => {
    await serve({ addresses: ['127.0.0.1'] })
    await rig.startBridge({ nats: { servers: at('127.0.0.1') } })
    await logIn()
    await rig.stopBridges()
    expect(await failing({ servers: at('localhost') })).toMatchObject({
      problem: expect.stringContaining('does not match certificate'),
      hint: 'name the servers as their certificates do',
    })
  })

  test('do not take a certificate of localhost for one of an address', async () => {
    await serve({ dnsNames: ['localhost'] })
    expect(await failing({ servers: at('127.0.0.1') })).toMatchObject({
      problem: expect.stringContaining('does not match certificate'),
    })
  })

  test('do not take a certificate of another name', async () => {
    await serve({ dnsNames: ['nats.elsewhere'] })
    for (const host of ['localhost', '127.0.0.1']) {
      expect(await failing({ servers: at(host) })).toMatchObject({
        problem: expect.stringContaining('does not match certificate'),
      })
      await rig.stopBridges()
    }
  })

  test('do not take a certificate that has ended, and come back once it is renewed', async () => {
    await serve({ ...HERE, from: -2 * HOUR, until: -HOUR })
    expect(await failing({ servers: at('localhost') })).toMatchObject({
      problem: 'certificate has expired',
      hint: expect.stringContaining('renew'),
    })
    await serve(HERE)
    await eventually(() => rig.bridge.readiness().ready || undefined, LIMIT_MS, 'readiness')
    await logIn()
  })

  test('do not take a server of other roots', async () => {
    await serve(HERE)
    const caFile = await secured.files.write('other-ca.crt', createTestAuthority('elsewhere').cert)
    for (const tls of [{ caFile }, { caFile: undefined }]) {
      expect(await failing({ servers: at('localhost'), tls })).toMatchObject({
        problem: expect.stringMatching(/^unable to verify|^self-signed/),
        hint: expect.stringContaining('tls.caFile'),
      })
      await rig.stopBridges()
    }
  })

  test.each([
    ['roots that are none', { caFile: 'text' }, /^nats\.tls\.caFile holds no certificates/],
    ['roots that are broken', { caFile: 'broken' }, /^nats\.tls\.caFile holds no certificates/],
    ['a certificate that is none', { certFile: 'text' }, /^nats\.tls: certificate and key cannot be used/],
    ['the key of another certificate', { keyFile: 'other' }, /^nats\.tls: certificate and key cannot be used/],
  ])('are not even tried with %s', async (_title, tls, message) => {
    const files = {
      text: await secured.files.write('text.pem', 'nothing of the kind'),
      broken: await secured.files.write('broken.pem', secured.pair.cert.replace(/\n..../, '\nAAAA')),
      other: await secured.files.write('other.key', secured.files.authority.issue({}).key),
    }
    const bent = Object.fromEntries(Object.entries(tls).map(([field, file]) => [field, Reflect.get(files, file)]))
    const problems = await rig.tryBridge({ nats: { tls: bent } })
    expect(problems).toEqual([
      expect.objectContaining({ code: 'nats-tls-unusable', message: expect.stringMatching(message) }),
    ])
  })

  // The server ends the connection without a word, which nats.js takes its time to notice.
  test('do not come up with a certificate that the server does not know, and come back with one that it does', async () => {
    const stranger = createTestAuthority('elsewhere').issue({ uris: [HOLDER] })
    await secured.files.write('bridge.crt', stranger.cert)
    await secured.files.write('bridge.key', stranger.key)
    expect(await failing({ servers: at('localhost') }, FEW.connections)).toMatchObject({
      problem: 'TIMEOUT',
      hint: expect.stringContaining('tls.certFile'),
    })
    await secured.files.write('bridge.crt', secured.pair.cert)
    await secured.files.write('bridge.key', secured.pair.key)
    await eventually(() => rig.bridge.readiness().ready || undefined, LIMIT_MS, 'readiness')
    await logIn()
  })
})

describe.skipIf(natsServer === undefined)('a server that is set up in another way', () => {
  test('with handshake_first is served by a bridge that begins with TLS, and the other way round', async () => {
    const first = await startSecured('config', true, {
      withWire: false,
      withBridge: false,
      amend: (text) => text.replace('tls: {', 'tls: {\n  handshake_first: true'),
    })
    const { rig, own, files, pair } = first
    try {
      await rig.startBridge({ nats: { tls: { ...own, handshakeFirst: true } } })
      const token = await rig.token()
      const record = await rig.decisionOf(async () => {
        const stream = await openSecure(rig.env.server.port, { ca: files.authority.cert, ...pair }, true)
        expect(await tryLogin(stream, { auth_token: token })).toBe('in')
      })
      expect(record).toMatchObject({ code: 'ALLOWED', principal: ORDERS })
      await rig.stopBridges()
      await rig.tryBridge()
      const said = await eventually(
        () => rig.log.having('service connection failed')[0],
        LIMIT_MS,
        'a failure of the connection',
      )
      expect(said).toContain('set tls.handshakeFirst')
    } finally {
      await stopSecured(first)
    }
  })

  test('that does not begin with TLS is not talked to in the clear', async () => {
    const rig = await startRig('config', { withWire: false, withBridge: false })
    try {
      const server = `127.0.0.1:${rig.env.server.port}`
      for (const [nats, hint] of [
        [{ servers: [`tls://${server}`] }, 'offers no TLS'],
        [{ tls: {} }, 'offers no TLS'],
        [{ tls: { handshakeFirst: true } }, 'leave tls.handshakeFirst out'],
      ] as const) {
        const from = rig.log.lines.length
        await rig.tryBridge({ nats: { ...FEW, ...nats } })
        const said = await eventually(
          () => rig.log.lines.slice(from).find((line) => /service connection (?:failed|connected)/.test(line)),
          LIMIT_MS,
          'a word on the connection',
        )
        expect(said).toContain(hint)
        expect(rig.bridge.readiness()).toMatchObject({ ready: false })
        await rig.stopBridges()
      }
    } finally {
      await rig.stop()
    }
  })

  test('with verify_and_map still asks the bridge about everybody whose certificate names no user', async () => {
    const mapped = await startSecured('config', true, {
      // No password counts then, and those who watch the wire have nothing else; the bridge has an nkey.
      withWire: false,
      amend: (text) => text.replace('verify: true', 'verify_and_map: true'),
    })
    const { rig, files } = mapped
    try {
      const tls = { ca: files.authority.cert, ...files.authority.issue({ uris: [HOLDER] }) }
      const logIn = async (fields: ConnectFields): Promise<string> =>
        tryLogin(await openSecure(rig.env.server.port, tls), fields)
      const token = await rig.token()
      const record = await rig.decisionOf(async () => expect(await logIn({ auth_token: token })).toBe('in'))
      expect(record).toMatchObject({ code: 'ALLOWED', principal: ORDERS })
      const without = await rig.decisionOf(async () => expect(await logIn({})).toBe(REFUSED))
      expect(without).toMatchObject({ code: 'CREDENTIAL_MISSING', principal: undefined })
    } finally {
      await stopSecured(mapped)
    }
  })

  test('as nib server-config writes it has a bridge.yaml that fits', async () => {
    const files = await certificateFiles()
    const folder = await mkdtemp(join(tmpdir(), 'nib-written-'))
    const { output, problems } = captureOutput()
    const options = { mode: 'config', account: ['SHOP'], serverVersion: '2.15.1', listen: '127.0.0.1:4222' } as const
    const tls = { tlsCert: files.certFile, tlsKey: files.keyFile, tlsCa: files.caFile }
    expect(await serverConfigCommand({ ...options, ...tls, out: folder, questions: 'SHOP' }, output)).toBe(0)
    expect(problems()).toBe('')
    const written = await readFile(join(folder, 'nats-server.conf'), 'utf8')
    const config = { text: written.replace('127.0.0.1:4222', '127.0.0.1:-1') }
    const server = await runNatsServer({ binary: natsServer?.path ?? '', config })
    const yaml = await readFile(join(folder, 'bridge.yaml'), 'utf8')
    await mkdir(join(folder, 'policy'))
    await writeFile(join(folder, 'bridge.yaml'), yaml.replaceAll(':4222', `:${server.port}`).replace(':9222', ':0'))
    const loaded = await loadConfig(join(folder, 'bridge.yaml'))
    if (!loaded.ok) throw new Error(loaded.error.map(({ message }) => message).join('\n'))
    const started = await startBridge(loaded.value.config, { version: '0.0.0-test', log: keepLog() })
    if (!started.ok) throw new Error(started.error.map(({ message }) => message).join('\n'))
    const up = (): true | undefined => {
      const checks = started.value.readiness().checks.filter(({ ok }) => ok)
      return ['nats', 'questions'].every((name) => checks.some((check) => check.name === name)) || undefined
    }
    try {
      await eventually(up, LIMIT_MS, 'the connections of the bridge')
    } finally {
      await started.value.stop()
      await server.stop()
      await files.remove()
      await rm(folder, { recursive: true, force: true })
    }
  })
})
