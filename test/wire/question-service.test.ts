/** The micro service for questions, on a real nats-server, with the user that `nib server-config` writes for it. */
import { connect, NatsError, type NatsConnection, type ServiceInfo } from 'nats'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { OUTCOMES, refusal, type Reply } from '../../src/answers/outcome.ts'
import type { IncomingQuestion } from '../../src/answers/incoming.ts'
import { ASKS } from '../../src/answers/question.ts'
import { eventually } from '../../src/dev/deadline.ts'
import { openQuestionService, type QuestionService } from '../../src/wire/question-service.ts'
import { deferred } from '../support/deferred.ts'
import { natsServerForTests, startEnvironment, type TestEnvironment } from '../support/nats-server.ts'
import { connectAs } from '../server-config/own-login.ts'

const natsServer = await natsServerForTests()
const LIMIT_MS = 10_000
const ANSWER = '{"ask":"drift"}\n'

describe.skipIf(natsServer === undefined).each(['config', 'operator'] as const)('the micro service (%s)', (name) => {
  let env: TestEnvironment
  let operator: NatsConnection
  const opened: QuestionService[] = []

  beforeAll(async () => {
    env = await startEnvironment(name, {
      questions: 'OPS',
      breakGlass: [{ name: 'operator', account: 'OPS' }],
      amend: (text) => text.replace(/^/, 'max_payload: 65536\n'),
    })
    operator = await connect({
      ...env.asBreakGlass(),
      reconnect: true,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 50,
    })
  })
  afterEach(() => Promise.all(opened.splice(0).map((service) => service.stop())))
  afterAll(async () => {
    await operator.close()
    await env.stop()
  })

  type Take = (question: IncomingQuestion) => Promise<Reply> | Reply
  const answered = (text = ANSWER): Reply => ({ outcome: 'answered', text: Buffer.from(text) })

  function open(take: Take = () => answered()) {
    const asked: IncomingQuestion[] = []
    const states: string[] = []
    const { authenticator } = env.asQuestions()
    const [login] = [authenticator].flat()
    if (login === undefined) throw new Error('no login')
    const service = openQuestionService(
      {
        servers: [env.server.url],
        authenticator: login,
        subjectPrefix: 'nib.audit',
        version: '1.2.3',
      },
      {
        take: async (question) => {
          asked.push(question)
          return await take(question)
        },
        changed: (state, problem) => void states.push(problem === undefined ? state : `${state}: ${problem}`),
      },
      { now: Date.now, chance: () => 0, sleep: (milliseconds) => sleep(milliseconds) },
    )
    opened.push(service)
    return { service, asked, states, up: () => eventually(() => service.ready || undefined, LIMIT_MS, 'the service') }
  }
  const ask = (question = 'drift', body = '{}', timeout = LIMIT_MS) =>
    operator.request(`nib.audit.${question}`, body, { timeout })

  test('is found as any other, with an endpoint and a description for each question', async () => {
    await open().up()
    const { text } = await operator
      .request('$SRV.INFO.nib', '', { timeout: LIMIT_MS })
      .then((message) => ({ text: message.json<ServiceInfo>() }))
    expect(text).toMatchObject({ name: 'nib', version: '1.2.3' })
    expect(text.endpoints.map((endpoint) => [endpoint.name, endpoint.subject, endpoint.queue_group])).toEqual(
      ASKS.map((kind) => [kind, `nib.audit.${kind}`, 'nib']),
    )
    expect(text.endpoints.filter(({ metadata }) => (metadata?.['description'] ?? '') === '')).toEqual([])
  })

  test('gives the bytes of the answer, and hands on those of the question', async () => {
    const { asked, up } = open()
    await up()
    const message = await ask('why', '{"principal":"shop/orders"}')
    expect([message.string(), message.headers]).toEqual([ANSWER, undefined])
    const body = await asked[0]?.body(1000)
    expect(asked.map((question) => [question.ask, question.via, question.caller])).toEqual([['why', 'nats', undefined]])
    expect(body?.ok === true && Buffer.from(body.value).toString()).toBe('{"principal":"shop/orders"}')
    expect((await asked[0]?.body(5))?.ok).toBe(false)
  })

  test('says of an error its number and sentence in headers, as micro services do, and all of it in the body', async () => {
    const problem = { code: 'busy', message: 'too much “at once”\r\nNats-Fake: 1', hint: 'later' }
    await open(() => refusal('busy', problem)).up()
    const message = await ask()
    expect(message.headers?.get('Nats-Service-Error-Code')).toBe(`${OUTCOMES.busy}`)
    expect(message.headers?.get('Nats-Service-Error')).toBe('too much ?at once???Nats-Fake: 1')
    expect(message.headers?.has('Nats-Fake')).toBe(false)
    expect(message.json()).toEqual({ error: problem })
  })

  test('says of an answer that no message can carry what else can be done', async () => {
    await open(() => answered('x'.repeat(70_000))).up()
    const message = await ask()
    expect(message.headers?.get('Nats-Service-Error-Code')).toBe('413')
    expect(message.json()).toMatchObject({ error: { code: 'answer-too-large', hint: expect.stringContaining('HTTP') } })
  })

  test('shares the questions with its replicas: each is answered once', async () => {
    const [one, two] = [open(), open()]
    await Promise.all([one.up(), two.up()])
    await Promise.all(Array.from({ length: 60 }, () => ask()))
    expect(one.asked.length + two.asked.length).toBe(60)
    expect(Math.min(one.asked.length, two.asked.length)).toBeGreaterThan(0)
  })

  test('answers into inboxes alone, whatever reply subject a question brings', async () => {
    const { asked, up } = open()
    await up()
    const heard: string[] = []
    const subscription = operator.subscribe('orders.>', {
      callback: (_problem, message) => void heard.push(message.subject),
    })
    operator.publish('nib.audit.drift', '{}', { reply: 'orders.new' })
    operator.publish('nib.audit.drift', '{}')
    await ask()
    expect([asked.length, heard]).toEqual([1, []])
    subscription.unsubscribe()
  })

  test('may do nothing but that', async () => {
    const login = env.bridge.questions
    if (login === undefined) throw new Error('no questions user')
    const client = await connectAs(env, login)
    const refused = [expect.stringContaining('Permissions Violation')]
    for (const subject of [
      'nib.audit.drift',
      'nib.audit.drift other',
      '>',
      '_INBOX.>',
      '$SRV.>',
      '$SRV.*',
      'nib.audit.> nib',
      'nib.audit.* nib',
      '$SRV.PING.other',
      'shop.in',
    ])
      expect(await client.exchange(`SUB ${subject} 1\r\n`), subject).toEqual(refused)
    for (const subject of ['shop.in', '_INBOX.x', '$SRV.PING', 'nib.audit.drift', '_R_.x'])
      expect(await client.exchange(`PUB ${subject} 2\r\n{}\r\n`), subject).toEqual(refused)
    client.close()
  })

  test('answers what it has when it is told to go, and takes no more', async () => {
    const { promise, resolve } = deferred<Reply>()
    const { service, asked, up } = open(() => promise)
    await up()
    const waiting = ask()
    await eventually(() => asked.length > 0 || undefined, LIMIT_MS, 'the question')
    const stopped = service.stop()
    // What reaches the server before the word of going is still taken.
    for (let code = ''; code !== '503';) code = await ask('drift', '{}', 20).then(() => '', codeOf)
    resolve(answered())
    expect((await waiting).string()).toBe(ANSWER)
    await stopped
  })

  test('comes back when the server does, and when it was refused at first', async () => {
    const { service, states, up } = open()
    await up()
    const text = env.config.text
    if (name === 'config') {
      await env.restart(text.replaceAll('nib.audit.', 'nib.other.'))
      await eventually(() => states.some((state) => state.startsWith('failed: ')) || undefined, LIMIT_MS, 'a refusal')
      expect(service.ready).toBe(false)
    }
    await env.restart(text)
    await up()
    expect((await eventuallyAnswered(() => ask('drift', '{}', 200))).string()).toBe(ANSWER)
  })
})

function codeOf(problem: unknown): string {
  return problem instanceof NatsError ? problem.code : ''
}

async function eventuallyAnswered<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await ask()
    } catch (problem) {
      if (tries > 100) throw problem
    }
  }
}
