import { mkdtemp, readFile, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { compile } from '../../src/compile/index.ts'
import { parseConfig, pathResolver } from '../../src/config/index.ts'
import { bridgeConfigText } from '../../src/dev/bridge-config.ts'
import { createCleanup } from '../../src/dev/cleanup.ts'
import { DeadlineError, eventually, until, within } from '../../src/dev/deadline.ts'
import { createDevFolder } from '../../src/dev/dev-folder.ts'
import { createDevLog } from '../../src/dev/dev-log.ts'
import { namesIn } from '../../src/dev/policy-names.ts'
import { SHOP_POLICY_FOLDER } from '../../src/dev/shop-policy.ts'
import { keepTokenFiles } from '../../src/dev/token-files.ts'
import { sha256Hex } from '../../src/serve/sha256.ts'
import { createServerConfig, freshKeys } from '../../src/server-config/index.ts'
import { readPolicyFolders } from '../../src/sources/index.ts'

describe('names in a policy', () => {
  test('are its accounts, its spelled-out local workloads and its groups of people, each once', () => {
    const text = `
apiVersion: nats-identity-bridge.dev/v1alpha1
kind: AccountMap
metadata: {name: all}
spec:
  accounts:
    - {account: B, principals: [{serviceAccount: b/x}, {serviceAccount: '*/any'}, {group: system:authenticated}]}
    - {account: A, principals: [{serviceAccount: a/y}, {group: support}, {serviceAccount: far/away, trustDomain: other.org}]}
---
apiVersion: nats-identity-bridge.dev/v1alpha1
kind: SubjectPolicy
metadata: {name: one, namespace: a}
spec:
  principals: [{serviceAccount: a/y}, {serviceAccount: c/z}, {group: support}]
  grants: [{publish: [a]}]
`
    const options = { trustDomains: { local: 'cluster.local', aliases: [] }, forbiddenAccounts: [], hash: sha256Hex }
    const { snapshot, diagnostics } = compile([{ file: 'p.yaml', text }], options)
    expect(diagnostics).toEqual([])
    expect(snapshot && namesIn(snapshot)).toEqual({
      accounts: ['A', 'B'],
      serviceAccounts: [
        { namespace: 'a', name: 'y' },
        { namespace: 'b', name: 'x' },
        { namespace: 'c', name: 'z' },
      ],
      groups: ['support'],
    })
  })
})

describe('the example policy', () => {
  test('compiles without a word', async () => {
    const texts = await readPolicyFolders([SHOP_POLICY_FOLDER])
    const options = {
      trustDomains: { local: 'cluster.local', aliases: [] },
      forbiddenAccounts: ['AUTH'],
      hash: sha256Hex,
    }
    expect(texts.ok && compile(texts.value, options)).toMatchObject({ diagnostics: [], snapshot: {} })
  })
})

describe('bridge.yaml', () => {
  test.each(['config', 'operator'] as const)('for %s mode is what the bridge reads', (mode) => {
    const setup = { mode, sealed: true, accounts: ['SHOP', 'OFFICE'], breakGlass: [] }
    const made = createServerConfig(setup, freshKeys, { now: Date.now })
    if (!made.ok) throw new Error(JSON.stringify(made.error))
    const text = bridgeConfigText({
      bridge: made.value.bridge,
      natsUrl: 'nats://127.0.0.1:4222',
      systemAccount: 'SYS',
      trustDomain: 'cluster.local',
      audience: 'nats',
      issuers: [
        { name: 'cluster', kind: 'kubernetes', issuer: 'https://cluster', keys: { discovery: true } },
        {
          name: 'people',
          kind: 'oidc',
          issuer: 'https://idp',
          keys: { url: 'https://idp/keys' },
          groupsClaim: 'groups',
        },
      ],
      policyFolder: 'policy',
      admin: '127.0.0.1:0',
    })
    expect(parseConfig({ file: 'bridge.yaml', text }, pathResolver('/run'))).toMatchObject({
      ok: true,
      value: {
        diagnostics: [],
        config: {
          accounts: ['SHOP', 'OFFICE'],
          callout: { mode },
          keys: { mode, xkey: [{ seedFile: '/run/xkey.nk' }] },
          policy: { folders: ['/run/policy'] },
          issuers: [{ audiences: ['nats'], trustDomain: 'cluster.local' }, { groupsClaim: 'groups' }],
        },
      },
    })
    const files = new Set(made.value.files.map(({ name }) => name))
    const named = [...text.matchAll(/File: (\S+)/g)].map((match) => match[1] ?? '')
    expect(named.filter((name) => !files.has(name))).toEqual([])
  })
})

describe('token files', () => {
  test('are made anew before they end, and never half', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'nib-tokens-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const path = join(folder, 'shop', 'orders.token')
    let made = 0
    const mint = (): Promise<string> => Promise.resolve(`token ${(made += 1)}`)
    const files = await keepTokenFiles([{ path, mint }], 0.05)
    onTestFinished(() => files.stop())
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect((await stat(join(folder, 'shop'))).mode & 0o777).toBe(0o700)
    await vi.waitFor(async () => expect(await readFile(path, 'utf8')).toMatch(/^token [3-9]$/))
    expect((await readdir(join(folder, 'shop'))).filter((name) => !name.endsWith('.new'))).toEqual(['orders.token'])
  })
})

describe('the folder of a run', () => {
  test('is for its owner alone, and goes with all that is in it', async () => {
    const folder = await createDevFolder()
    const file = await folder.write('keys/issuer.nk', 'a seed')
    expect((await stat(folder.path)).mode & 0o777).toBe(0o700)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    await folder.remove()
    await expect(stat(folder.path)).rejects.toThrow(/ENOENT/)
  })
})

describe('cleanup', () => {
  test('stops in the opposite order, everything even when one part fails, and only once', async () => {
    const stopped: string[] = []
    const cleanup = createCleanup()
    cleanup.add('server', () => void stopped.push('server'))
    cleanup.add('bridge', () => Promise.reject(new Error('stuck')))
    cleanup.add('client', async () => void stopped.push('client'))
    await expect(cleanup.run()).rejects.toThrow('bridge did not stop')
    expect(stopped).toEqual(['client', 'server'])
    await cleanup.run()
    expect(stopped).toEqual(['client', 'server'])
  })

  test('does not wait for ever for a part that hangs', async () => {
    const stopped: string[] = []
    const cleanup = createCleanup(20)
    cleanup.add('server', () => void stopped.push('server'))
    cleanup.add('bridge', () => new Promise(() => undefined))
    await expect(cleanup.run()).rejects.toThrow('bridge did not stop')
    expect(stopped).toEqual(['server'])
  })
})

describe('waiting', () => {
  test('ends with an error that says what was waited for', async () => {
    await expect(within(new Promise(() => undefined), 20, 'an answer')).rejects.toThrow(
      new DeadlineError('an answer', 20),
    )
    await expect(eventually(() => undefined, 20, 'a snapshot')).rejects.toThrow(
      'a snapshot did not happen within 0.02 s',
    )
  })

  test('gives what came in time, and the error of what failed', async () => {
    expect(await within(Promise.resolve(1), 1000, 'a value')).toBe(1)
    await expect(within(Promise.reject(new Error('broken')), 1000, 'a value')).rejects.toThrow('broken')
    let looks = 0
    expect(await eventually(() => ((looks += 1) > 2 ? looks : undefined), 1000, 'a third look')).toBe(3)
  })

  test('for an interruption ends at once when it has happened already', async () => {
    expect(await until(AbortSignal.abort())).toBeUndefined()
    const controller = new AbortController()
    const waiting = until(controller.signal)
    controller.abort()
    expect(await waiting).toBeUndefined()
  })
})

describe('the log in a terminal', () => {
  test('is one short line for what deserves a look, and nothing for the rest', () => {
    const lines: string[] = []
    const { logger } = createDevLog((line, isProblem) => lines.push(`${isProblem ? '!' : ' '} ${line}`))
    logger.info({ connection: 0 }, 'service connection connected')
    logger.info({ code: 'policy-changed' }, 'the policy in force is now snapshot 1')
    logger.error({ code: 'wrong-type', file: 'orders.yaml', line: 9, hint: 'write a list' }, 'publish is text')
    logger.warn({ problem: 'refused' }, 'service connection failed')
    expect(lines).toEqual([
      '  the policy in force is now snapshot 1',
      '! orders.yaml:9: publish is text: write a list',
      '! service connection failed: refused',
    ])
  })
})
