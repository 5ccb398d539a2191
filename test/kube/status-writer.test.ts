/** Writing conditions is a courtesy: whatever becomes of it, policy is followed, and nobody is flooded or fought. */
import { describe, expect, test } from 'vitest'
import { RESOURCES } from '../../src/kube/resources.ts'
import { fakeApi, json, status, type FakeApi, type FakeRequest, type TakeOver } from './fake-api.ts'
import { openForTest, QUICK, type OpenOptions, type Opened } from './support.ts'

const POLICIES = 'subjectpolicies.nats-identity-bridge.dev'
const ONE = RESOURCES.filter(({ plural }) => plural === 'subjectpolicies')
const soon = { timeout: 10_000, interval: 5 }

interface Open extends Opened {
  readonly api: FakeApi
  /** Bodies of the writes, in order. */
  readonly writes: { readonly name: string; readonly text: string }[]
  judge(): void
}

/** @param reply takes writes over; by default they are applied as the API server does. */
async function opened(names: readonly string[], reply?: TakeOver, options: OpenOptions = {}): Promise<Open> {
  const api = await fakeApi()
  for (const name of names) api.put(POLICIES, { metadata: { name, namespace: 'shop' }, spec: {} })
  const writes: { name: string; text: string }[] = []
  api.takeOver((request) => {
    if (request.verb !== 'status') return false
    const body = JSON.parse(request.body) as { metadata: { name: string; namespace: string }; status: object }
    writes.push({ name: body.metadata.name, text: request.body })
    if (reply?.(request) === true) return true
    api.put(POLICIES, { metadata: body.metadata, spec: {}, status: body.status })
    return json(request.response, body)
  })
  const open = openForTest(api.kubeconfig, { resources: ONE, status: true, ...options })
  await open.cluster.settled
  await expect.poll(open.names, soon).toHaveLength(names.length)
  const judge = (): void => open.cluster.judged({ diagnostics: [], inForce: new Set(open.cluster.objects()) })
  return { api, writes, judge, ...open }
}

function follows(open: Open): Promise<void> {
  open.api.put(POLICIES, { metadata: { name: 'later', namespace: 'shop' }, spec: {} })
  return expect.poll(open.names, soon).toContain('SubjectPolicy shop/later')
}

describe('writing conditions', () => {
  test('writes each object once, as server-side apply to its status, and nothing while nothing differs', async () => {
    const requests: FakeRequest[] = []
    const open = await opened(['one', 'two', 'three'], (request) => requests.push(request) === 0)
    open.judge()
    await expect.poll(() => open.writes.length, soon).toBe(3)
    for (let again = 0; again < 5; again += 1) open.judge()
    await follows(open)
    open.judge()
    await expect.poll(() => open.writes.map(({ name }) => name), soon).toEqual(['one', 'two', 'three', 'later'])
    expect(requests[0]?.headers['content-type']).toBe('application/apply-patch+yaml')
    expect(Object.fromEntries(requests[0]?.query ?? [])).toEqual({
      fieldManager: 'nats-identity-bridge',
      force: 'true',
    })
    expect(JSON.parse(open.writes[0]?.text ?? '')).toMatchObject({
      metadata: { name: 'one', namespace: 'shop', uid: 'shop/one' },
      status: { observedGeneration: 1, conditions: [{ type: 'Compiled' }, { type: 'Enforced' }] },
    })
  })

  test('does not compile anything again because a condition was written', async () => {
    const open = await opened(['one'], undefined, { timing: { graceMs: 60_000 } })
    const before = [open.cluster.objects(), open.changes()]
    open.judge()
    await expect.poll(() => open.writes.length, soon).toBe(1)
    await expect.poll(() => open.api.seen.filter((one) => one.startsWith('status')).length, soon).toBe(1)
    expect([open.cluster.objects(), open.changes()]).toEqual(before)
    expect(open.cluster.objects()).toBe(before[0])
  })

  test('goes on with the others when one is refused or gone, and comes back to it', async () => {
    let refused = 2
    const open = await opened(['one', 'two'], ({ body, response }) => {
      if (!body.includes('"name":"one"') || refused === 0) return false
      refused -= 1
      return refused === 1 ? status(response, 404, 'NotFound') : status(response, 422, 'Invalid')
    })
    open.judge()
    await expect.poll(() => open.writes.map(({ name }) => name), soon).toEqual(['one', 'two', 'one', 'one'])
    expect(open.problems()).toEqual([])
  })

  test.for<[string, TakeOver]>([
    ['are never answered', () => true],
    ['are answered with an error', ({ response }) => status(response, 500, 'InternalError')],
    ['break', ({ response }) => response.destroy() !== undefined],
    ['are answered with HTML', ({ response }) => response.writeHead(200).end('<html>') !== undefined],
  ])('that %s keeps nobody from following the policy', async ([, reply]) => {
    const open = await opened(['one'], reply)
    open.judge()
    await expect.poll(() => open.writes.length, soon).toBeGreaterThan(0)
    await follows(open)
    expect(open.problems()).toEqual([])
    // It is tried again, later.
    await expect.poll(() => open.writes.length, soon).toBeGreaterThan(1)
  })

  test('names the right that is missing, once, and asks no more for each object', async () => {
    const names = Array.from({ length: 30 }, (_, index) => `p${index}`)
    const open = await opened(names, ({ response }) => status(response, 403, 'Forbidden'))
    open.judge()
    await expect
      .poll(() => open.cluster.status().remarks.map(({ message }) => message), soon)
      .toEqual(['the bridge may not patch subjectpolicies.nats-identity-bridge.dev/status'])
    const begin = Date.now()
    for (let more = 0; more < 20; more += 1) {
      open.api.put(POLICIES, { metadata: { name: `more${more}`, namespace: 'shop' }, spec: {} })
      await expect.poll(open.names, soon).toContain(`SubjectPolicy shop/more${more}`)
      open.judge()
      // Longer than the writer waits after a change.
      const from = Date.now()
      await expect.poll(() => Date.now() - from, soon).toBeGreaterThan(QUICK.status.delayMs * 2)
    }
    expect(open.writes.length).toBeLessThanOrEqual(2 + (Date.now() - begin) / QUICK.status.againMs)
  })

  test('is not kept waiting for a change by an object that is tried again later', async () => {
    const again = { ...QUICK.status, againMs: 600_000 }
    const refuse: TakeOver = ({ body, response }) => body.includes('"name":"one"') && status(response, 422, 'Invalid')
    const open = await opened(['one'], refuse, { timing: { status: again } })
    open.judge()
    await expect.poll(() => open.writes.length, soon).toBe(1)
    await follows(open)
    open.judge()
    await expect.poll(() => open.writes.map(({ name }) => name), soon).toEqual(['one', 'later'])
  })

  test('does not fight another writer with other words', async () => {
    const open = await opened(['one'])
    open.judge()
    await expect.poll(() => open.writes.length, soon).toBe(1)
    const other = { type: 'Compiled', status: 'True', reason: 'Other', message: 'of another version' }
    let fights = 0
    const begin = Date.now()
    // As fast as it is written, it is written over.
    await expect
      .poll(() => {
        if (open.writes.length > fights) {
          fights = open.writes.length
          const conditions = [{ ...other, observedGeneration: 1, lastTransitionTime: '2026-01-01T00:00:00Z' }]
          open.api.put(POLICIES, {
            metadata: { name: 'one', namespace: 'shop' },
            spec: {},
            status: { observedGeneration: 1, conditions },
          })
        }
        return Date.now() - begin
      }, soon)
      .toBeGreaterThan(QUICK.status.againMs * 3)
    expect(open.writes.length).toBeGreaterThan(1)
    expect(open.writes.length).toBeLessThanOrEqual(5)
  })

  test('writes nothing when it is not asked to', async () => {
    const open = await opened(['one'], undefined, { status: false })
    open.judge()
    await follows(open)
    expect(open.writes).toEqual([])
  })
})
