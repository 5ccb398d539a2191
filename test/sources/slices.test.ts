/** A compilation in slices, turn by turn in the hand of a test: no clock but one that counts steps. */
import { describe, expect, onTestFinished, test } from 'vitest'
import { createStepwiseCompiler, type Compilation, type SourceObject } from '../../src/compile/index.ts'
import type { Json } from '../../src/lib/json.ts'
import type { Steps } from '../../src/lib/steps.ts'
import { sha256Hex, sha256InPieces } from '../../src/serve/sha256.ts'
import { parseSpiffeId } from '../../src/identity/spiffe-id.ts'
import { workloadPrincipal } from '../../src/identity/principal.ts'
import type { Cluster } from '../../src/kube/index.ts'
import { createDecide } from '../../src/policy/decide.ts'
import { createPolicySource, type PolicySource, type PolicySourceOptions } from '../../src/sources/index.ts'
import { createSlicedWork, type Turns } from '../../src/sources/slices.ts'
import { fakeCluster, type FakeCluster } from './fake-cluster.ts'

/** Each look at the clock is a millisecond later, so that a slice is eight steps. */
function counted(): { turns: Turns; turn(): boolean; left(): number } {
  const deferred: (() => void)[] = []
  let time = 0
  return {
    turns: { now: () => (time += 1), defer: (callback) => void deferred.push(callback) },
    /** @returns whether there was anything to do. */
    turn() {
      const next = deferred.shift()
      next?.()
      return next !== undefined
    },
    left: () => deferred.length,
  }
}

describe('work in slices', () => {
  test('gives others a turn after eight milliseconds, and is done once', () => {
    const { turns, turn } = counted()
    let steps = 0
    const work = createSlicedWork(function* () {
      for (; steps < 20; steps += 1) yield
    }, turns)
    work.run()
    expect(steps).toBe(0)
    const seen: number[] = []
    while (turn()) seen.push(steps)
    expect(seen).toEqual([7, 15, 20])
  })

  test('is done once more for all that was asked while it was under way', () => {
    const { turns, turn } = counted()
    const begun: string[] = []
    let now = 'one'
    const work = createSlicedWork(function* () {
      begun.push(now)
      for (let steps = 0; steps < 20; steps += 1) yield
    }, turns)
    work.run()
    turn()
    for (now of ['two', 'three']) work.run()
    while (turn());
    expect(begun).toEqual(['one', 'three'])
  })

  test('goes no further once it is stopped, and never again', () => {
    const { turns, turn } = counted()
    let steps = 0
    const work = createSlicedWork(function* () {
      for (; ; steps += 1) yield
    }, turns)
    work.run()
    turn()
    work.stop()
    work.run()
    while (turn());
    expect(steps).toBe(7)
  })
})

const trustDomains = { local: 'cluster.local', aliases: [] }
const API_VERSION = 'nats-identity-bridge.dev/v1alpha1'

function objectOf(value: Json): SourceObject {
  return { value, mistakes: [], locate: () => undefined }
}

const accountMap = objectOf({
  apiVersion: API_VERSION,
  kind: 'AccountMap',
  metadata: { name: 'accounts' },
  spec: { accounts: [{ account: 'SHOP', principals: [{ authenticated: true }] }] },
})

function subjectRoute(routes: number): SourceObject {
  return objectOf({
    apiVersion: API_VERSION,
    kind: 'SubjectRoute',
    metadata: { name: 'orders', namespace: 'shop' },
    spec: {
      workload: { labels: { app: 'orders' }, serviceAccount: 'orders' },
      routes: Array.from({ length: routes }, (_, i) => ({
        subject: `r${i}.{id}.get`,
        method: 'GET',
        path: `/r${i}/{id}`,
      })),
    },
  })
}

function authorizationPolicy(rules: number, paths: number): SourceObject {
  return objectOf({
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name: 'orders', namespace: 'shop' },
    spec: {
      selector: { matchLabels: { app: 'orders' } },
      rules: Array.from({ length: rules }, (_, rule) => ({
        from: [{ source: { namespaces: [`n${rule}`] } }],
        to: [{ operation: { paths: Array.from({ length: paths }, (_, path) => `/r${rule * paths + path}/*`) } }],
      })),
    },
  })
}

function newCompiler() {
  return createStepwiseCompiler({ trustDomains, forbiddenAccounts: [], hash: sha256Hex, hashing: sha256InPieces })
}

function drive<T>(steps: Steps<T>): { readonly count: number; readonly result: T } {
  for (let count = 1; ; count += 1) {
    const step = steps.next()
    if (step.done === true) return { count, result: step.value }
  }
}

describe('the compiler', () => {
  test('has a step for each route and each rule near it, not for each pair of them', () => {
    const small = drive(newCompiler()([], [accountMap, subjectRoute(200), authorizationPolicy(40, 5)]))
    const large = drive(newCompiler()([], [accountMap, subjectRoute(400), authorizationPolicy(80, 5)]))
    expect(small.result.snapshot?.model.grants).toHaveLength(400)
    expect(small.count).toBeGreaterThan(400)
    expect(large.count).toBeGreaterThan(800)
    expect(large.count).toBeLessThan(2.2 * small.count)
  })

  test('is not harmed by a run that was put aside, wherever that was', () => {
    const [routes, policy] = [subjectRoute(20), authorizationPolicy(4, 5)]
    const expected = drive(newCompiler()([], [accountMap, routes, policy]))
    for (let stop = 1; stop < expected.count; stop += 3) {
      const compile = newCompiler()
      const first = compile([], [accountMap, subjectRoute(5), policy])
      for (let step = 0; step < stop; step += 1) first.next()
      const second = compile([], [accountMap, routes, policy])
      for (let step = 0; step < stop; step += 1) second.next()
      const { snapshot, diagnostics } = drive(compile([], [accountMap, routes, policy])).result
      expect({ snapshot, diagnostics }).toEqual({
        snapshot: expected.result.snapshot,
        diagnostics: expected.result.diagnostics,
      })
    }
  })
})

interface Open {
  readonly source: PolicySource
  readonly cluster: FakeCluster
  readonly changes: string[]
  readonly turn: () => boolean
  /** Fulfilled once a compilation waits for its first turn. */
  begun(): Promise<void>
}

/** The snapshot's id is the names of the objects, after a hundred steps. */
function* compileSlowly(_texts: unknown, objects: readonly SourceObject[] = []): Steps<Compilation> {
  for (let step = 0; step < 100; step += 1) yield
  const id = objects.map(({ value }) => (value as { metadata: { name: string } }).metadata.name).join('|')
  const nothing = { diagnostics: [], serviceAccounts: [], routed: [] }
  if (id.includes('crash')) throw new TypeError('out of order')
  if (id.includes('bad')) {
    return { ...nothing, diagnostics: [{ severity: 'error', code: 'bad', message: 'bad' }], withheld: 'bad' }
  }
  const model = { accounts: [], grants: [], limits: [], ceilings: [] }
  return { ...nothing, snapshot: { id, model, trustDomains } }
}

async function open(options: Partial<PolicySourceOptions> = {}): Promise<Open> {
  const cluster = fakeCluster(['one'])
  cluster.settle()
  const { turns, turn, left } = counted()
  const changes: string[] = []
  const source = await createPolicySource({
    folders: [],
    cluster: cluster.open,
    compile: compileSlowly,
    onChange: ({ id }) => void changes.push(id),
    log: () => undefined,
    now: Date.now,
    gathering: { settleMs: 0, patienceMs: 0 },
    turns,
    ...options,
  })
  onTestFinished(() => source.close())
  const begun = (): Promise<void> => expect.poll(left, { timeout: 10_000, interval: 1 }).toBe(1)
  return { source, cluster, changes, turn, begun }
}

describe('a policy source', () => {
  test('has the last snapshot in force until the next is whole', async () => {
    const { source, cluster, changes, turn, begun } = await open()
    cluster.give(['two'])
    await begun()
    let turns = 0
    while (source.current()?.id === 'one') {
      expect(source.status()).toMatchObject({ snapshotId: 'one', lastError: undefined })
      expect(turn()).toBe(true)
      turns += 1
    }
    expect(turns).toBeGreaterThan(10)
    while (turn());
    expect([source.current()?.id, changes]).toEqual(['two', ['one', 'two']])
  })

  test('takes up what changed meanwhile afterwards, the newest alone, and never goes back', async () => {
    const { source, cluster, changes, turn, begun } = await open()
    cluster.give(['two'])
    await begun()
    turn()
    cluster.give(['three'])
    cluster.give(['four'])
    // The gathering of these is a matter of the next timers.
    await expect
      .poll(
        () => {
          turn()
          return source.current()?.id
        },
        { timeout: 10_000, interval: 1 },
      )
      .toBe('four')
    while (turn());
    expect(changes).toEqual(['one', 'two', 'four'])
  })

  test.for(['bad', 'crash'])(
    'keeps the last good snapshot through %s, says so when it is known, and goes on',
    async (name) => {
      const { source, cluster, turn, begun } = await open()
      cluster.give([name])
      await begun()
      turn()
      expect(source.status().lastError).toBeUndefined()
      while (turn());
      expect(source.status()).toMatchObject({ snapshotId: 'one', lastError: { since: expect.any(Number) } })
      cluster.give(['two'])
      await begun()
      turn()
      expect(source.status().lastError).toBeDefined()
      while (turn());
      expect(source.status()).toMatchObject({ snapshotId: 'two', lastError: undefined })
    },
  )

  test('that is closed during a compilation ends it', async () => {
    const { source, cluster, changes, turn, begun } = await open()
    cluster.give(['two'])
    await begun()
    turn()
    source.close()
    while (turn());
    expect([source.current()?.id, changes]).toEqual(['one', ['one']])
  })

  test('lets logins be decided all the time while thousands of pairs of routes and paths are compiled', async () => {
    const id = parseSpiffeId('spiffe://cluster.local/ns/shop/sa/web')
    if (!id.ok) throw new Error(id.error)
    const principal = workloadPrincipal(id.value)
    const decide = createDecide(sha256Hex)
    let objects: readonly SourceObject[] = [accountMap]
    let notify = (): void => undefined
    const cluster = (onChange: () => void): Cluster => {
      notify = onChange
      const status = { problems: [], remarks: [], resources: [] }
      const settled = Promise.resolve()
      return { settled, objects: () => objects, status: () => status, judged: () => undefined, close: () => undefined }
    }
    const { source, turn, begun } = await open({ cluster, compile: newCompiler(), prepare: decide.prepare })
    const before = source.current()
    objects = [accountMap, subjectRoute(300), authorizationPolicy(60, 10)]
    notify()
    await begun()
    let logins = 0
    for (; source.current() === before; turn()) {
      if (before === undefined) throw new Error('there is a policy to begin with')
      expect(decide(before, principal).effect).toBe('allow')
      logins += 1
    }
    expect(logins).toBeGreaterThan(50)
    expect(source.current()?.model.grants).toHaveLength(600)
  })
})
