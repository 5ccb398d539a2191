/**
 * Policy and configuration files while logins go on: a good edit is in force within a second, whatever else happens to the files leaves
 * the last good policy in force and is said, and nothing of it ends the bridge.
 */
import { mkdirSync, readdirSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config/index.ts'
import { eventually } from '../../src/dev/deadline.ts'
import { environments, natsServerForTests } from '../support/nats-server.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { lineClient, REFUSED, tryLogin } from './support/line-client.ts'
import { LIMIT_MS, POLICY, WHATEVER_MODE, startRig, type Rig } from './support/rig.ts'

const natsServer = await natsServerForTests()
const EDITED = POLICY.replace('publish: [shop.in]', 'publish: [shop.elsewhere]')

/** Each level repeats the one below ten times: a thousand million entries. */
const ALIAS_BOMB = POLICY.replace(
  'accounts:',
  `a: &a [x, x, x, x, x, x, x, x, x, x]
${Array.from('bcdefghi', (letter, at) => `  ${letter}: &${letter} [${`*${'abcdefgh'[at]}, `.repeat(10)}]`).join('\n')}
  accounts:`,
)

const damage: readonly (readonly [title: string, damage: (folder: string) => void])[] = [
  ['a file of broken YAML', (folder) => writeFileSync(join(folder, 'policy.yaml'), `${POLICY}\n  : [broken`)],
  [
    'a file that is half written',
    (folder) => writeFileSync(join(folder, 'policy.yaml'), POLICY.slice(0, POLICY.length / 3)),
  ],
  [
    'a file that ends inside its AccountMap',
    (folder) => writeFileSync(join(folder, 'policy.yaml'), POLICY.slice(0, 190)),
  ],
  ['an empty file', (folder) => writeFileSync(join(folder, 'policy.yaml'), '')],
  ['a second, empty file', (folder) => writeFileSync(join(folder, 'more.yaml'), '')],
  [
    'a key that stands twice',
    (folder) =>
      writeFileSync(
        join(folder, 'policy.yaml'),
        POLICY.replace('metadata: {name: lab}', 'metadata: {name: lab, name: bal}'),
      ),
  ],
  [
    'a field that nobody knows',
    (folder) =>
      writeFileSync(join(folder, 'policy.yaml'), POLICY.replace('    - {account: OPS,', '    - {acount: OPS,')),
  ],
  ['a document that is alias upon alias', (folder) => writeFileSync(join(folder, 'policy.yaml'), ALIAS_BOMB)],
  [
    'a file that is no text',
    (folder) => writeFileSync(join(folder, 'policy.yaml'), Buffer.from([0xff, 0xfe, 0, 1, 0x80])),
  ],
  [
    'a file of two megabytes',
    (folder) => writeFileSync(join(folder, 'policy.yaml'), `${POLICY}# ${'x'.repeat(2 << 20)}`),
  ],
  [
    'a link to nowhere',
    (folder) => {
      rmSync(join(folder, 'policy.yaml'))
      symlinkSync('nowhere.yaml', join(folder, 'policy.yaml'))
    },
  ],
  ['a folder without files', (folder) => rmSync(join(folder, 'policy.yaml'))],
  ['a folder that is gone', (folder) => rmSync(folder, { recursive: true })],
  [
    'a folder that is a file',
    (folder) => {
      rmSync(folder, { recursive: true })
      writeFileSync(folder, POLICY)
      writeFileSync(`${folder}.new`, ': [broken')
      renameSync(`${folder}.new`, folder)
    },
  ],
  [
    'a DENY that cannot be read',
    (folder) =>
      writeFileSync(
        join(folder, 'deny.yaml'),
        `
apiVersion: nats-identity-bridge.dev/v1alpha1
kind: SubjectPolicy
metadata: {name: deny, namespace: shop}
spec: {action: DENY, principals: [{namespace: shop}], grants: [{publish: ['a..b']}]}
`,
      ),
  ],
]

describe.skipIf(natsServer === undefined).each(environments)('the policy (%s)', (name) => {
  let rig: Rig

  beforeAll(async () => {
    rig = await startRig(name, { withWire: false })
  })
  afterAll(() => rig.stop())

  const policyCheck = () => rig.bridge.readiness().checks.find((check) => check.name === 'policy')
  const restore = async (): Promise<void> => {
    const folder = rig.policyFolder
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
      rmSync(folder, { force: true })
      mkdirSync(folder)
    }
    for (const file of readdirSync(folder)) if (file !== 'policy.yaml') rmSync(join(folder, file))
    writeFileSync(join(folder, 'policy.yaml.new'), POLICY)
    renameSync(join(folder, 'policy.yaml.new'), join(folder, 'policy.yaml'))
    await eventually(() => policyCheck()?.ok || undefined, LIMIT_MS, 'a good policy')
  }
  /** Whether a fresh login of shop/orders may publish there. */
  const mayPublish = async (subject: string): Promise<boolean> => {
    const client = await lineClient(rig.env.server.port, { auth_token: await rig.token() })
    const said = await client.exchange(`PUB ${subject} 0\r\n\r\n`)
    client.close()
    return said.length === 0
  }

  test('that is edited well is in force within a second, for the next login', async () => {
    const before = rig.bridge.currentSnapshot()?.id
    expect(await mayPublish('shop.in')).toBe(true)
    const live = await lineClient(rig.env.server.port, { auth_token: await rig.token() })
    const since = performance.now()
    await rig.writePolicy('policy.yaml', EDITED)
    const changed = (): true | undefined => rig.bridge.currentSnapshot()?.id !== before || undefined
    await eventually(changed, LIMIT_MS, 'another snapshot')
    expect(performance.now() - since).toBeLessThan(1_000)
    expect([await mayPublish('shop.in'), await mayPublish('shop.elsewhere')]).toEqual([false, true])
    const record = await rig.decisionOf(() => mayPublish('shop.in'))
    expect(record.snapshotId).toBe(rig.bridge.currentSnapshot()?.id)
    // Permissions are for the life of a connection.
    expect(await live.exchange('PUB shop.in 0\r\n\r\n')).toEqual([])
    live.close()
    await rig.writePolicy('policy.yaml', POLICY)
    await eventually(() => rig.bridge.currentSnapshot()?.id === before || undefined, LIMIT_MS, 'the first snapshot')
    expect(await mayPublish('shop.in')).toBe(true)
  })

  test('in a ConfigMap is taken up when the kubelet swaps its link', async () => {
    const volume = tempFolder()
    volume.mount('2026_01', { 'policy.yaml': POLICY })
    await rig.withOverlay({ policy: { folders: [volume.path] } }, async () => {
      expect([await mayPublish('shop.in'), await mayPublish('shop.elsewhere')]).toEqual([true, false])
      const before = rig.bridge.currentSnapshot()?.id
      volume.mount('2026_02', { 'policy.yaml': EDITED })
      await eventually(() => rig.bridge.currentSnapshot()?.id !== before || undefined, LIMIT_MS, 'another snapshot')
      expect([await mayPublish('shop.in'), await mayPublish('shop.elsewhere')]).toEqual([false, true])
    })
  })

  test.runIf(WHATEVER_MODE.includes(name)).each(damage)(
    'stays in force behind %s, and readiness says so',
    async (_title, harm) => {
      const before = rig.bridge.currentSnapshot()?.id
      harm(rig.policyFolder)
      await eventually(() => (policyCheck()?.ok === false ? true : undefined), LIMIT_MS, 'a word about the policy')
      const readiness = await rig.admin('/readyz')
      expect(readiness.status).toBe(200)
      expect(readiness.text).toContain('last good policy serves: ')
      expect((await rig.admin('/metrics')).text).toMatch(/^nib_policy_stale 1$/m)
      expect(rig.log.having('policy-kept').at(-1)).toContain(before)
      expect(rig.bridge.currentSnapshot()?.id).toBe(before)
      expect(await mayPublish('shop.in')).toBe(true)
      await restore()
      expect((await rig.admin('/metrics')).text).toMatch(/^nib_policy_stale 0$/m)
      expect(await mayPublish('shop.in')).toBe(true)
    },
  )

  test('that cannot be read at the start keeps everybody out, until it can be', async () => {
    await rig.stopBridges()
    rmSync(join(rig.policyFolder, 'policy.yaml'))
    const bridge = await rig.tryBridge()
    if (!('readiness' in bridge)) throw new Error('the bridge did not start')
    const subscribed = (): true | undefined =>
      bridge.readiness().checks.some((check) => check.name === 'nats' && check.ok) || undefined
    await eventually(subscribed, LIMIT_MS, 'a service connection')
    const { status, text } = await rig.admin('/readyz')
    expect(status).toBe(503)
    expect(JSON.parse(text)).toMatchObject({
      ready: false,
      checks: expect.arrayContaining([
        expect.objectContaining({ name: 'policy', ok: false, required: true }),
        expect.objectContaining({ name: 'decision', ok: false, detail: 'no policy snapshot has been compiled yet' }),
      ]),
    })
    const token = await rig.token()
    const record = await rig.decisionOf(async () =>
      expect(await tryLogin(rig.env.server.port, { auth_token: token })).toBe(REFUSED),
    )
    expect(record).toMatchObject({ code: 'POLICY_UNAVAILABLE', answered: true, snapshotId: undefined })
    await rig.writePolicy('policy.yaml', POLICY)
    await eventually(() => bridge.readiness().ready || undefined, LIMIT_MS, 'readiness')
    expect((await rig.admin('/readyz')).status).toBe(200)
    await rig.expectGoodLogin()
  })

  test('does not notice what happens to bridge.yaml, and a broken one is refused whole', async () => {
    const good = rig.bridgeYaml()
    const broken: readonly (readonly [string, string])[] = [
      ['broken', `${good}\n : [`],
      ['half written', good.slice(0, good.length / 2)],
      ['empty', ''],
      ['of two documents', `${good}---\n${good}`],
      ['with a key twice', `${good}nats: {}\n`],
      ['with an unknown key', `${good}naats: {}\n`],
      ['of aliases', `a: &a [x, x]\n${good}b: [*a, *a]\n`],
    ]
    for (const [title, text] of broken) {
      writeFileSync(rig.env.file('broken.yaml'), text)
      const loaded = await loadConfig(rig.env.file('broken.yaml'))
      if (loaded.ok) throw new Error(`a file ${title} was taken`)
      expect(
        loaded.error.some(({ severity }) => severity === 'error'),
        title,
      ).toBe(true)
    }
    expect((await loadConfig(rig.env.file('gone.yaml'))).ok).toBe(false)
    expect((await loadConfig(rig.policyFolder)).ok).toBe(false)
    await rig.expectGoodLogin()
  })
})
