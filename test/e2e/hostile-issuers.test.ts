/**
 * Token issuers whose keys cannot be had: slow, huge, a web page, empty, a redirect. Their known tokens go on, new ones are refused
 * with a code, other issuers do not notice, and once the issuer is well again so are its tokens.
 */
import type { RequestListener } from 'node:http'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startKeyServer, type KeyServer } from '../authn/support/key-server.ts'
import { keySetOf, makeKey, mint, type MintKey } from '../authn/support/token-mint.ts'
import { eventually } from '../../src/dev/deadline.ts'
import { natsServerForTests } from '../support/nats-server.ts'
import { CANARY, expectNoLeak } from './support/leaks.ts'
import { REFUSED, tryLogin } from './support/line-client.ts'
import { AUDIENCE, LIMIT_MS, startRig, WHATEVER_MODE, type Rig } from './support/rig.ts'

const natsServer = await natsServerForTests()
const LAB_ISS = 'https://lab.example'
const HUGE = Buffer.alloc(300 * 1024, ' ')

const known = makeKey('ES256', 'known')
const fresh = makeKey('ES256', 'fresh')

const ills: readonly (readonly [title: string, problem: RegExp, answer: RequestListener])[] = [
  ['is huge', /too-large/, (_request, response) => void response.writeHead(200).end(HUGE)],
  [
    'is huge and says so late',
    /too-large/,
    (_request, response) => {
      response.writeHead(200).write(JSON.stringify(keySetOf(known, fresh)))
      response.end(HUGE)
    },
  ],
  [
    'is a web page',
    /html/,
    (_request, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end(`<p>${CANARY}`),
  ],
  [
    'is a web page in disguise',
    /html/,
    (_request, response) => void response.writeHead(200).end(`<!doctype html>${CANARY}`),
  ],
  ['is empty', /not-json/, (_request, response) => void response.writeHead(200).end()],
  ['is no JSON', /not-json/, (_request, response) => void response.writeHead(200).end(`{"keys": [${CANARY}`)],
  [
    'is JSON without keys',
    /not-a-key-set/,
    (_request, response) => void response.writeHead(200).end(`{"canary":"${CANARY}"}`),
  ],
  [
    'is ten thousand keys',
    /too-many-keys/,
    (_request, response) => {
      const keys = [known.jwk, fresh.jwk, ...Array.from({ length: 10_000 }, (_, kid) => ({ kty: 'EC', kid: `${kid}` }))]
      response.writeHead(200).end(JSON.stringify({ keys }))
    },
  ],
  [
    'is deep JSON',
    /not-a-key-set/,
    (_request, response) => void response.writeHead(200).end('['.repeat(100_000) + ']'.repeat(100_000)),
  ],
  [
    'unpacks to far more than it is',
    /not-json/,
    (_request, response) => {
      const bomb = gzipSync(Buffer.alloc(64 << 20, ' '))
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-type': 'application/json' }).end(bomb)
    },
  ],
  [
    'is a redirect',
    /redirect/,
    (_request, response) => void response.writeHead(302, { location: `http://127.0.0.1:1/${CANARY}` }).end(),
  ],
  [
    'is a redirect that brings keys',
    /redirect/,
    (_request, response) => {
      response.writeHead(307, { location: '/' }).end(JSON.stringify(keySetOf(known, fresh)))
    },
  ],
  [
    'is an error',
    /status/,
    (_request, response) => void response.writeHead(500).end(JSON.stringify(keySetOf(known, fresh))),
  ],
  [
    'breaks off',
    /unreachable/,
    (_request, response) => {
      response.writeHead(200, { 'content-length': '9000' }).write('{"keys":')
      response.destroy()
    },
  ],
]

describe.skipIf(natsServer === undefined).each(WHATEVER_MODE)('an issuer (%s) whose answer', (name) => {
  let keys: KeyServer
  let rig: Rig

  beforeAll(async () => {
    keys = await startKeyServer()
    keys.serveJson(keySetOf(known))
    rig = await startRig(name, {
      withBridge: false,
      // A login that nobody answers keeps nats-server from ending for as long as this.
      authorizationTimeout: 2,
      issuers: [
        {
          name: 'lab',
          kind: 'oidc',
          issuer: LAB_ISS,
          audiences: [AUDIENCE],
          groupsClaim: 'groups',
          keys: { url: keys.origin },
        },
      ],
    })
  })
  afterAll(async () => {
    await rig.stop()
    await keys.close()
  })

  const tokenBy = (key: MintKey): Promise<string> => {
    const iat = Math.floor(Date.now() / 1000)
    return mint({ iss: LAB_ISS, sub: 'ada', aud: AUDIENCE, groups: ['staff'], iat, exp: iat + 600 }, { key })
  }
  const verdictOn = async (token: string): Promise<string> => {
    const { code } = await rig.decisionOf(() => tryLogin(rig.env.server.port, { auth_token: token }))
    return code
  }
  const issuersCheck = () => rig.bridge.readiness().checks.find((check) => check.name === 'issuers')

  test.each(ills)('%s keeps its known tokens and lets no new one in', async (_title, problem, answer) => {
    keys.serveJson(keySetOf(known))
    await rig.startBridge()
    const [old, young] = [await tokenBy(known), await tokenBy(fresh)]
    expect(await verdictOn(old)).toBe('ALLOWED')
    keys.serve(answer)
    expect(await verdictOn(young)).toBe('ISSUER_KEYS_UNAVAILABLE')
    expect(await verdictOn(old)).toBe('ALLOWED')
    expect(rig.log.having('issuer keys cannot be read').at(-1)).toMatch(problem)
    await rig.expectGoodLogin()
    await expectNoLeak(rig, [old, young])
    await rig.stopBridges()
  })

  test('is all of this from the start is named by readiness, and the others serve', async () => {
    keys.serve((_request, response) => void response.writeHead(200).end('<html>'))
    await rig.startBridge()
    expect(issuersCheck()).toMatchObject({
      ok: false,
      required: false,
      detail: expect.stringContaining('no keys of lab'),
    })
    expect(rig.bridge.readiness().ready).toBe(true)
    expect(await verdictOn(await tokenBy(known))).toBe('ISSUER_KEYS_UNAVAILABLE')
    await rig.expectGoodLogin()
    // It is asked again and again, without anybody's doing.
    keys.serveJson(keySetOf(known))
    await eventually(() => issuersCheck()?.ok || undefined, LIMIT_MS, 'the keys of the issuer')
    expect(await verdictOn(await tokenBy(known))).toBe('ALLOWED')
    await rig.stopBridges()
  })

  test('holds no key to use is named by readiness, and takes the trust that was', async () => {
    keys.serveJson(keySetOf(known))
    await rig.startBridge()
    const token = await tokenBy(known)
    expect(await verdictOn(token)).toBe('ALLOWED')
    keys.serveJson({ keys: [{ ...known.jwk, use: 'enc' }] })
    expect(await verdictOn(await tokenBy(fresh))).toBe('TOKEN_KEY_UNKNOWN')
    expect(await verdictOn(token)).toBe('TOKEN_KEY_UNKNOWN')
    expect(issuersCheck()).toMatchObject({
      ok: false,
      required: false,
      detail: expect.stringContaining('no keys of lab'),
    })
    expect(rig.bridge.readiness().ready).toBe(true)
    await rig.expectGoodLogin()
    await rig.stopBridges()
  })

  test('never comes costs a login a second at most, and the others nothing', async () => {
    keys.serveJson(keySetOf(known))
    await rig.startBridge()
    const hung: (() => void)[] = []
    keys.serve((_request, response) => void hung.push(() => response.destroy()))
    const young = await tokenBy(fresh)
    const waiting = rig.decisionsOf(() => tryLogin(rig.env.server.port, { auth_token: young }), 2)
    await eventually(() => hung[0], LIMIT_MS, 'a question for the keys')
    await rig.expectGoodLogin()
    const [first, second] = await waiting
    expect(first).toMatchObject({ code: 'ALLOWED', issuer: 'cluster' })
    expect(second).toMatchObject({ code: 'ISSUER_KEYS_UNAVAILABLE', answered: true, issuer: 'lab' })
    expect(second?.durationMs).toBeLessThan(1_500)
    expect(await verdictOn(await tokenBy(known))).toBe('ALLOWED')
    for (const end of hung) end()
    await rig.stopBridges()
  })

  test('never comes cannot fill the bridge with logins that wait for it', async () => {
    keys.serveJson(keySetOf(known))
    await rig.startBridge({ callout: { maxPending: 2 } })
    const hung: (() => void)[] = []
    keys.serve((_request, response) => void hung.push(() => response.destroy()))
    const records = await rig.decisionsOf(async () => {
      // Those that are shed hear nothing until the server's own timeout, which nothing here waits for.
      for (let count = 0; count < 4; count += 1)
        void tryLogin(rig.env.server.port, { auth_token: await tokenBy(makeKey()) })
    }, 4)
    expect(records.map(({ code, answered }) => [code, answered])).toEqual([
      ['OVERLOADED', false],
      ['OVERLOADED', false],
      ['ISSUER_KEYS_UNAVAILABLE', true],
      ['ISSUER_KEYS_UNAVAILABLE', true],
    ])
    await rig.expectGoodLogin()
    for (const end of hung) end()
    await rig.stopBridges()
  })

  test('is asked for by many unknown keys is read once', async () => {
    keys.serveJson(keySetOf(known))
    await rig.startBridge()
    const before = keys.requests.length
    const strangers = Array.from({ length: 12 }, () => makeKey())
    await Promise.all(
      strangers.map(async (key) =>
        expect(await tryLogin(rig.env.server.port, { auth_token: await tokenBy(key) })).toBe(REFUSED),
      ),
    )
    expect(keys.requests.length - before).toBe(1)
    await rig.expectGoodLogin()
    await rig.stopBridges()
  })
})
