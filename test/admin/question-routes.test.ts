/** The HTTP door itself, without a bridge behind it: what it takes, what it refuses, and in which words. */
import { connect as connectTcp } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { afterEach, describe, expect, test } from 'vitest'
import type { Caller } from '../../src/admin/caller.ts'
import { openAdminServer, type AdminServer } from '../../src/admin/server.ts'
import { openTlsFiles } from '../../src/admin/tls-files.ts'
import type { IncomingQuestion } from '../../src/answers/incoming.ts'
import type { QuestionRecord, Reply } from '../../src/answers/outcome.ts'
import { eventually } from '../../src/dev/deadline.ts'
import { createTestAuthority } from '../support/certificates.ts'
import { deferred } from '../support/deferred.ts'
import { postQuestion, type Asking } from '../support/post-question.ts'
import { tempFolder } from '../support/temp-folder.ts'

const LIMIT_MS = 5_000
const KNOWN: Caller = { name: 'auditor' }
const authority = createTestAuthority()

const opened: AdminServer[] = []
afterEach(() => Promise.all(opened.splice(0).map((server) => server.close())))

interface Door {
  readonly url: string
  readonly port: number
  readonly records: readonly QuestionRecord[]
  readonly taken: readonly IncomingQuestion[]
  /** Bodies that were read, and refusals. */
  readonly bodies: readonly (string | Reply)[]
  post(path: string, body: string, asking?: Asking): ReturnType<typeof postQuestion>
}

async function open(identify: () => Promise<Caller> = () => Promise.resolve(KNOWN), isSecure = false): Promise<Door> {
  const records: QuestionRecord[] = []
  const taken: IncomingQuestion[] = []
  const bodies: (string | Reply)[] = []
  const take = async (question: IncomingQuestion): Promise<Reply> => {
    taken.push(question)
    const body = await question.body(1_000)
    bodies.push(body.ok ? Buffer.from(body.value).toString() : body.error)
    return body.ok ? { outcome: 'answered', text: Buffer.from('{"ask":"drift"}\n') } : body.error
  }
  const folder = tempFolder()
  const pair = authority.issue({ addresses: ['127.0.0.1'] })
  const files = {
    certFile: folder.write('crt', pair.cert),
    keyFile: folder.write('key', pair.key),
    clientCaFile: folder.write('ca', authority.cert),
  }
  const tls = isSecure ? await openTlsFiles(files, { log: () => undefined }) : undefined
  if (tls?.ok === false) throw new Error(JSON.stringify(tls.error))
  const server = await openAdminServer(
    {
      readiness: () => ({ ready: true, checks: [] }),
      metrics: { contentType: 'text/plain', render: () => Promise.resolve('metrics') },
      questions: { identify, take, record: (record) => void records.push(record), now: () => 0 },
    },
    { host: '127.0.0.1', port: 0, ...(tls === undefined ? {} : { tls: tls.value }) },
  )
  opened.push(server)
  const url = `${isSecure ? 'https' : 'http'}://127.0.0.1:${server.port}`
  const post: Door['post'] = (path, body, asking) =>
    postQuestion(`${url}${path}`, body, { ca: authority.cert, ...asking })
  return { url, port: server.port, records, taken, bodies, post }
}

const codeOf = ({ text }: { readonly text: string }): string =>
  (JSON.parse(text) as { error: { code: string } }).error.code

describe('the door to questions', () => {
  test('hands a question on with its kind, its asker and its body', async () => {
    const { post, taken, bodies } = await open()
    const { status, headers, text } = await post('/v1/why', '{"a":1}')
    expect([status, text]).toEqual([200, '{"ask":"drift"}\n'])
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
    expect(headers['access-control-allow-origin']).toBeUndefined()
    expect(taken[0]).toMatchObject({ ask: 'why', via: 'http', caller: 'auditor' })
    expect(bodies).toEqual(['{"a":1}'])
  })

  test('takes a question without fields without a body', async () => {
    const { post, bodies } = await open()
    expect((await post('/v1/drift', '', { headers: { 'content-type': '' } })).status).toBe(200)
    expect(bodies).toEqual([''])
  })

  test.for<[string, string, string, Asking, number, string]>([
    ['another path', '/v1/nothing', '{}', {}, 404, 'no-such-question'],
    ['another path, looked at', '/v1/nothing', '', { method: 'GET' }, 404, 'no-such-question'],
    ['a GET', '/v1/why', '', { method: 'GET' }, 405, 'not-posted'],
    ['a form', '/v1/why', 'a=1', { headers: { 'content-type': 'application/x-www-form-urlencoded' } }, 415, 'not-json'],
    [
      'text that any web site can send',
      '/v1/why',
      '{}',
      { headers: { 'content-type': 'text/plain' } },
      415,
      'not-json',
    ],
    ['a body that is too long', '/v1/why', 'x'.repeat(1_001), {}, 413, 'too-large'],
    [
      'a body that is too long and does not say so',
      '/v1/why',
      'x'.repeat(1_001),
      { headers: { 'transfer-encoding': 'chunked' } },
      413,
      'too-large',
    ],
  ])('refuses %s with JSON that says what to do', async ([, path, body, asking, status, code]) => {
    const { post } = await open()
    const answer = await post(path, body, asking)
    expect([answer.status, codeOf(answer), answer.headers['content-type']]).toEqual([status, code, 'application/json'])
    expect(answer.text).toContain('"hint"')
  })

  test('reads no body of somebody who may not ask, and writes the refusal down', async () => {
    const refusal: Reply = { outcome: 'unauthenticated', text: Buffer.from('{"error":{"code":"x"}}'), code: 'x' }
    const { post, taken, records } = await open(() => Promise.resolve({ name: 'somebody', refusal }))
    const answer = await post('/v1/plan', 'x'.repeat(100_000))
    expect([answer.status, answer.headers['www-authenticate'], taken.length]).toEqual([401, 'Bearer', 0])
    expect(records).toEqual([
      { ask: 'plan', via: 'http', caller: 'somebody', outcome: 'unauthenticated', code: 'x', durationMs: 0 },
    ])
  })

  test('lets no more callers prove themselves at a time than it can bear', async () => {
    const { promise, resolve } = deferred<Caller>()
    const { post, records } = await open(() => promise)
    const waiting = Array.from({ length: 33 }, () => post('/v1/drift', '{}'))
    const refused = await Promise.race(waiting)
    expect([refused.status, refused.headers['retry-after'], codeOf(refused)]).toEqual([429, '1', 'busy'])
    resolve(KNOWN)
    const answers = await Promise.all(waiting)
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(32)
    expect(records.map(({ outcome }) => outcome)).toEqual(['busy'])
  })

  test('knows when whoever asked has left', async () => {
    const { promise, resolve } = deferred<Caller>()
    const { port, taken, bodies } = await open(() => promise)
    const socket = connectTcp(port, '127.0.0.1')
    socket.write(
      'POST /v1/drift HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{"a":',
    )
    resolve(KNOWN)
    await eventually(() => taken[0], LIMIT_MS, 'the question')
    socket.destroy()
    await eventually(() => bodies[0], LIMIT_MS, 'the end of the body')
    expect(bodies[0]).toMatchObject({ outcome: 'invalid' })
    expect(taken[0]?.isGone()).toBe(true)
  })

  test('is beside health, readiness and metrics, which ask for no proof', async () => {
    const { post } = await open(() => Promise.reject(new Error('nobody is asked')), true)
    for (const path of ['/livez', '/healthz', '/readyz', '/metrics'])
      expect((await post(path, '', { method: 'GET' })).status).toBe(200)
  })

  test('closes although somebody keeps a connection', async () => {
    const { port } = await open()
    const socket = connectTcp(port, '127.0.0.1').on('error', () => undefined)
    socket.write('POST /v1/drift HTTP/1.1\r\nhost: x\r\n')
    await new Promise((resolve) => socket.once('connect', resolve))
    await opened.pop()?.close()
    socket.destroy()
  })

  test.for(['TLSv1.2', 'TLSv1.3'] as const)(
    'resumes no session, so that each connection is judged anew (%s)',
    async (version) => {
      const { port } = await open(undefined, true)
      const pair = authority.issue({ uris: ['spiffe://cluster.local/ns/ops/sa/auditor'] })
      let session: Buffer | undefined
      const shake = (): Promise<boolean> =>
        new Promise((resolve, reject) => {
          const socket: TLSSocket = connectTls({
            port,
            host: '127.0.0.1',
            ca: authority.cert,
            ...pair,
            maxVersion: version,
            minVersion: version,
            ...(session === undefined ? {} : { session }),
          })
          socket.on('session', (next) => void (session = next))
          socket.on('error', reject)
          socket.on('secureConnect', () => socket.write('GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'))
          socket.on('data', () => undefined)
          socket.on('end', () => resolve(socket.isSessionReused()))
        })
      await shake()
      expect(await shake()).toBe(false)
    },
  )
})
