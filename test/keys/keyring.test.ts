import { chmodSync, rmSync } from 'node:fs'
import { inspect } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openKeyring, type Keyring, type KeyringSettings } from '../../src/keys/index.ts'
import { createBoxKey, createSigningKey, parseVerifier } from '../../src/nkey/index.ts'
import type { Diagnostic } from '../../src/policy/diagnostic.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'
import { NEXT_STEP } from './next-steps.ts'

const soon = { timeout: 10_000, interval: 5 }

function configMode(issuer: string[], xkey: string[] = []): KeyringSettings {
  return {
    mode: 'config',
    issuer: issuer.map((seedFile) => ({ seedFile })),
    xkey: xkey.map((seedFile) => ({ seedFile })),
  }
}

interface Opened {
  readonly keyring: Keyring
  readonly logged: Diagnostic[]
}

async function open(settings: KeyringSettings): Promise<Opened> {
  const logged: Diagnostic[] = []
  const log = (diagnostic: Diagnostic): void => void logged.push(diagnostic)
  const result = await openKeyring(settings, { now: Date.now, log, watching: { settleMs: 10, pollMs: 100 } })
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.error)}`)
  onTestFinished(() => result.value.close())
  return { keyring: result.value, logged }
}

async function refusal(settings: KeyringSettings): Promise<readonly Diagnostic[]> {
  const logged: Diagnostic[] = []
  const result = await openKeyring(settings, { now: Date.now, log: (diagnostic) => void logged.push(diagnostic) })
  expect(logged, 'a refused keyring reports once, in its answer').toEqual([])
  if (result.ok) {
    result.value.close()
    throw new Error('opened')
  }
  return result.error
}

describe('a keyring in config mode', () => {
  test('signs with the key that the request names, for any account and for the response', async () => {
    const folder = tempFolder()
    const old = createSigningKey('A')
    const next = createSigningKey('A')
    const { keyring } = await open(configMode([folder.write('old', old.seed), folder.write('new', `${next.seed}\n`)]))
    for (const { publicKey } of [old, next]) {
      expect(keyring.isOurs(publicKey)).toBe(true)
      const account = keyring.forAccount('SHOP', publicKey)
      expect(account?.placement).toEqual({ mode: 'config', account: 'SHOP' })
      expect(account?.signer.publicKey).toBe(publicKey)
      const response = keyring.forResponse(publicKey)
      const verifier = parseVerifier(publicKey, 'A')
      const data = Buffer.from('data')
      const signature = response?.signer.sign(data)
      expect(verifier.ok && signature !== undefined && verifier.value.verify(data, signature)).toBe(true)
      expect(response).not.toHaveProperty('issuerAccount')
    }
  })

  test('has nothing for a key that is not its own', async () => {
    const folder = tempFolder()
    const stranger = createSigningKey('A').publicKey
    const { keyring } = await open(configMode([folder.write('key', createSigningKey('A').seed)]))
    expect(keyring.isOurs(stranger)).toBe(false)
    expect(keyring.forAccount('SHOP', stranger)).toBeUndefined()
    expect(keyring.forResponse(stranger)).toBeUndefined()
  })

  test('holds both xkeys of a rotation', async () => {
    const folder = tempFolder()
    const [one, two] = [createBoxKey(), createBoxKey()]
    const xkeys = [folder.write('x1', one.seed), folder.write('x2', two.seed)]
    const { keyring } = await open(configMode([folder.write('key', createSigningKey('A').seed)], xkeys))
    expect(keyring.boxKeys().map((key) => key.publicKey)).toEqual([one.publicKey, two.publicKey])
    expect(keyring.boxKeys()).toBe(keyring.boxKeys())
  })

  test('holds both keys of a file with two seeds, so that one file is enough to rotate', async () => {
    const folder = tempFolder()
    const [old, next] = [createSigningKey('A'), createSigningKey('A')]
    const { keyring } = await open(configMode([folder.write('key', old.seed)]))
    const before = keyring.forResponse(old.publicKey)?.signer
    folder.replace('key', `${next.seed}\n${old.seed}\n`)
    await expect.poll(() => keyring.isOurs(next.publicKey), soon).toBe(true)
    expect(keyring.forResponse(old.publicKey)?.signer).toBe(before)
    folder.replace('key', `${next.seed}\n`)
    await expect.poll(() => keyring.isOurs(old.publicKey), soon).toBe(false)
  })

  test('takes seeds between the marks that nsc and nk write around them', async () => {
    const folder = tempFolder()
    const key = createSigningKey('A')
    const decorated = `-----BEGIN ACCOUNT NKEY SEED-----\n${key.seed}\n------END ACCOUNT NKEY SEED------\n\n# of the shop\n`
    const { keyring } = await open(configMode([folder.write('key', decorated)]))
    expect(keyring.isOurs(key.publicKey)).toBe(true)
  })
})

describe('a keyring that cannot open', () => {
  test.for<[string, (folder: TempFolder) => string, string, RegExp]>([
    ['a missing file', (folder) => folder.at('none'), 'key-file-unreadable', /does not exist/],
    ['a folder', (folder) => folder.path, 'key-file-unreadable', /is a folder/],
    ['an empty file', (folder) => folder.write('k', '\n'), 'key-file-malformed', /holds no seed/],
    ['a user seed', (folder) => folder.write('k', createSigningKey('U').seed), 'key-file-malformed', /starts with SA/],
    [
      'a public key',
      (folder) => folder.write('k', createSigningKey('A').publicKey),
      'key-file-malformed',
      /starts with SA/,
    ],
    [
      'a damaged seed',
      (folder) => folder.write('k', damaged(createSigningKey('A').seed)),
      'key-file-malformed',
      /damaged/,
    ],
    [
      'five seeds',
      (folder) => folder.write('k', Array.from({ length: 5 }, () => createSigningKey('A').seed).join('\n')),
      'key-file-malformed',
      /5 lines, expected at most 4 seeds/,
    ],
    [
      'a good seed and a damaged one',
      (folder) => folder.write('k', `${createSigningKey('A').seed}\n${damaged(createSigningKey('A').seed)}`),
      'key-file-malformed',
      /seed 2 of 2/,
    ],
    ['a huge file', (folder) => folder.write('k', 'S'.repeat(5000)), 'key-file-unreadable', /larger than/],
  ])('names %s and what to do', async ([, make, code, message]) => {
    const file = make(tempFolder())
    const [diagnostic, ...others] = await refusal(configMode([file]))
    expect(others).toEqual([])
    expect(diagnostic).toMatchObject({ severity: 'error', code, file, message: expect.stringMatching(message) })
    expect(diagnostic?.hint).toMatch(NEXT_STEP[code] ?? /no such code/)
  })

  test('names every bad file at once', async () => {
    const folder = tempFolder()
    const settings = configMode(
      [folder.at('a'), folder.write('b', 'x')],
      [folder.write('c', createSigningKey('A').seed)],
    )
    expect((await refusal(settings)).map(({ code, file }) => [code, file])).toEqual([
      ['key-file-unreadable', folder.at('a')],
      ['key-file-malformed', folder.at('b')],
      ['key-file-malformed', folder.at('c')],
    ])
  })
})

describe('a keyring in use', () => {
  test('takes up a replaced key, tells who listens, and says which keys are in use now', async () => {
    const folder = tempFolder()
    const [old, next] = [createSigningKey('A'), createSigningKey('A')]
    const { keyring, logged } = await open(configMode([folder.write('key', old.seed)]))
    let changes = 0
    keyring.onChange(() => (changes += 1))
    folder.replace('key', next.seed)
    await expect.poll(() => keyring.isOurs(next.publicKey), soon).toBe(true)
    expect(keyring.isOurs(old.publicKey)).toBe(false)
    expect(changes).toBe(1)
    expect(keyring.status().keys).toEqual([{ part: 'callout issuer', publicKey: next.publicKey }])
    expect(logged).toEqual([
      { severity: 'info', code: 'keys-changed', message: expect.stringContaining(next.publicKey) },
    ])
  })

  test('takes up the link swap of a Kubernetes Secret', async () => {
    const folder = tempFolder()
    const [old, next, box] = [createSigningKey('A'), createSigningKey('A'), createBoxKey()]
    folder.mount('v1', { issuer: old.seed, xkey: box.seed })
    const { keyring } = await open(configMode([folder.at('issuer')], [folder.at('xkey')]))
    const [boxKey] = keyring.boxKeys()
    folder.mount('v2', { issuer: next.seed, xkey: box.seed })
    await expect.poll(() => keyring.isOurs(next.publicKey), soon).toBe(true)
    // What was worked out with a key that did not change must not be lost.
    expect(keyring.boxKeys()[0]).toBe(boxKey)
  })

  test.for<[string, (folder: TempFolder) => void, string]>([
    ['half-written', (folder) => folder.write('key', 'SAAB'), 'key-file-malformed'],
    ['emptied', (folder) => folder.replace('key', ''), 'key-file-malformed'],
    ['deleted', (folder) => rmSync(folder.at('key'), { force: true }), 'key-file-unreadable'],
    ['replaced by another kind of key', (folder) => folder.replace('key', createBoxKey().seed), 'key-file-malformed'],
  ])('keeps the last good key while its file is %s, and says so once', async ([, harm, code]) => {
    const folder = tempFolder()
    const [good, next] = [createSigningKey('A'), createSigningKey('A')]
    const { keyring, logged } = await open(configMode([folder.write('key', good.seed)]))
    harm(folder)
    await expect.poll(() => keyring.status().diagnostics.map((diagnostic) => diagnostic.code), soon).toEqual([code])
    expect(keyring.isOurs(good.publicKey)).toBe(true)
    expect(keyring.status().diagnostics[0]?.message).toContain('what was read before stays in use')
    const { readAt } = keyring.status()
    harm(folder)
    await expect.poll(() => keyring.status().readAt, soon).toBeGreaterThan(readAt)
    folder.write('key', next.seed)
    await expect.poll(() => keyring.isOurs(next.publicKey), soon).toBe(true)
    expect(keyring.status().diagnostics).toEqual([])
    expect(logged.map((diagnostic) => diagnostic.code)).toEqual([code, 'keys-changed'])
  })

  test('rotates one key while the file of another is broken', async () => {
    const folder = tempFolder()
    const [one, two, next] = [createSigningKey('A'), createSigningKey('A'), createSigningKey('A')]
    const { keyring } = await open(configMode([folder.write('one', one.seed), folder.write('two', two.seed)]))
    folder.write('one', 'broken')
    folder.replace('two', next.seed)
    await expect.poll(() => keyring.isOurs(next.publicKey), soon).toBe(true)
    expect(keyring.isOurs(one.publicKey)).toBe(true)
    expect(keyring.isOurs(two.publicKey)).toBe(false)
  })

  test('tells nobody of a file that was only written anew', async () => {
    const folder = tempFolder()
    const [key, next] = [createSigningKey('A'), createSigningKey('A')]
    const { keyring, logged } = await open(configMode([folder.write('key', key.seed)]))
    let changes = 0
    const end = keyring.onChange(() => (changes += 1))
    const { readAt } = keyring.status()
    folder.replace('key', `${key.seed}\n`)
    await expect.poll(() => keyring.status().readAt, soon).toBeGreaterThan(readAt)
    expect([changes, logged]).toEqual([0, []])
    end()
    folder.replace('key', next.seed)
    await expect.poll(() => keyring.isOurs(next.publicKey), soon).toBe(true)
    expect(changes).toBe(0)
  })

  test('warns of a seed that every user of the machine can read, and of the same key in two files', async () => {
    const folder = tempFolder()
    const key = createSigningKey('A')
    const open644 = folder.write('open', key.seed)
    chmodSync(open644, 0o644)
    const { keyring, logged } = await open(configMode([open644, folder.write('again', key.seed)]))
    expect(logged).toEqual(keyring.status().diagnostics)
    expect(logged.map(({ severity, code }) => [severity, code])).toEqual([
      ['warning', 'key-file-readable-by-all'],
      ['warning', 'key-listed-twice'],
    ])
    expect(logged[0]?.message).toContain('mode 0644')
  })

  test('lets no seed into messages, status or itself as it prints', async () => {
    const folder = tempFolder()
    const [good, other, box] = [createSigningKey('A'), createSigningKey('U'), createBoxKey()]
    const { keyring, logged } = await open(configMode([folder.write('key', good.seed)], [folder.write('x', box.seed)]))
    folder.write('key', `${other.seed}\n${damaged(good.seed)}`)
    await expect.poll(() => logged.length, soon).toBe(1)
    folder.write('key', damaged(good.seed))
    await expect.poll(() => logged.length, soon).toBe(2)
    const shown = inspect([logged, keyring, keyring.status(), keyring.forResponse(good.publicKey)], { depth: 9 })
    for (const { seed } of [good, other, box]) expect(shown).not.toContain(seed.slice(2, 40))
  })
})

/** One character other than it was, so that the checksum does not fit. */
function damaged(seed: string): string {
  const other = seed[20] === 'A' ? 'B' : 'A'
  return seed.slice(0, 20) + other + seed.slice(21)
}
