/** What operators see: liveness, readiness that proves a whole decision, and metrics that stay few whoever comes. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDecide } from '../../src/policy/decide.ts'
import { workloadPrincipal } from '../../src/identity/principal.ts'
import { parseSpiffeId } from '../../src/identity/spiffe-id.ts'
import { openKeyring, type Keyring } from '../../src/keys/index.ts'
import { createBoxKey, createSigningKey, parseSigner } from '../../src/nkey/index.ts'
import { REFUSALS } from '../../src/policy/refusal.ts'
import { createSelfTest, type SelfTestParts } from '../../src/serve/self-test.ts'
import { sha256Hex } from '../../src/serve/sha256.ts'
import { createEnvelopeOpener } from '../../src/wire/envelope.ts'
import { createPatience } from '../../src/wire/patience.ts'
import { createServerClocks } from '../../src/wire/server-clock.ts'
import { valueOf } from '../support/fake-server.ts'
import { environments, natsServerForTests } from '../support/nats-server.ts'
import { CANARY, expectNoLeak } from './support/leaks.ts'
import { tryLogin } from './support/line-client.ts'
import { LIMIT_MS, startRig, type Rig } from './support/rig.ts'
import { connections } from './support/server-side.ts'
import { eventually } from '../../src/dev/deadline.ts'

const natsServer = await natsServerForTests()

/** Nothing listens there. */
const NOWHERE = 'nats://127.0.0.1:1'

describe.skipIf(natsServer === undefined).each(environments)('an operator (%s)', (name) => {
  let rig: Rig

  beforeAll(async () => {
    // A login that nobody answers keeps nats-server from ending for as long as this.
    rig = await startRig(name, { authorizationTimeout: 2 })
  })
  afterAll(() => rig.stop())

  test('sees a bridge that is ready, part by part', async () => {
    // It is ready with the first connection.
    const isWhole = (): boolean => rig.bridge.readiness().checks.some(({ detail }) => detail?.startsWith('16 of 16'))
    await eventually(() => isWhole() || undefined, LIMIT_MS, 'all service connections')
    const { status, text } = await rig.admin('/readyz')
    expect(status).toBe(200)
    expect(JSON.parse(text)).toMatchObject({
      ready: true,
      checks: [
        { name: 'decision', ok: true },
        { name: 'nats', ok: true, detail: '16 of 16 connections are subscribed' },
        { name: 'policy', ok: true },
        { name: 'issuers', ok: true },
      ],
    })
    expect((await rig.admin('/livez')).status).toBe(200)
  })

  test('sees a bridge without NATS as alive and not ready', async () => {
    await rig.stopBridges()
    const bridge = await rig.tryBridge({ nats: { servers: [NOWHERE] } })
    if (!('readiness' in bridge)) throw new Error('the bridge did not start')
    const { status, text } = await rig.admin('/readyz')
    expect(status).toBe(503)
    expect(JSON.parse(text)).toMatchObject({
      ready: false,
      checks: expect.arrayContaining([expect.objectContaining({ name: 'nats', ok: false })]),
    })
    expect(JSON.parse(text)).toMatchObject({
      checks: expect.arrayContaining([expect.objectContaining({ name: 'decision', ok: true })]),
    })
    expect((await rig.admin('/livez')).status).toBe(200)
    await rig.stopBridges()
    await rig.startBridge()
  })

  test('is told once, and not at every try of every connection, that nobody listens where NATS should', async () => {
    await rig.stopBridges()
    const from = rig.log.lines.length
    await rig.tryBridge({ nats: { servers: [NOWHERE] } })
    const tries = (): readonly string[] =>
      rig.log.lines.slice(from).filter((line) => line.includes('service connection failed'))
    await eventually(() => tries().length > 16 || undefined, LIMIT_MS, 'a second try')
    const loud = tries().filter((line) => !line.includes('"level":"debug"'))
    expect(loud).toHaveLength(1)
    expect(JSON.parse(loud[0] ?? '')).toMatchObject({ level: 'warn', servers: [NOWHERE], tries: 1 })
    await rig.stopBridges()
    await rig.startBridge()
  })

  test('is told once that the server gives logins little time', async () => {
    await rig.stopBridges()
    await rig.startBridge()
    const from = rig.log.lines.length
    for (let login = 0; login < 2; login += 1) await rig.expectGoodLogin()
    const said = rig.log.lines.slice(from).filter((line) => line.includes('server-impatient'))
    expect(said).toHaveLength(1)
    const word = { level: 'warn', waitSeconds: 2, hint: expect.stringContaining('timeout: 5') }
    expect(JSON.parse(said[0] ?? '')).toMatchObject(word)
  })

  // In operator mode credentials name their account.
  test.runIf(name === 'config')(
    'is told of a bridge that is in another account than the one where logins are asked about',
    async () => {
      await rig.stopBridges()
      const other = rig.env.config.breakGlass[0]?.login
      const file = other?.kind === 'password' ? '' : (other?.file ?? '')
      const credentials =
        rig.env.mode === 'operator' ? { credsFile: file } : { nkeySeedFile: file, credsFile: undefined }
      const from = rig.log.lines.length
      await rig.startBridge({ nats: { credentials } })
      const said = rig.log.lines.slice(from).filter((line) => line.includes('logins are asked about'))
      const loud = said.map((line): { level?: string } => JSON.parse(line)).filter(({ level }) => level === 'warn')
      expect(loud).toEqual([expect.objectContaining({ hint: expect.stringContaining('callout.account') })])
      await rig.stopBridges()
      await rig.startBridge()
    },
  )

  test.runIf(name.startsWith('config')).each(
    name === 'config'
      ? [['ENVELOPE_PLAINTEXT', createBoxKey().seed]]
      : [
          ['ENVELOPE_SEALED', undefined],
          ['ENVELOPE_UNOPENED', createBoxKey().seed],
        ],
  )('is told of xkeys that do not fit together: %s', async (code, seed) => {
    await rig.stopBridges()
    if (seed !== undefined) await rig.writeFile('other-xkey.nk', seed)
    const xkey = seed === undefined ? undefined : [{ seedFile: 'other-xkey.nk' }]
    await rig.startBridge({ callout: { xkey } })
    const from = rig.log.lines.length
    const token = await rig.token()
    const record = await rig.decisionOf(async () =>
      expect(await tryLogin(rig.env.server.port, { auth_token: token })).not.toBe('in'),
    )
    expect(record).toMatchObject({ code, answered: false, server: undefined })
    const said = rig.log.lines.slice(from).find((line) => line.includes('a login is left unanswered'))
    expect(JSON.parse(said ?? '')).toMatchObject({ level: 'warn', code, hint: expect.stringContaining('xkey') })
    await rig.stopBridges()
    await rig.startBridge()
  })

  test.runIf(name === 'config')(
    'is told what to compare when the bridge has other keys than its server asks for',
    async () => {
      await rig.stopBridges()
      await rig.writeFile('other.nk', createSigningKey('A').seed)
      await rig.startBridge({ callout: { issuer: [{ seedFile: 'other.nk' }] } })
      expect((await rig.admin('/readyz')).status).toBe(200)
      const from = rig.log.lines.length
      const said = (): readonly string[] =>
        rig.log.lines.slice(from).filter((line) => line.includes('a login is left unanswered'))
      const token = await rig.token()
      await rig.decisionsOf(
        () => Promise.all([1, 2].map(() => tryLogin(rig.env.server.port, { auth_token: token }))),
        2,
      )
      expect(said()).toHaveLength(1)
      expect(JSON.parse(said()[0] ?? '')).toMatchObject({ level: 'warn', code: 'ENVELOPE_SUBJECT', requests: 1 })
      expect(said()[0]).toContain('callout.issuer')
      const { status, text } = await rig.admin('/readyz')
      expect([status, text]).toEqual([503, expect.stringContaining('no login can be answered (ENVELOPE_SUBJECT)')])
      expect((await rig.admin('/livez')).status).toBe(200)
      await rig.stopBridges()
      await rig.startBridge()
    },
  )

  test.runIf(name === 'config')('sees a bridge that waits for boxes no server makes as not ready', async () => {
    const { seed } = createBoxKey()
    await rig.writeFile('box.nk', seed)
    await rig.withOverlay({ callout: { xkey: [{ seedFile: 'box.nk' }] } }, async () => {
      await rig.decisionsOf(() => tryLogin(rig.env.server.port, {}), 1)
      const { status, text } = await rig.admin('/readyz')
      expect([status, text]).toEqual([503, expect.stringContaining('no login can be answered (ENVELOPE_PLAINTEXT)')])
    })
    await rig.expectGoodLogin()
    expect((await rig.admin('/readyz')).status).toBe(200)
  })

  test.runIf(name === 'config')(
    'is told in the words of bridge.yaml that nobody can listen there, and no login is taken',
    async () => {
      const { adminPort } = rig.bridge
      const second = await rig.tryBridge({ admin: { listen: `127.0.0.1:${adminPort}` } })
      expect(second).toEqual([
        expect.objectContaining({
          code: 'listen-failed',
          message: expect.stringMatching(/^admin\.listen: .*another process/),
        }),
      ])
      const own = (await connections(rig.env, {})).filter((one) => one.name?.startsWith('nib-'))
      expect(own).toHaveLength(16)
    },
  )

  test('is not told of readiness by a bridge that NATS does not let in', async () => {
    await rig.stopBridges()
    const stranger = createSigningKey('U')
    const { bridge } = rig.env
    if (bridge.login.kind === 'creds')
      await rig.writeFile('stranger.creds', rig.env.read(bridge.login.file).replace(/^SU[A-Z2-7]{56}$/m, stranger.seed))
    else await rig.writeFile('stranger.nk', stranger.seed)
    const credentials =
      bridge.login.kind === 'creds'
        ? { credsFile: 'stranger.creds' }
        : { nkeySeedFile: 'stranger.nk', credsFile: undefined }
    const from = rig.log.lines.length
    const refused = await rig.tryBridge({ nats: { credentials } })
    if (!('readiness' in refused)) throw new Error('the bridge did not start')
    const tries = (): readonly string[] =>
      rig.log.lines.slice(from).filter((line) => line.includes('service connection failed'))
    await eventually(() => tries().length >= 2 || undefined, LIMIT_MS, 'a try to connect')
    expect(tries()[0]).toContain('auth_users')
    expect((await rig.admin('/readyz')).status).toBe(503)
    expect(rig.log.having(stranger.seed)).toEqual([])
    await rig.stopBridges()
    await rig.startBridge()
  })

  describe('is told by the self-test of', () => {
    let keys: Keyring
    beforeAll(async () => {
      keys = valueOf(await openKeyring(rig.env.keyring, { now: Date.now, log: () => undefined }))
    })
    afterAll(() => keys.close())

    const probe = valueOf(parseSpiffeId('spiffe://cluster.local/ns/nib/sa/self-test'))
    const run = (bent: Partial<SelfTestParts> = {}): string => {
      const { bridge } = rig.env
      const addressee = bridge.mode === 'config' ? bridge.issuer.publicKey : bridge.calloutAccount.publicKey
      const parts: SelfTestParts = {
        open: createEnvelopeOpener({
          boxKeys: keys.boxKeys,
          isOurs: keys.isOurs,
          clocks: createServerClocks(4),
          patience: createPatience(4),
        }),
        boxKeys: keys.boxKeys,
        settings: {
          clientTypes: ['nats'],
          accounts: ['SHOP', 'OPS'],
          sessions: { ttlSeconds: 60, minimumSeconds: 30, jitter: 0 },
        },
        ports: {
          currentSnapshot: () => rig.bridge.currentSnapshot(),
          decide: createDecide(sha256Hex),
          chance: () => 0,
        },
        keys,
        addressee: () => addressee,
        probe: workloadPrincipal(probe),
        ...bent,
      }
      const result = createSelfTest(parts)(Date.now())
      return result.ok ? 'well' : result.error
    }
    const foreign = valueOf(parseSigner(createSigningKey('A').seed, 'A'))

    test('nothing, when all is well', () => {
      expect(run()).toBe('well')
    })

    test('an account without a key', () => {
      const forAccount: Keyring['forAccount'] = (account, addressee) =>
        account === 'OPS' ? undefined : keys.forAccount(account, addressee)
      expect(run({ keys: { ...keys, forAccount } })).toBe('no signing key for account OPS')
    })

    test('a missing response key', () => {
      expect(run({ keys: { ...keys, forResponse: () => undefined } })).toMatch(/^no key signs the answer/)
    })

    test('a key that signs as another', () => {
      const forResponse: Keyring['forResponse'] = () => ({
        signer: { ...foreign, publicKey: createSigningKey('A').publicKey },
      })
      expect(run({ keys: { ...keys, forResponse } })).toBe('the answer does not verify with our own public key')
    })

    test('keys that are not of the callout that servers ask', () => {
      expect(run({ addressee: () => foreign.publicKey })).toMatch(
        /^the codec refuses a good request: ENVELOPE_SUBJECT$/,
      )
    })

    test('a missing callout key', () => {
      expect(run({ addressee: () => undefined })).toBe('no callout key is loaded')
    })

    test('a missing policy', () => {
      const ports = { currentSnapshot: () => undefined, decide: createDecide(sha256Hex), chance: () => 0 }
      expect(run({ ports })).toBe('no policy snapshot has been compiled yet')
    })
  })

  test('finds metrics of fixed names, and no more series after a crowd than after one of each', async () => {
    const token = await rig.token()
    const person = await rig.people.userToken({ subject: 'ada', audience: 'nats', ttlSeconds: 600 })
    const crowd = [{ auth_token: token }, {}, { auth_token: `${CANARY}.a.b` }, { auth_token: person }]
    for (const fields of crowd) await tryLogin(rig.env.server.port, fields)
    const before = seriesOf(await metrics())
    const strangers = await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const serviceAccount = `ns-${index}/${CANARY.toLowerCase()}-${randomUUID()}`
        return [
          { auth_token: await rig.token(serviceAccount) },
          { auth_token: `${CANARY}${index}` },
          { user: `${CANARY}${index}` },
        ]
      }),
    )
    await rig.decisionsOf(
      () => Promise.all(strangers.flat().map((fields) => tryLogin(rig.env.server.port, fields))),
      strangers.flat().length,
    )
    const after = seriesOf(await metrics())
    expect(after.map(nameAndLabels)).toEqual(before.map(nameAndLabels))
    expect([...new Set(after.map(({ name: metric }) => metric.replace(/_(bucket|sum|count)$/, '')))]).toEqual(METRICS)
    const codes = after
      .filter(({ name: metric }) => metric === 'nib_decisions_total')
      .map(({ labels }) => labels['code'] ?? '')
    expect(codes.filter((code) => code !== 'ALLOWED' && !Object.hasOwn(REFUSALS, code))).toEqual([])
    const labels = after.flatMap(({ labels: all }) => Object.keys(all))
    expect(new Set(labels)).toEqual(new Set(['code', 'issuer', 'outcome', 'source', 'le', 'version']))
    const issuers = after.flatMap(({ labels: all }) => all['issuer'] ?? [])
    expect(new Set(issuers)).toEqual(new Set(['cluster', 'people']))
    await expectNoLeak(rig, [token, person])
  })

  test('finds each decision counted once under its code', async () => {
    const count = async (code: string): Promise<number> =>
      Number(seriesOf(await metrics()).find(({ labels }) => labels['code'] === code)?.value ?? 0)
    const before = [await count('ALLOWED'), await count('CREDENTIAL_MISSING')]
    await rig.expectGoodLogin()
    await rig.decisionsOf(() => Promise.all([1, 2, 3].map(() => tryLogin(rig.env.server.port, {}))), 3)
    expect([await count('ALLOWED'), await count('CREDENTIAL_MISSING')]).toEqual([
      (before[0] ?? 0) + 1,
      (before[1] ?? 0) + 3,
    ])
  })

  const metrics = async (): Promise<string> => (await rig.admin('/metrics')).text
})

const METRICS = [
  'nib_decisions_total',
  'nib_token_verdicts_total',
  'nib_issuer_key_reads_total',
  'nib_key_changes_total',
  'nib_decision_duration_seconds',
  'nib_build_info',
  'nib_pending_requests',
  'nib_service_connections_ready',
  'nib_service_connections',
  'nib_server_clock_skew_seconds',
  'nib_log_lines_lost',
  'nib_policy_loaded_timestamp_seconds',
  'nib_policy_stale',
  'nib_policy_errors',
  'nib_policy_source_as_of_timestamp_seconds',
  'nib_issuer_keys_age_seconds',
  'nib_issuer_keys_usable',
]

interface Series {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: string
}

/** Those of the bridge; the others are Node's. */
function seriesOf(text: string): readonly Series[] {
  return [...text.matchAll(/^(nib_\w+)(?:\{(.*)\})? (\S+)$/gm)].map(([, name = '', labels = '', value = '']) => ({
    name,
    labels: Object.fromEntries([...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, label = '', of = '']) => [label, of])),
    value,
  }))
}

function nameAndLabels({ name, labels }: Series): string {
  return `${name} ${JSON.stringify(labels)}`
}
