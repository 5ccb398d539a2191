import { renameSync } from 'node:fs'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Compilation, SourceText } from '../../src/compile/index.ts'
import type { Steps } from '../../src/lib/steps.ts'
import type { Diagnostic } from '../../src/policy/diagnostic.ts'
import type { Snapshot } from '../../src/policy/snapshot.ts'
import { createPolicySource, type PolicySource } from '../../src/sources/index.ts'
import { tempFolder } from '../support/temp-folder.ts'

const nothingBeside = { serviceAccounts: [], routed: [] }
const soon = { timeout: 10_000, interval: 5 }

/** Stands in for the compiler: the snapshot's id is the texts themselves; `bad` anywhere refuses them. */
function* compileTexts(texts: readonly SourceText[]): Steps<Compilation> {
  yield
  const all = texts.map(({ text }) => text.replaceAll(/#.*/g, '').trim()).join('|')
  if (all.includes('crash')) throw new TypeError('out of order')
  if (all.includes('bad')) {
    return {
      diagnostics: [{ severity: 'error', code: 'yaml-syntax', message: 'not valid YAML' }],
      withheld: 'not valid YAML',
      ...nothingBeside,
    }
  }
  const model = { accounts: [], grants: [], limits: [], ceilings: [] }
  const snapshot: Snapshot = { id: all, model, trustDomains: { local: 'cluster.local', aliases: [] } }
  const warnings: Diagnostic[] = all.includes('odd') ? [{ severity: 'warning', code: 'odd', message: 'odd' }] : []
  return { snapshot, diagnostics: warnings, ...nothingBeside }
}

interface Open {
  readonly source: PolicySource
  readonly logged: string[]
  readonly changes: string[]
  id(): string | undefined
}

async function open(...folders: string[]): Promise<Open> {
  const logged: string[] = []
  const changes: string[] = []
  const source = await createPolicySource({
    folders,
    compile: compileTexts,
    onChange: (snapshot) => void changes.push(snapshot.id),
    log: ({ code }) => void logged.push(code),
    now: Date.now,
    watching: { settleMs: 20, pollMs: 100 },
  })
  onTestFinished(() => source.close())
  return { source, logged, changes, id: () => source.current()?.id }
}

describe('a policy source', () => {
  test('has a snapshot as soon as it is there', async () => {
    const folder = tempFolder()
    folder.write('a.yaml', 'one')
    const { source, id, logged, changes } = await open(folder.path)
    expect(id()).toBe('one')
    expect(source.status()).toEqual({
      snapshotId: 'one',
      loadedAt: expect.any(Number),
      lastError: undefined,
      diagnostics: [],
      sources: [{ source: 'folders', asOf: expect.any(Number) }],
    })
    expect([logged, changes]).toEqual([['policy-changed'], ['one']])
  })

  test('follows edits, new files, removed files and link swaps', async () => {
    const folder = tempFolder()
    folder.mount('v1', { 'a.yaml': 'one' })
    const { id, changes } = await open(folder.path)
    folder.mount('v2', { 'a.yaml': 'two', 'b.yaml': 'three' })
    await expect.poll(id, soon).toBe('two|three')
    folder.mount('v3', { 'b.yaml': 'three' })
    await expect.poll(id, soon).toBe('three')
    // Nobody ever saw half of a swap.
    expect(changes).toEqual(['one', 'two|three', 'three'])
  })

  test('reads only whole mounts, however fast they are swapped', async () => {
    const folder = tempFolder()
    folder.mount('v0', { 'a.yaml': '0', 'b.yaml': '0' })
    const { id, changes } = await open(folder.path)
    for (let version = 1; version <= 30; version += 1) {
      folder.mount(`v${version}`, { 'a.yaml': `${version}`, 'b.yaml': `${version}` })
      if (version % 10 === 0) await expect.poll(id, soon).toBe(`${version}|${version}`)
    }
    for (const change of changes) {
      const [a, b] = change.split('|')
      expect(a).toBe(b)
    }
  })

  test.for<[string, (folder: ReturnType<typeof tempFolder>) => void]>([
    ['an edit that does not compile', (folder) => folder.replace('a.yaml', 'bad')],
    ['a half-written file', (folder) => void folder.write('a.yaml', 'bad: [')],
    ['a truncated file', (folder) => void folder.write('a.yaml', '')],
    ['the last file deleted', (folder) => folder.remove('a.yaml')],
    ['a fault in the compiler', (folder) => folder.replace('a.yaml', 'crash')],
  ])('keeps the last good snapshot through %s, says since when, and recovers', async ([, harm]) => {
    const folder = tempFolder()
    folder.write('a.yaml', 'good')
    const { source, id, logged, changes } = await open(folder.path)
    harm(folder)
    await expect.poll(() => source.status().lastError, soon).toBeDefined()
    expect(id()).toBe('good')
    expect(source.status()).toMatchObject({ snapshotId: 'good', lastError: { since: expect.any(Number) } })
    expect(source.status().lastError?.diagnostics[0]?.severity).toBe('error')
    const since = source.status().lastError?.since ?? 0
    expect(since).toBeGreaterThanOrEqual(source.status().loadedAt ?? Infinity)
    folder.write('a.yaml', 'still bad')
    await expect.poll(() => source.status().lastError?.diagnostics[0]?.code, soon).toBe('yaml-syntax')
    expect(source.status().lastError?.since).toBe(since)
    folder.write('a.yaml', 'better')
    await expect.poll(id, soon).toBe('better')
    expect(source.status().lastError).toBeUndefined()
    expect(changes).toEqual(['good', 'better'])
    expect(logged.filter((code) => code === 'policy-kept')).toHaveLength(1)
  })

  test('keeps the last good snapshot while its folder is gone, and takes up the one that comes back', async () => {
    const folder = tempFolder()
    folder.write('policy/a.yaml', 'good')
    const { source, id } = await open(folder.at('policy'))
    renameSync(folder.at('policy'), folder.at('aside'))
    await expect.poll(() => source.status().lastError?.diagnostics[0]?.code, soon).toBe('folder-unreadable')
    expect(id()).toBe('good')
    folder.write('policy/a.yaml', 'new')
    await expect.poll(id, soon).toBe('new')
  })

  test('keeps the last good snapshot when one of two folders vanishes', async () => {
    const folder = tempFolder()
    folder.write('allow/a.yaml', 'allow')
    folder.write('deny/d.yaml', 'deny')
    const { source, id } = await open(folder.at('allow'), folder.at('deny'))
    folder.remove('deny')
    await expect.poll(() => source.status().lastError, soon).toBeDefined()
    expect(id()).toBe('allow|deny')
  })

  test('has no snapshot until the first good policy, and says that logins are refused', async () => {
    const folder = tempFolder()
    folder.write('a.yaml', 'bad')
    const { source, id, logged } = await open(folder.path)
    expect(id()).toBeUndefined()
    expect(source.status()).toMatchObject({ snapshotId: undefined, loadedAt: undefined, lastError: {} })
    expect(logged).toEqual(['yaml-syntax', 'policy-kept'])
    folder.replace('a.yaml', 'good')
    await expect.poll(id, soon).toBe('good')
  })

  test('names a warning once, and not again while it lasts', async () => {
    const folder = tempFolder()
    folder.write('a.yaml', 'odd')
    const { id, logged } = await open(folder.path)
    folder.replace('a.yaml', 'odd two')
    await expect.poll(id, soon).toBe('odd two')
    expect(logged).toEqual(['odd', 'policy-changed', 'policy-changed'])
  })

  test('reports no change when only a comment changed, but reads the new text', async () => {
    const folder = tempFolder()
    folder.write('a.yaml', 'same')
    const { source, changes } = await open(folder.path)
    const before = source.current()
    folder.replace('a.yaml', '# why\nsame')
    await expect.poll(() => source.current() !== before, soon).toBe(true)
    expect(changes).toEqual(['same'])
  })
})
