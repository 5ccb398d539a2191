/** What the bridge puts on the wire and on record for each request: one answer or none, and nothing that does not belong there. */
import type { ServerResponse } from 'node:http'
import { decode, type AuthorizationResponse } from '@nats-io/jwt'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../../src/dev/deadline.ts'
import { startKeyServer, type KeyServer } from '../authn/support/key-server.ts'
import { keySetOf, makeKey, mint } from '../authn/support/token-mint.ts'
import { environments, natsServerForTests } from '../support/nats-server.ts'
import { REFUSED, tryLogin, type ConnectFields } from './support/line-client.ts'
import { AUDIENCE, LIMIT_MS, startRig, type Rig } from './support/rig.ts'

const natsServer = await natsServerForTests()
const SLOW_ISS = 'https://slow.example'
const DEADLINE_MS = 300

describe.skipIf(natsServer === undefined).each(environments)('an answer (%s)', (name) => {
  const key = makeKey()
  let keys: KeyServer
  let rig: Rig

  beforeAll(async () => {
    keys = await startKeyServer()
    keys.serveJson(keySetOf(key))
    // With `inbox` the server would let a second reply pass: what keeps to one is the bridge.
    rig = await startRig(name, {
      replies: 'inbox',
      // A login that nobody answers keeps nats-server from ending for as long as this.
      authorizationTimeout: 2,
      overlay: { nats: { connections: 1 }, sessions: { jitter: '0%' } },
      issuers: [{ name: 'slow', kind: 'oidc', issuer: SLOW_ISS, audiences: [AUDIENCE], keys: { url: keys.origin } }],
    })
  })
  afterAll(async () => {
    await rig.stop()
    await keys.close()
  })

  const connect = (fields: ConnectFields): Promise<string> => tryLogin(rig.env.server.port, fields)
  const repliesTo = (reply: string): readonly Uint8Array[] => rig.wire.replies.get(reply) ?? []

  test('is given once to each of many requests at a time, let in or not', async () => {
    const from = rig.wire.requests.length
    const token = await rig.token()
    const fields = [{ auth_token: token }, {}, { pass: 'nonsense' }, { auth_token: token, pass: 'other' }]
    const records = await rig.decisionsOf(
      () => Promise.all(Array.from({ length: 40 }, (_, index) => connect(fields[index % fields.length] ?? {}))),
      40,
    )
    // The bridge has one connection: what it said twice would have been said before this.
    await rig.expectGoodLogin()
    await rig.wire.settle()
    expect(records.map(({ answered }) => answered)).toEqual(Array.from({ length: 40 }, () => true))
    const requests = rig.wire.requests.slice(from)
    expect(requests).toHaveLength(41)
    expect(requests.map(({ reply }) => repliesTo(reply).length)).toEqual(requests.map(() => 1))
  })

  test('is not given to what nobody proved to be a server', async () => {
    const decided = await rig.decisionsOf(async () => {
      const reply = rig.wire.smuggle('eyJ no request')
      await rig.expectGoodLogin()
      await rig.wire.settle()
      expect(repliesTo(reply)).toEqual([])
    }, 2)
    expect(decided.filter(({ answered }) => !answered)).toHaveLength(1)
  })

  test(`is ${name.endsWith('xkey') ? 'sealed' : 'a plain JWT'}, for those let in and those refused`, async () => {
    const from = rig.wire.requests.length
    await connect({ auth_token: await rig.token() })
    await connect({})
    await rig.wire.settle()
    const heads = rig.wire.requests
      .slice(from)
      .flatMap(({ payload, reply }) => [payload, ...repliesTo(reply)])
      .map((payload) => Buffer.from(payload).toString('latin1', 0, 4))
    const head = rig.env.sealed ? 'xkv1' : 'eyJ0'
    expect(heads).toEqual([head, head, head, head])
  })

  test('that refuses is a code and the decision id, in the server’s log and event, and not for the client', async () => {
    const from = rig.wire.authErrors.length
    const record = await rig.decisionOf(async () =>
      expect(await connect({ auth_token: 'CaNaRy.CaNaRy.CaNaRy', name: 'CaNaRy', lang: 'CaNaRy' })).toBe(REFUSED),
    )
    expect(record.code).toBe('TOKEN_MALFORMED')
    const text = `TOKEN_MALFORMED ${record.decisionId}`
    const line = await rig.env.server.log.find(new RegExp(record.decisionId), LIMIT_MS)
    expect(line).toMatch(new RegExp(`\\[WRN\\] Auth callout service returned an error: ${text}$`))
    // The event of an earlier refusal may still be on its way.
    const event = () => rig.wire.authErrors.slice(from).find(({ reason }) => reason.includes(record.decisionId))
    const { reason } = await eventually(event, LIMIT_MS, 'the event')
    expect(reason).toMatch(new RegExp(`^[^:]+: ${text}$`))
    if (rig.env.sealed) return
    const [payload] = repliesTo(rig.wire.requests.at(-1)?.reply ?? '')
    const { nats } = decode<AuthorizationResponse>(Buffer.from(payload ?? []).toString())
    expect(nats).toEqual({ error: text, type: 'authorization_response', version: 2, ...issuerAccount() })
  })

  function issuerAccount(): { issuer_account?: string } {
    const { bridge } = rig.env
    return bridge.mode === 'config' ? {} : { issuer_account: bridge.calloutAccount.publicKey }
  }

  test('leaves a record with everything an auditor needs', async () => {
    const token = await rig.token('shop/orders', 60)
    const allowed = await rig.decisionOf(() => connect({ auth_token: token }))
    const snapshotId = rig.bridge.currentSnapshot()?.id
    expect(allowed).toEqual({
      decisionId: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-z]+$/),
      time: expect.any(Number),
      effect: 'allow',
      code: 'ALLOWED',
      answered: true,
      durationMs: expect.any(Number),
      snapshotId,
      principal: 'spiffe://cluster.local/ns/shop/sa/orders',
      credentialKind: 'service-account-token',
      issuer: 'cluster',
      account: 'SHOP',
      rules: expect.arrayContaining([
        expect.stringContaining('AccountMap lab'),
        expect.stringContaining('SubjectPolicy'),
      ]),
      ttlSeconds: expect.any(Number),
      facts: expect.objectContaining({
        pod: expect.stringContaining('orders-'),
        serviceAccountUid: expect.any(String),
      }),
      server: expect.objectContaining({ id: expect.stringMatching(/^N[A-Z2-7]{55}$/), name: 'nats-1' }),
      client: { id: expect.any(Number), host: '127.0.0.1', type: 'nats' },
    })
    expect(allowed.ttlSeconds).toBeLessThanOrEqual(60)
    expect(allowed.ttlSeconds).toBeGreaterThan(50)

    const homeless = await rig.token('elsewhere/nobody')
    const denied = await rig.decisionOf(() => connect({ auth_token: homeless }))
    expect(denied).toMatchObject({
      effect: 'deny',
      code: 'ACCOUNT_NONE',
      answered: true,
      snapshotId,
      principal: 'spiffe://cluster.local/ns/elsewhere/sa/nobody',
      credentialKind: 'service-account-token',
      issuer: 'cluster',
      account: undefined,
      ttlSeconds: undefined,
      facts: { pod: expect.stringContaining('nobody-') },
      server: { name: 'nats-1' },
      client: { host: '127.0.0.1', type: 'nats' },
    })
    expect(denied.decisionId).not.toBe(allowed.decisionId)
    // What is written down is what was decided.
    for (const { decisionId, code, principal } of [allowed, denied]) {
      const lines = rig.log.having(decisionId).map((line): unknown => JSON.parse(line))
      expect(lines).toEqual([
        expect.objectContaining({ record: 'decision', level: 'info', decisionId, code, principal }),
      ])
    }
  })

  test('that would come too late is never sent, and the login after it is well', async () => {
    const next = makeKey()
    const seconds = Math.floor(Date.now() / 1000)
    const claims = { iss: SLOW_ISS, sub: 'ada', aud: AUDIENCE, iat: seconds, exp: seconds + 600, groups: ['staff'] }
    const token = await mint(claims, { key: next })
    await rig.withOverlay({ callout: { deadline: `${DEADLINE_MS}ms` } }, async () => {
      const asked: ServerResponse[] = []
      keys.serve((_request, response) => void asked.push(response))
      const from = rig.wire.requests.length
      // It waits for the server's own timeout, which nothing here waits for.
      void connect({ auth_token: token })
      const record = await rig.decisionOf(async () => {
        await eventually(() => asked[0], LIMIT_MS, 'a question for the keys')
        const since = performance.now()
        await eventually(() => performance.now() - since > DEADLINE_MS || undefined, LIMIT_MS, 'the deadline')
        keys.serveJson(keySetOf(key, next))
        for (const response of asked) response.writeHead(200).end(JSON.stringify(keySetOf(key, next)))
      })
      // The verdict was good, and is on record as what it was: too late.
      expect(record).toMatchObject({ code: 'DEADLINE_PASSED', answered: false, principal: `${SLOW_ISS}/ada` })
      expect(record.durationMs).toBeGreaterThanOrEqual(DEADLINE_MS)
      await rig.expectGoodLogin()
      await rig.wire.settle()
      expect(repliesTo(rig.wire.requests[from]?.reply ?? '')).toEqual([])
      expect(await rig.decisionOf(() => connect({ auth_token: token }))).toMatchObject({ issuer: 'slow' })
    })
  })
})
