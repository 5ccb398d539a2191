/** What a real API server does not do on demand. Whatever it is: what was known stays, it is said, and it is made up for. */
import { describe, expect, onTestFinished, test } from 'vitest'
import { systemScheduler } from '../../src/files/index.ts'
import type { ClusterTiming } from '../../src/kube/cluster.ts'
import { RESOURCES } from '../../src/kube/resources.ts'
import { fakeApi, json, line, status, type FakeApi, type FakeRequest, type TakeOver } from './fake-api.ts'
import { openForTest, QUICK, type Opened } from './support.ts'

const POLICIES = 'subjectpolicies.nats-identity-bridge.dev'
const ISTIO = 'authorizationpolicies.security.istio.io'
const soon = { timeout: 10_000, interval: 5 }
const ONE = RESOURCES.filter(({ plural }) => plural === 'subjectpolicies')

function policy(name: string, spec: object = {}): { metadata: { name: string; namespace: string }; spec: object } {
  return { metadata: { name, namespace: 'shop' }, spec }
}

async function opened(
  prepare: (api: FakeApi) => void = () => undefined,
  timing: Partial<ClusterTiming> = {},
): Promise<Opened & { api: FakeApi }> {
  const api = await fakeApi()
  api.put(POLICIES, policy('first'))
  prepare(api)
  const open = openForTest(api.kubeconfig, { resources: ONE, timing })
  await open.cluster.settled
  // As its reader would: what was whole is kept from the moment at which it was asked for.
  open.names()
  return { api, ...open }
}

/** Takes over the first so many requests of a verb. */
function first(times: number, verb: string, reply: (request: FakeRequest) => void): TakeOver {
  let left = times
  return (request) => {
    if (request.verb !== verb || left === 0) return false
    left -= 1
    reply(request)
    return true
  }
}

describe('a followed cluster', () => {
  test('lists, and then tells of each object that is made, changed and deleted', async () => {
    const { api, names, object } = await opened()
    expect(names()).toEqual(['SubjectPolicy shop/first'])
    api.put(POLICIES, policy('second'))
    await expect.poll(names, soon).toEqual(['SubjectPolicy shop/first', 'SubjectPolicy shop/second'])
    api.put(POLICIES, policy('first', { changed: true }))
    await expect.poll(() => object('SubjectPolicy shop/first')?.value, soon).toMatchObject({ spec: { changed: true } })
    api.remove(POLICIES, 'second')
    await expect.poll(names, soon).toEqual(['SubjectPolicy shop/first'])
  })

  test('keeps an object the same until something of it changes that is read', async () => {
    const { api, names, object, changes } = await opened(undefined, { graceMs: 60_000 })
    const before = object('SubjectPolicy shop/first')
    const managed = { ...policy('first'), status: { observedGeneration: 1 } }
    api.put(POLICIES, {
      ...managed,
      metadata: { ...managed.metadata, managedFields: [{ manager: 'x' }], labels: { a: 'b' } },
    })
    const seen = changes()
    api.put(POLICIES, policy('last'))
    await expect.poll(names, soon).toHaveLength(2)
    expect(object('SubjectPolicy shop/first')).toBe(before)
    expect(changes()).toBe(seen + 1)
    expect(JSON.stringify(before?.value)).not.toMatch(/managedFields|resourceVersion|uid/)
  })

  test('keeps its objects the same over a list that has them as they were', async () => {
    const { api, object, names } = await opened()
    const before = object('SubjectPolicy shop/first')
    api.forget()
    api.hangUp()
    api.put(POLICIES, policy('later'))
    await expect.poll(names, soon).toContain('SubjectPolicy shop/later')
    expect(object('SubjectPolicy shop/first')).toBe(before)
  })

  test('reads a long list page by page', async () => {
    const { api, names } = await opened((fake) => {
      for (let index = 0; index < 1_200; index += 1) fake.put(POLICIES, policy(`p${index}`))
    })
    expect(names()).toHaveLength(1_201)
    expect(api.seen.filter((one) => one === `list ${POLICIES}`)).toHaveLength(3)
  })

  test('takes ten thousand changes at once', async () => {
    const { api, names, cluster } = await opened()
    for (let index = 0; index < 10_000; index += 1) api.put(POLICIES, policy(`p${index}`))
    await expect.poll(() => names()?.length, soon).toBe(10_001)
    expect(cluster.status().problems).toEqual([])
  })

  test('asks for everything at once when the pages are compacted away under its hands', async () => {
    const limits: (string | null)[] = []
    const { names } = await opened((fake) => {
      for (let index = 0; index < 600; index += 1) fake.put(POLICIES, policy(`p${index}`))
      fake.takeOver(({ verb, query, response }) => {
        if (verb === 'list') limits.push(query.get('limit'))
        return verb === 'list' && query.has('continue') && status(response, 410, 'Expired')
      })
    })
    expect(names()).toHaveLength(601)
    expect(limits).toEqual(['500', '500', null])
  })

  test('lists again when it is told that the history is gone, and misses nothing', async () => {
    const { api, names, problems } = await opened()
    api.hangUp()
    api.forget()
    api.remove(POLICIES, 'first')
    api.put(POLICIES, policy('second'))
    await expect.poll(names, soon).toEqual(['SubjectPolicy shop/second'])
    expect(problems()).toEqual([])
  })

  test('sends what every call needs: the token, JSON without compression, bookmarks and an end to each watch', async () => {
    const requests: FakeRequest[] = []
    await opened((fake) => fake.takeOver((request) => requests.push(request) === 0))
    for (const { headers } of requests) {
      expect(headers).toMatchObject({ authorization: 'Bearer secret-token', 'accept-encoding': 'identity' })
    }
    const watch = requests.find(({ verb }) => verb === 'watch')?.query
    expect(Object.fromEntries(watch ?? [])).toMatchObject({
      allowWatchBookmarks: 'true',
      timeoutSeconds: expect.any(String),
    })
  })
})

describe('a wrong answer', () => {
  const huge = `{"type":"ADDED","object":{"kind":"SubjectPolicy","filler":"${'x'.repeat(9_000_000)}"}}\n`

  test.for<[string, string | ((request: FakeRequest) => void)]>([
    ['no JSON at all', 'this is not JSON\n'],
    ['half an event and an end', '{"type":"ADDED","object":{"kind":"Subj'],
    [
      'an event of another kind',
      line({
        type: 'ADDED',
        object: { kind: 'Secret', apiVersion: 'v1', metadata: { name: 'x', resourceVersion: '9' } },
      }),
    ],
    [
      'an event of an unknown type',
      line({ type: 'RENAMED', object: { metadata: { name: 'x', resourceVersion: '9' } } }),
    ],
    ['an event without an object', '{"type":"ADDED"}\n'],
    ['an object without a name', line({ type: 'ADDED', object: { metadata: { resourceVersion: '9' } } })],
    ['a bookmark of nothing', line({ type: 'BOOKMARK', object: {} })],
    ['an event that is longer than any object', huge],
    ['an error event', line({ type: 'ERROR', object: { kind: 'Status', code: 500, reason: 'InternalError' } })],
    ['a page of HTML', ({ response }) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>')],
    ['a redirect', ({ response }) => void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()],
    ['a server error', ({ response }) => void status(response, 503, 'ServiceUnavailable')],
    ['too many requests', ({ response }) => void response.writeHead(429, { 'retry-after': '1' }).end('slow down')],
  ])('in a watch, %s, loses nothing and is made up for', async ([, reply]) => {
    const { api, names, cluster } = await opened()
    let told = 0
    const stop = api.takeOver((request) => {
      if (request.verb !== 'watch') return false
      told += 1
      if (typeof reply === 'string') request.response.writeHead(200, { 'content-type': 'application/json' }).end(reply)
      else reply(request)
      return true
    })
    api.hangUp()
    await expect.poll(() => told, soon).toBeGreaterThan(1)
    expect(names()).toEqual(['SubjectPolicy shop/first'])
    await expect.poll(() => cluster.status().problems[0]?.code, soon).toMatch(/^cluster-(?:answer|busy|unreachable)$/)
    stop()
    api.put(POLICIES, policy('second'))
    await expect.poll(names, soon).toEqual(['SubjectPolicy shop/first', 'SubjectPolicy shop/second'])
    expect(cluster.status().problems).toEqual([])
  })

  test.for<[string, (request: FakeRequest) => void]>([
    ['HTML', ({ response }) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>')],
    [
      'truncated JSON',
      ({ response }) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{"kind":'),
    ],
    [
      'a list of another kind',
      ({ response }) =>
        void json(response, { kind: 'SecretList', apiVersion: 'v1', metadata: { resourceVersion: '1' }, items: [] }),
    ],
    ['a list without a moment', ({ response }) => void json(response, list({ metadata: {} }))],
    ['items that are no list', ({ response }) => void json(response, list({ items: {} }))],
    [
      'one item of another kind',
      ({ response }) =>
        void json(response, list({ items: [{ kind: 'Secret', metadata: { name: 'x', resourceVersion: '1' } }] })),
    ],
    [
      'pages without end',
      ({ response }) => void json(response, list({ metadata: { resourceVersion: '1', continue: 'again' } })),
    ],
    ['nothing but a closed connection', ({ response }) => void response.destroy()],
    ['401', ({ response }) => void status(response, 401, 'Unauthorized')],
    ['500', ({ response }) => void status(response, 500, 'InternalError')],
    [
      '403 from something else',
      ({ response }) => void response.writeHead(403, { 'content-type': 'text/html' }).end('<html>'),
    ],
  ])('%s to the first list is no empty list', async ([, reply]) => {
    const { api, names, problems, phase } = await opened((fake) => {
      const stop = fake.takeOver((request) => request.verb === 'list' && (reply(request), true))
      fake.takeOver(({ verb }) => verb === 'stop' && (stop(), true))
    })
    expect([names(), phase(POLICIES)]).toEqual([undefined, 'failing'])
    expect(problems()).toHaveLength(1)
    expect(problems().join('')).not.toMatch(/secret-token|<html>/)
    expect(api.watches()).toBe(0)
  })

  function list(more: object): object {
    return {
      kind: 'SubjectPolicyList',
      apiVersion: 'nats-identity-bridge.dev/v1alpha1',
      metadata: { resourceVersion: '1' },
      items: [],
      ...more,
    }
  }
})

describe('a server that is silent', () => {
  test('in a watch is left for a new connection, and what happened meanwhile is heard', async () => {
    const { api, names } = await opened()
    const muted: FakeRequest[] = []
    const stop = api.takeOver((request) => {
      if (request.verb !== 'watch') return false
      // The answer begins, and then nothing comes any more.
      request.response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders()
      return muted.push(request) > 0
    })
    api.hangUp()
    await expect.poll(() => muted.length, soon).toBe(1)
    stop()
    api.put(POLICIES, policy('second'))
    await expect.poll(names, soon).toEqual(['SubjectPolicy shop/first', 'SubjectPolicy shop/second'])
  })

  test('between bookmarks is not taken for dead', async () => {
    const times: number[] = []
    const api = await fakeApi()
    let beating = true
    onTestFinished(() => void (beating = false))
    api.takeOver(({ verb, response }) => {
      if (verb !== 'watch') return false
      times.push(Date.now())
      response.writeHead(200, { 'content-type': 'application/json' })
      const beat = (): void => {
        if (beating && response.writable)
          response.write(line({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '1' } } }))
        if (beating && response.writable) systemScheduler.after(100, beat)
      }
      beat()
      return true
    })
    const follow = { ...QUICK.follow, graceMs: 0 }
    const open = openForTest(api.kubeconfig, { resources: ONE, timing: { follow } })
    await open.cluster.settled
    // Longer than any silence that is allowed.
    const begin = Date.now()
    await expect.poll(() => Date.now() - begin, soon).toBeGreaterThan(2_200)
    expect(times).toHaveLength(1)
  })

  test('from the beginning does not hold up the start for longer than a call takes', async () => {
    const { names, problems, cluster } = await opened((fake) => fake.takeOver(() => true))
    expect(names()).toBeUndefined()
    expect(problems()).toEqual(['the Kubernetes API did not answer in time'])
    expect(cluster.status().asOf).toBeUndefined()
  })

  test('but slow is waited for', async () => {
    const { api, names } = await opened((fake) =>
      fake.takeOver(
        first(1, 'list', ({ response }) => {
          const text = JSON.stringify({
            kind: 'SubjectPolicyList',
            apiVersion: 'nats-identity-bridge.dev/v1alpha1',
            metadata: { resourceVersion: '2' },
            items: [],
          })
          response.writeHead(200, { 'content-type': 'application/json' })
          drip(response, text, QUICK.connection.callMs / 4)
        }),
      ),
    )
    expect([names(), api.seen.filter((one) => one.startsWith('list'))]).toEqual([[], [`list ${POLICIES}`]])
  })
})

/** In six pieces with waits between them that together are longer than a call may be silent. */
function drip(response: FakeRequest['response'], text: string, waitMs: number): void {
  const size = Math.ceil(text.length / 6)
  const begin = Date.now()
  const next = (index: number): void => {
    if (Date.now() - begin < index * waitMs) return void setImmediate(next, index)
    response.write(text.slice(index * size, (index + 1) * size))
    if (index === 5) response.end()
    else setImmediate(next, index + 1)
    return undefined
  }
  next(0)
}

describe('a resource that is not there', () => {
  const TWO = RESOURCES.filter(({ plural }) => plural === 'subjectpolicies' || plural === 'authorizationpolicies')

  function without(isAbsent: () => boolean): TakeOver {
    return ({ verb, resource, response }) => {
      if (!isAbsent()) return false
      if (verb === 'groups') {
        const versions = [{ version: 'v1alpha1' }]
        return json(response, { kind: 'APIGroupList', groups: [{ name: 'nats-identity-bridge.dev', versions }] })
      }
      if (resource !== ISTIO) return false
      response.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found')
      return true
    }
  }

  test('counts as empty with a remark, and is noticed when it appears', async () => {
    let isAbsent = true
    const api = await fakeApi()
    api.takeOver(without(() => isAbsent))
    api.put(ISTIO, policy('rule'))
    const { cluster, names, phase } = openForTest(api.kubeconfig, { resources: TWO })
    await cluster.settled
    await expect.poll(names, soon).toEqual([])
    expect([phase(ISTIO), cluster.status().problems]).toEqual(['absent', []])
    expect(cluster.status().remarks.map(({ message }) => message)).toEqual([
      'the cluster has no authorizationpolicies.security.istio.io, so none is read',
    ])
    isAbsent = false
    await expect.poll(names, soon).toEqual(['AuthorizationPolicy shop/rule'])
    await expect.poll(() => cluster.status().remarks, soon).toEqual([])
  })

  test('does not count as absent because of a 404 alone', async () => {
    const api = await fakeApi()
    api.takeOver(({ resource, response }) => resource === ISTIO && status(response, 404, 'NotFound'))
    const { cluster, names, phase } = openForTest(api.kubeconfig, { resources: TWO })
    await cluster.settled
    expect([names(), phase(ISTIO)]).toEqual([undefined, 'failing'])
  })

  test('counts as absent only after some time when objects of it are known', async () => {
    let isAbsent = false
    const api = await fakeApi()
    api.takeOver(without(() => isAbsent))
    api.put(ISTIO, policy('rule'))
    const { cluster, names, phase } = openForTest(api.kubeconfig, { resources: TWO })
    await cluster.settled
    await expect.poll(names, soon).toEqual(['AuthorizationPolicy shop/rule'])
    isAbsent = true
    api.forget()
    api.hangUp()
    await expect.poll(() => phase(ISTIO), soon).toBe('failing')
    expect(names()).toEqual(['AuthorizationPolicy shop/rule'])
    await expect.poll(names, soon).toEqual([])
    // Three proofs, each with a look at what there is.
    expect(api.seen.filter((one) => one.startsWith('groups')).length).toBeGreaterThanOrEqual(3)
  })

  test('is read in the version that the server has', async () => {
    const api = await fakeApi()
    api.takeOver(({ verb, resource, query, response }) => {
      const beta = `/apis/security.istio.io/v1beta1`
      if (resource === ISTIO) return status(response, 404, 'NotFound')
      if (resource === '/apis/security.istio.io/v1') return json(response, { kind: 'APIResourceList', resources: [] })
      if (resource === beta) {
        return json(response, { kind: 'APIResourceList', resources: [{ name: 'authorizationpolicies' }] })
      }
      if (verb !== 'resources' || resource !== `${beta}/authorizationpolicies`) return false
      const apiVersion = 'security.istio.io/v1beta1'
      const item = {
        kind: 'AuthorizationPolicy',
        apiVersion,
        metadata: { name: 'old', namespace: 'shop', resourceVersion: '1' },
      }
      if (query.has('watch')) response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders()
      else
        json(response, {
          kind: 'AuthorizationPolicyList',
          apiVersion,
          metadata: { resourceVersion: '1' },
          items: [item],
        })
      return true
    })
    const { cluster, names, object } = openForTest(api.kubeconfig, { resources: TWO })
    await cluster.settled
    await expect.poll(names, soon).toEqual(['AuthorizationPolicy shop/old'])
    expect(object('AuthorizationPolicy shop/old')?.value).toMatchObject({ apiVersion: 'security.istio.io/v1beta1' })
  })
})

describe('what a cluster gives', () => {
  const TWO = RESOURCES.filter(({ plural }) => plural === 'subjectpolicies' || plural === 'accountmaps')
  const MAPS = 'accountmaps.nats-identity-bridge.dev'

  test('stays whole while one of its resources is out of step', async () => {
    const api = await fakeApi()
    api.put(POLICIES, policy('first'))
    const { cluster, names, problems } = openForTest(api.kubeconfig, { resources: TWO })
    await cluster.settled
    await expect.poll(names, soon).toEqual(['SubjectPolicy shop/first'])
    const stop = api.takeOver(({ resource, response }) => resource === POLICIES && status(response, 403, 'Forbidden'))
    api.hangUp()
    await expect.poll(problems, soon).toEqual(['the bridge may not watch subjectpolicies.nats-identity-bridge.dev'])
    const { asOf = 0 } = cluster.status()
    const listsBefore = api.seen.length
    api.put(MAPS, { metadata: { name: 'new' } })
    await expect.poll(() => cluster.status().resources.find(({ name }) => name === MAPS)?.objects, soon).toBe(1)
    await expect.poll(() => api.seen.length, soon).toBeGreaterThan(listsBefore + 4)
    // The other half is known, and not given.
    expect(names()).toEqual(['SubjectPolicy shop/first'])
    expect(cluster.status().asOf).toBe(asOf)
    stop()
    await expect.poll(names, soon).toEqual(['AccountMap new', 'SubjectPolicy shop/first'])
    expect(problems()).toEqual([])
    expect(cluster.status().asOf).toBeGreaterThan(asOf)
  })

  test('is one sentence when nothing of it can be reached', async () => {
    const api = await fakeApi()
    const { cluster, problems } = openForTest(api.kubeconfig, { resources: TWO })
    await cluster.settled
    await expect.poll(() => cluster.objects(), soon).toBeDefined()
    api.takeOver(({ response }) => response.destroy() !== undefined)
    api.hangUp()
    await expect
      .poll(problems, soon)
      .toEqual([expect.stringMatching(/^the Kubernetes API cannot be reached \(ECONNRESET\)$/)])
  })

  test('is no problem while a connection that broke is made again at once', async () => {
    const api = await fakeApi()
    const open = openForTest(api.kubeconfig, { resources: ONE, timing: { graceMs: 60_000 } })
    await open.cluster.settled
    open.names()
    const stop = api.takeOver(({ response }) => response.destroy() !== undefined)
    api.hangUp()
    await expect.poll(() => open.phase(POLICIES), soon).toBe('failing')
    expect(open.problems()).toEqual([])
    stop()
    await expect.poll(() => open.phase(POLICIES), soon).toBe('live')
  })

  test('asks nothing more once it is closed', async () => {
    const { api, cluster } = await opened()
    await expect.poll(() => api.watches(), soon).toBe(1)
    cluster.close()
    await expect.poll(() => api.watches(), soon).toBe(0)
    const other = openForTest(api.kubeconfig, { resources: ONE })
    const before = api.seen.length
    await other.cluster.settled
    // The other one's calls, and none beside them.
    expect(api.seen.slice(before).filter((one) => one.startsWith('list'))).toHaveLength(1)
  })
})
