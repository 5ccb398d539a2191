/** A cluster as a source of policy, alone and beside folders: what is in force when, and what is said of it. */
import { describe, expect, onTestFinished, test } from 'vitest'
import type { StepwiseCompiler } from '../../src/compile/index.ts'
import type { Snapshot } from '../../src/policy/snapshot.ts'
import { createPolicySource, type PolicySource, type PolicySourceOptions } from '../../src/sources/index.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { fakeCluster, problem, type FakeCluster } from './fake-cluster.ts'

const soon = { timeout: 10_000, interval: 2 }

/** The snapshot's id is all texts and names of objects; `bad` among them withholds it. */
const compile: StepwiseCompiler = function* (texts, objects = []) {
  yield
  const names = objects.map(({ value }) => (value as { metadata: { name: string } }).metadata.name)
  const id = [...texts.map(({ text }) => text.trim()), ...names].join('|')
  const beside = { serviceAccounts: [{ namespace: 'shop', name: id }], routed: [] }
  if (id.includes('bad')) {
    const diagnostics = [
      { severity: 'error', code: 'bad', message: 'bad', kind: 'SubjectPolicy', name: 'bad' } as const,
    ]
    return { diagnostics, withheld: 'bad', ...beside }
  }
  const model = { accounts: [], grants: [], limits: [], ceilings: [] }
  const snapshot: Snapshot = { id, model, trustDomains: { local: 'cluster.local', aliases: [] } }
  return { snapshot, diagnostics: [], ...beside }
}

interface Open {
  readonly source: PolicySource
  readonly changes: string[]
  readonly logged: string[]
  id(): string | undefined
}

async function open(cluster: FakeCluster, options: Partial<PolicySourceOptions> = {}): Promise<Open> {
  const changes: string[] = []
  const logged: string[] = []
  const source = await createPolicySource({
    folders: [],
    cluster: cluster.open,
    compile,
    onChange: ({ id }) => void changes.push(id),
    log: ({ code }) => void logged.push(code),
    now: Date.now,
    watching: { settleMs: 10, pollMs: 20 },
    gathering: { settleMs: 10, patienceMs: 50 },
    ...options,
  })
  onTestFinished(() => source.close())
  return { source, changes, logged, id: () => source.current()?.id }
}

async function settledWith(
  names: readonly string[],
  options: Partial<PolicySourceOptions> = {},
): Promise<Open & { cluster: FakeCluster }> {
  const cluster = fakeCluster(names)
  cluster.settle()
  return { cluster, ...(await open(cluster, options)) }
}

describe('a cluster as a source', () => {
  test('is compiled once its first lists are there, and not before', async () => {
    const cluster = fakeCluster()
    let started = false
    const opening = open(cluster).then((one) => {
      started = true
      return one
    })
    cluster.give(['half'])
    cluster.notify()
    await new Promise(setImmediate)
    expect(started).toBe(false)
    cluster.give(['one', 'two'])
    cluster.settle()
    const { id, changes, source } = await opening
    expect([id(), changes]).toEqual(['one|two', ['one|two']])
    expect(source.status()).toMatchObject({
      snapshotId: 'one|two',
      lastError: undefined,
      sources: [{ source: 'cluster' }],
    })
  })

  test('does not hold up the start for ever, and has then no policy, with a reason', async () => {
    const cluster = fakeCluster()
    cluster.say({ problems: [problem('the API does not answer')] })
    const { source, id, logged } = await open(cluster, { startMs: 20 })
    expect(id()).toBeUndefined()
    expect(source.asked()).toBeUndefined()
    expect(source.status().lastError?.diagnostics[0]?.message).toBe('the API does not answer')
    expect(logged).toEqual(['cluster-unreachable', 'policy-kept'])
    cluster.say({ problems: [] })
    cluster.give(['late'])
    await expect.poll(id, soon).toBe('late')
    expect(source.status().lastError).toBeUndefined()
  })

  test('is taken up change by change, a burst as one', async () => {
    const { cluster, id, changes } = await settledWith(['one'])
    cluster.give(['one', 'two'])
    cluster.give(['one', 'two', 'three'])
    for (let event = 0; event < 10_000; event += 1) cluster.notify()
    await expect.poll(id, soon).toBe('one|two|three')
    expect(changes).toEqual(['one', 'one|two|three'])
  })

  test('is not compiled again when nothing of it differs', async () => {
    let compiled = 0
    const counting: StepwiseCompiler = (...sources) => {
      compiled += 1
      return compile(...sources)
    }
    const { cluster, source } = await settledWith(['one'], { compile: counting })
    cluster.say({ remarks: [{ severity: 'warning', code: 'remark', message: 'x' }] })
    cluster.notify()
    cluster.say({ problems: [problem('down')] })
    await expect.poll(() => source.status().lastError, soon).toBeDefined()
    expect([compiled, cluster.verdicts.length]).toEqual([1, 1])
  })

  test('keeps the last good policy through an outage, says since when, and when it is over', async () => {
    const { cluster, source, id, logged, changes } = await settledWith(['one'])
    cluster.say({ problems: [problem('down')], asOf: 1234 })
    await expect.poll(() => source.status().lastError, soon).toMatchObject({ since: expect.any(Number) })
    expect(source.status().sources).toEqual([{ source: 'cluster', asOf: 1234, problem: 'down' }])
    expect(id()).toBe('one')
    cluster.say({ problems: [] })
    await expect.poll(() => source.status().lastError, soon).toBeUndefined()
    expect(logged).toEqual(['policy-changed', 'cluster-unreachable', 'policy-kept', 'policy-current'])
    expect(changes).toEqual(['one'])
  })

  test('keeps the last good policy when its objects do not compile, and tells the cluster which are in force', async () => {
    const { cluster, source, id } = await settledWith(['one'])
    expect(cluster.verdicts.map(({ inForce }) => inForce.size)).toEqual([1])
    cluster.give(['one', 'bad'])
    await expect.poll(() => source.status().lastError?.diagnostics[0]?.code, soon).toBe('bad')
    expect(id()).toBe('one')
    expect(cluster.verdicts.at(-1)).toMatchObject({ diagnostics: [{ code: 'bad' }] })
    expect(cluster.verdicts.at(-1)?.inForce).toBe(cluster.verdicts[0]?.inForce)
    cluster.give(['better'])
    await expect.poll(id, soon).toBe('better')
    expect(source.status().lastError).toBeUndefined()
  })

  test('is asked of with all that was known when its snapshot was made', async () => {
    const { cluster, source } = await settledWith(['one'])
    cluster.give(['bad'])
    await expect.poll(() => source.status().lastError, soon).toBeDefined()
    expect(source.asked()).toMatchObject({
      snapshot: { id: 'one' },
      diagnostics: [],
      serviceAccounts: [{ name: 'one' }],
    })
  })

  test('is closed with its source', async () => {
    const { cluster, source } = await settledWith(['one'])
    source.close()
    expect(cluster.isClosed()).toBe(true)
  })
})

describe('a cluster and folders together', () => {
  test('are one policy, whichever of them changes', async () => {
    const folder = tempFolder()
    folder.write('a.yaml', 'file')
    const { cluster, id, changes } = await settledWith(['object'], { folders: [folder.path] })
    cluster.give(['other'])
    await expect.poll(id, soon).toBe('file|other')
    folder.replace('a.yaml', 'edit')
    await expect.poll(id, soon).toBe('edit|other')
    // Never one without the other.
    expect(changes).toEqual(['file|object', 'file|other', 'edit|other'])
  })

  test('say nothing before both were looked at for the first time', async () => {
    const folder = tempFolder()
    folder.write('a.yaml', 'file')
    const cluster = fakeCluster()
    cluster.say({ problems: [problem('not listed yet')] })
    let read = 0
    const nameFile = (path: string): string => {
      read += 1
      return path
    }
    const opening = open(cluster, { folders: [folder.path], nameFile })
    await expect.poll(() => read, soon).toBe(1)
    folder.replace('a.yaml', 'edit')
    // Then the first reading is over.
    await expect.poll(() => read, soon).toBe(2)
    cluster.say({ problems: [] })
    cluster.give(['object'])
    cluster.settle()
    const { logged, id } = await opening
    await expect.poll(id, soon).toBe('edit|object')
    expect(logged).not.toContain('policy-kept')
  })

  test('have no policy while either was never read', async () => {
    const folder = tempFolder()
    folder.write('a.yaml', 'file')
    const cluster = fakeCluster()
    cluster.settle()
    cluster.say({ problems: [problem('forbidden')] })
    const { id, source } = await open(cluster, { folders: [folder.path] })
    expect([id(), source.status().lastError?.diagnostics[0]?.message]).toEqual([undefined, 'forbidden'])
    const { id: other, source: empty } = await settledWith(['object'], { folders: [folder.at('none')] })
    expect([other(), empty.status().lastError?.diagnostics[0]?.code]).toEqual([undefined, 'folder-unreadable'])
  })

  test('go on with one while the other cannot be read, which counts as it last was', async () => {
    const folder = tempFolder()
    folder.write('a.yaml', 'file')
    const { cluster, id, source } = await settledWith(['object'], { folders: [folder.path] })
    folder.remove('a.yaml')
    await expect.poll(() => source.status().sources[0]?.problem, soon).toMatch(/holds no YAML file/)
    const { asOf = 0 } = source.status().sources[0] ?? {}
    cluster.give(['other'])
    await expect.poll(id, soon).toBe('file|other')
    expect(source.status()).toMatchObject({ lastError: { diagnostics: [{ code: 'folder-empty' }] } })
    expect(source.status().sources[0]?.asOf).toBe(asOf)
    cluster.say({ problems: [problem('down')] })
    folder.write('a.yaml', 'edit')
    await expect.poll(id, soon).toBe('edit|other')
    await expect
      .poll(() => source.status().lastError?.diagnostics.map(({ message }) => message), soon)
      .toEqual(['down'])
  })
})
