/**
 * Questions to a running bridge: the same answer as from the files, over HTTPS and over NATS, to auditors and to nobody else; and
 * whatever is asked, logins go on.
 */
import { writeFileSync } from 'node:fs'
import type { NatsConnection } from 'nats'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../../src/dev/deadline.ts'
import { createTestAuthority, type CertificateTraits } from '../support/certificates.ts'
import { natsServerForTests } from '../support/nats-server.ts'
import { nib } from '../support/nib.ts'
import { postQuestion } from '../support/post-question.ts'
import { ASKED_POLICY, AUDITOR, startAskedBridge, type AskedBridge } from './support/asked-bridge.ts'
import { AUDIENCE, LIMIT_MS, WHATEVER_MODE } from './support/rig.ts'

const natsServer = await natsServerForTests()

const QUESTIONS: readonly (readonly [ask: string, body: object, argv: readonly string[]])[] = [
  ['what-can', { principal: 'shop/orders' }, ['shop/orders']],
  ['what-can', { principal: 'ops/nobody-yet' }, ['ops/nobody-yet']],
  ['why', { principal: 'shop/orders', action: 'publish', subject: 'shop.in' }, ['shop/orders', 'publish', 'shop.in']],
  ['why', { principal: 'shop/orders', action: 'subscribe', subject: '>' }, ['shop/orders', 'subscribe', '>']],
  ['who-can', { action: 'publish', pattern: 'shop.*' }, ['publish', 'shop.*']],
  ['who-can', { action: 'subscribe', pattern: '>', queue: '*' }, ['subscribe', '>', '-q', '*']],
  ['review', { account: 'SHOP' }, ['SHOP']],
  ['drift', {}, []],
]

describe.skipIf(natsServer === undefined).each(WHATEVER_MODE)('a running bridge (%s)', (name) => {
  let asked: AskedBridge
  let nats: NatsConnection

  beforeAll(async () => {
    asked = await startAskedBridge(name, { breakGlass: [{ name: 'operator', account: 'OPS' }] })
    await asked.untilOnNats()
    nats = await asked.auditorOnNats()
  })
  afterAll(async () => {
    await nats.close()
    await asked.rig.stop()
  })

  test.for(QUESTIONS)('answers %s %j as the files do, whichever way it is asked', async ([ask, body, argv]) => {
    const { rig, url, files } = asked
    const offline = await nib([ask, ...argv, '--json', '--policies', rig.policyFolder])
    expect(JSON.parse(offline.out)).toMatchObject({ ask, snapshotId: rig.bridge.currentSnapshot()?.id })
    const tokenFile = await rig.writeFile('token', await rig.token('ops/auditor'))
    const [certFile, keyFile] = [
      await rig.writeFile('auditor.crt', asked.auditor.cert),
      await rig.writeFile('auditor.key', asked.auditor.key),
    ]
    const overHttp = ['--bridge', url(), '--ca', files.clientCaFile]
    const overNats = ['--nats', rig.env.server.url, '--inbox-prefix', await asked.auditorInbox()]
    const byCommand = [
      await nib([ask, ...argv, '--json', ...overHttp, '--auth-token-file', tokenFile]),
      await nib([ask, ...argv, '--json', ...overHttp, '--cert', certFile, '--key', keyFile]),
      await nib([ask, ...argv, '--json', ...overNats, '--auth-token-file', tokenFile]),
    ]
    expect(byCommand).toEqual(byCommand.map(() => offline))
    expect((await asked.postWithToken(ask, body)).text).toBe(offline.out)
    expect((await asked.postWithCertificate(ask, body)).text).toBe(offline.out)
    const message = await nats.request(`nib.audit.${ask}`, JSON.stringify(body), { timeout: LIMIT_MS })
    expect([message.string(), message.headers]).toEqual([offline.out, undefined])
  })

  test('answers a plan as the files do, whichever way it is asked', async () => {
    const { rig, url, files } = asked
    const candidate = await rig.writeFile('candidate.yaml', ASKED_POLICY.replace('shop.in', 'shop.elsewhere'))
    const offline = await nib(['plan', candidate, '--json', '--policies', rig.policyFolder])
    expect([offline.exitCode, offline.out]).toEqual([2, expect.stringContaining('shop.elsewhere')])
    const tokenFile = await rig.writeFile('token', await rig.token('ops/auditor'))
    const remote = [
      ['--bridge', url(), '--ca', files.clientCaFile],
      ['--nats', rig.env.server.url, '--inbox-prefix', await asked.auditorInbox()],
    ]
    for (const target of remote)
      expect(await nib(['plan', candidate, '--json', ...target, '--auth-token-file', tokenFile])).toEqual(offline)
  })

  test('is asked over NATS by whom the account lets, and others read why not', async () => {
    const { rig } = asked
    const argv = ['what-can', 'shop/orders', '--nats', rig.env.server.url]
    const own =
      rig.env.mode === 'config' ? ['--nkey', rig.env.file('operator.nk')] : ['--creds', rig.env.file('operator.creds')]
    expect((await nib([...argv, ...own])).exitCode).toBe(0)
    const elsewhere = await nib([...argv, ...own, '--nats-prefix', 'nib.other'])
    expect([elsewhere.exitCode, elsewhere.problems]).toEqual([
      2,
      expect.stringMatching(/nobody answers there[\s\S]*--nats-prefix/),
    ])
    const tokenFile = await rig.writeFile('token', await rig.token('ops/auditor'))
    const deaf = await nib([...argv, '--auth-token-file', tokenFile])
    expect([deaf.exitCode, deaf.problems]).toEqual([
      2,
      expect.stringMatching(/not hear the answer[\s\S]*--inbox-prefix/),
    ])
    const otherFile = await rig.writeFile('other', await rig.token('shop/orders', 60))
    const other = await nib([...argv, '--auth-token-file', otherFile])
    expect([other.exitCode, other.problems]).toEqual([2, expect.stringContaining('you may not publish there')])
    const stranger = await nib([...argv, '--auth-token-file', await rig.writeFile('stranger', 'a.b.c')])
    expect([stranger.exitCode, stranger.problems]).toEqual([
      2,
      expect.stringContaining('the server does not let you in'),
    ])
  })

  test('writes of each question who asked, which, and how it ended, and not what was asked', async () => {
    await asked.postWithToken('why', { principal: 'shop/canary', action: 'publish', subject: 'canary.subject' })
    expect(asked.lastRecord()).toEqual({
      level: 'info',
      time: expect.any(Number),
      ask: 'why',
      via: 'http',
      caller: AUDITOR,
      outcome: 'answered',
      durationMs: expect.any(Number),
      msg: 'question answered',
    })
    await nats.request('nib.audit.why', '{"principal":"shop/canary"}', { timeout: LIMIT_MS })
    expect(asked.lastRecord()).toMatchObject({ via: 'nats', outcome: 'invalid', code: 'question-invalid' })
    expect(asked.rig.log.having('canary')).toEqual([])
    const { text } = await postQuestion(`${asked.url()}/metrics`, '', { method: 'GET', ca: asked.authority.cert })
    expect(text).toMatch(/^nib_questions_total\{ask="why",via="http",outcome="answered"\} [1-9]/m)
    expect(text).toMatch(/^nib_questions_total\{ask="why",via="nats",outcome="invalid"\} [1-9]/m)
    expect(text).not.toContain('canary')
  })

  test('answers from the last good policy while the newest is broken', async () => {
    const { rig } = asked
    const [ask, body] = ['why', { principal: 'shop/orders', action: 'publish', subject: 'shop.in' }]
    const before = await asked.postWithCertificate(ask, body)
    await rig.writePolicy('policy.yaml', ASKED_POLICY.slice(0, 190))
    const kept = (): true | undefined => rig.log.having('policy-kept').length > 0 || undefined
    await eventually(kept, LIMIT_MS, 'a word about the policy')
    expect(await asked.postWithCertificate(ask, body)).toEqual({ ...before, headers: expect.anything() })
    await rig.writePolicy('policy.yaml', ASKED_POLICY.replace('publish: [shop.in]', 'publish: [shop.elsewhere]'))
    const id = (JSON.parse(before.text) as { snapshotId: string }).snapshotId
    await eventually(() => rig.bridge.currentSnapshot()?.id !== id || undefined, LIMIT_MS, 'another snapshot')
    const after = JSON.parse((await asked.postWithCertificate(ask, body)).text) as { allowed: boolean }
    expect([(JSON.parse(before.text) as { allowed: boolean }).allowed, after.allowed]).toEqual([true, false])
    await rig.writePolicy('policy.yaml', ASKED_POLICY)
    await eventually(() => rig.bridge.currentSnapshot()?.id === id || undefined, LIMIT_MS, 'the first snapshot')
  })
})

describe.skipIf(natsServer === undefined)('whoever asks', () => {
  const body = { principal: 'shop/orders' }
  const foreign = createTestAuthority()
  let asked: AskedBridge

  beforeAll(async () => {
    asked = await startAskedBridge('config+xkey')
  })
  afterAll(() => asked.rig.stop())

  const askWith = async (token: string | undefined, traits?: CertificateTraits, authority = asked.authority) => {
    const pair = traits === undefined ? {} : authority.issue(traits)
    const { status, text, headers } = await asked.post('what-can', body, {
      ...(token === undefined ? {} : { token }),
      ...pair,
    })
    const { error } = JSON.parse(text) as { error?: { code: string; message: string; hint: string } }
    return { status, code: error?.code, error, challenge: headers['www-authenticate'] }
  }
  const tokenOf = (traits: { audience?: string; ttlSeconds?: number; ageSeconds?: number }): Promise<string> =>
    asked.rig.cluster.serviceAccountToken({
      namespace: 'ops',
      name: 'auditor',
      audience: AUDIENCE,
      ttlSeconds: 600,
      ...traits,
    })

  test('shows nothing, and is told how to prove who it is', async () => {
    const { error, ...said } = await askWith(undefined)
    expect(said).toEqual({ status: 401, code: 'credential-missing', challenge: 'Bearer' })
    expect(error?.hint).toContain('Authorization: Bearer <token>')
  })

  test.for<[string, () => Promise<string>, number, string]>([
    ['has expired', () => tokenOf({ ageSeconds: 3600 }), 401, 'token-expired'],
    ['is for another audience', () => tokenOf({ audience: 'vault' }), 401, 'token-audience'],
    [
      'is of an unknown issuer',
      () => asked.rig.people.userToken({ subject: 'anna', audience: 'other', ttlSeconds: 60 }),
      401,
      'token-audience',
    ],
    ['is none', () => Promise.resolve('a.b.c'), 401, 'token-malformed'],
    ['was tampered with', async () => `${(await tokenOf({})).slice(0, -8)}AAAAAAAA`, 401, 'token-signature'],
    ['is of no auditor', () => asked.rig.token('shop/orders'), 403, 'not-an-auditor'],
  ])('with a token that %s is refused', async ([, make, status, code]) => {
    const token = await make()
    const said = await askWith(token)
    expect([said.status, said.code]).toEqual([status, code])
    expect(JSON.stringify([said.error, asked.rig.log.lines])).not.toContain(token.slice(-20))
  })

  test('with the token of an end user is let in by a group', async () => {
    const userToken = (groups: string[]) =>
      asked.rig.people.userToken({ subject: 'anna', audience: AUDIENCE, ttlSeconds: 60, claims: { groups } })
    expect((await askWith(await userToken(['sre']))).status).toBe(200)
    expect((await askWith(await userToken(['support']))).status).toBe(403)
  })

  test.for<[string, CertificateTraits, number, string | undefined]>([
    ['of the auditor', { uris: [AUDITOR] }, 200, undefined],
    ['of the auditor, with a DNS name beside it', { uris: [AUDITOR], dnsNames: ['auditor.ops'] }, 200, undefined],
    ['of somebody else', { uris: ['spiffe://cluster.local/ns/shop/sa/orders'] }, 403, 'not-an-auditor'],
    ['without a name', {}, 401, 'certificate-refused'],
    ['without a SPIFFE ID', { dnsNames: ['auditor.ops'] }, 401, 'certificate-refused'],
    ['with a URI that is no SPIFFE ID', { uris: ['https://ops/auditor'] }, 401, 'certificate-refused'],
    [
      'with two SPIFFE IDs',
      { uris: ['spiffe://cluster.local/ns/shop/sa/orders', AUDITOR] },
      401,
      'certificate-refused',
    ],
    ['with the same SPIFFE ID twice', { uris: [AUDITOR, AUDITOR] }, 401, 'certificate-refused'],
    ['with a name that spells two', { uris: [`${AUDITOR}, URI:${AUDITOR}`] }, 401, 'certificate-refused'],
    ['with a DNS name that spells a URI', { dnsNames: [`a, URI:${AUDITOR}`] }, 401, 'certificate-refused'],
    [
      'with a DNS name that spells a whole list',
      { dnsNames: [`a, URI:${AUDITOR}, DNS:b`] },
      401,
      'certificate-refused',
    ],
    ['of another trust domain', { uris: ['spiffe://elsewhere/ns/ops/sa/auditor'] }, 401, 'certificate-refused'],
    ['that is over', { uris: [AUDITOR], until: -1_000 }, 401, 'certificate-refused'],
    ['that has not begun', { uris: [AUDITOR], from: 60_000 }, 401, 'certificate-refused'],
    ['of an authority', { uris: [AUDITOR], authority: true }, 401, 'certificate-refused'],
  ])('with a certificate %s gets what it proves', async ([, traits, status, code]) => {
    const said = await askWith(undefined, traits)
    expect([said.status, said.code]).toEqual([status, code])
  })

  test('with a certificate of other roots is refused, whatever token goes with it', async () => {
    expect(await askWith(undefined, { uris: [AUDITOR] }, foreign)).toMatchObject({
      status: 401,
      code: 'certificate-refused',
    })
    expect(await askWith(await tokenOf({}), { uris: [AUDITOR] }, foreign)).toMatchObject({ status: 401 })
  })

  test('with token and certificate gets an answer when both name the same principal', async () => {
    expect((await askWith(await tokenOf({}), { uris: [AUDITOR] })).status).toBe(200)
    const others = { uris: ['spiffe://cluster.local/ns/ops/sa/other'] }
    expect(await askWith(await tokenOf({}), others)).toMatchObject({ status: 401, code: 'credentials-differ' })
  })

  test('asks nobody where the configuration names no auditors, and is told so', async () => {
    await asked.rig.withOverlay({ admin: { auditors: undefined } }, async () => {
      expect(await askWith(await tokenOf({}))).toMatchObject({ status: 403, code: 'questions-closed' })
      expect(await askWith(undefined)).toMatchObject({ status: 403, code: 'questions-closed' })
    })
  })
})

describe.skipIf(natsServer === undefined)('the door to questions', () => {
  let asked: AskedBridge

  beforeAll(async () => {
    asked = await startAskedBridge('config+xkey')
  })
  afterAll(() => asked.rig.stop())

  const wildcards = Array.from({ length: 1000 }, () => '*').join('.')
  test.for<[string, string, string]>([
    [
      'a thousand wildcards',
      'why',
      JSON.stringify({ principal: 'shop/orders', action: 'subscribe', subject: wildcards }),
    ],
    [
      'a subject of 64 KB',
      'why',
      JSON.stringify({ principal: 'shop/orders', action: 'publish', subject: 'x'.repeat(65_536) }),
    ],
    [
      'control characters',
      'why',
      JSON.stringify({ principal: 'shop/orders', action: 'publish', subject: 'a\u0000b\r\n' }),
    ],
    ['a principal that is none', 'what-can', '{"principal":"*"}'],
    ['a principal of 100 KB', 'what-can', JSON.stringify({ principal: `https://x/${'y'.repeat(100_000)}` })],
    ['a prototype', 'what-can', '{"__proto__":{"principal":"shop/orders"}}'],
    ['a key twice', 'what-can', '{"principal":"shop/orders","principal":"shop/web"}'],
    ['another type', 'what-can', '{"principal":["shop/orders"]}'],
    ['an unknown field', 'what-can', '{"principal":"shop/orders","depth":1}'],
    ['no object', 'what-can', '[]'],
    ['nothing', 'what-can', ''],
    ['half a question', 'what-can', '{"principal":'],
    ['depth', 'what-can', `{"principal":"shop/orders","claims":${'['.repeat(30_000)}${']'.repeat(30_000)}}`],
    ['a token that nobody signed', 'what-can', '{"token":"a.b.c"}'],
  ])('refuses %s with a sentence, and goes on', async ([, ask, body]) => {
    const { status, text } = await asked.postWithCertificate(ask, body)
    const { error } = JSON.parse(text) as { error: { code: string; message: string } }
    expect([status, error.code]).toEqual([400, 'question-invalid'])
    expect(error.message.length).toBeLessThan(400)
    expect((await asked.postWithCertificate('what-can', { principal: 'shop/orders' })).status).toBe(200)
  })

  test('knows of streams what the topology file says, and reads it again', async () => {
    const { rig } = asked
    const known = { imports: [], exports: [], streams: [] }
    const topologyFile = await rig.writeFile('topology.json', JSON.stringify({ accounts: { SHOP: known, OPS: known } }))
    const offline = async (): Promise<string> =>
      (await nib(['who-can', 'subscribe', 'shop.in', '--json', '-p', rig.policyFolder, '--topology', topologyFile])).out
    const online = async (): Promise<string> =>
      (await asked.postWithCertificate('who-can', { action: 'subscribe', pattern: 'shop.in' })).text
    const without = await online()
    await rig.withOverlay({ questions: { topologyFile } }, async () => {
      const before = await offline()
      expect([await online(), before === without]).toEqual([before, false])
      writeFileSync(topologyFile, '{')
      await eventually(() => rig.log.having('topology-refused').length > 0 || undefined, LIMIT_MS, 'a word')
      expect(await online()).toBe(before)
      writeFileSync(topologyFile, JSON.stringify({ accounts: { SHOP: known } }))
      const after = await offline()
      expect(after).not.toBe(before)
      for (let tries = 0; tries < 200 && (await online()) !== after; tries += 1);
      expect(await online()).toBe(after)
    })
  })

  test('takes up a replaced certificate, key and roots, and keeps the last good ones', async () => {
    const { rig, post } = asked
    const renewed = createTestAuthority('the next root')
    const { cert, key } = renewed.issue({ addresses: ['127.0.0.1'] })
    const body = { principal: 'shop/orders' }
    const next = { ca: renewed.cert, ...renewed.issue({ uris: [AUDITOR] }) }
    const before = (): Promise<number> => asked.postWithCertificate('what-can', body).then(({ status }) => status)
    const after = (): Promise<number> =>
      post('what-can', body, next).then(
        ({ status }) => status,
        (problem: NodeJS.ErrnoException) => (problem.code === undefined ? -1 : 0),
      )
    expect([await before(), await after()]).toEqual([200, 0])
    writeFileSync(asked.files.certFile, cert)
    const kept = (): true | undefined => rig.log.having('what was read before stays in use').length > 0 || undefined
    await eventually(kept, LIMIT_MS, 'a word about a certificate without its key')
    expect(await before()).toBe(200)
    writeFileSync(asked.files.clientCaFile, renewed.cert)
    writeFileSync(asked.files.keyFile, key)
    await eventually(() => rig.log.having('admin-tls-changed').length > 0 || undefined, LIMIT_MS, 'the change')
    expect(await after()).toBe(200)
    await expect(before()).rejects.toThrow(/self-signed|unable to|signature/i)
    // The roots that signed the auditor before are gone, although the server is believed.
    expect((await post('what-can', body, { ...asked.auditor, ca: renewed.cert })).status).toBe(401)
  })
})
