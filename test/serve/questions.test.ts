/** Room for questions is bounded, they are answered in turn, and every end is written down. */
import { describe, expect, test } from 'vitest'
import type { AskedBytes, PolicySources } from '../../src/answers/answering.ts'
import type { IncomingQuestion } from '../../src/answers/incoming.ts'
import type { QuestionRecord, Reply } from '../../src/answers/outcome.ts'
import type { AuthnVerdict } from '../../src/callout/ports.ts'
import { workloadPrincipal } from '../../src/identity/principal.ts'
import { parseSpiffeId } from '../../src/identity/spiffe-id.ts'
import { err, ok } from '../../src/lib/result.ts'
import { createQuestions } from '../../src/serve/questions.ts'
import { deferred } from '../support/deferred.ts'

const SOURCES: PolicySources = { snapshotId: 'one', texts: [], objects: [] }
const ANSWER: Reply = { outcome: 'answered', text: Buffer.from('{}') }

interface Held {
  readonly question: AskedBytes
  readonly sources: PolicySources
  answer(reply?: Reply): void
}

function open(sources: PolicySources | undefined = SOURCES) {
  const held: Held[] = []
  const records: QuestionRecord[] = []
  const tokens: string[] = []
  let verdict: AuthnVerdict = err({ code: 'TOKEN_EXPIRED' })
  let now = 0
  const questions = createQuestions({
    worker: {
      answer(question, current) {
        const { promise, resolve } = deferred<Reply>()
        held.push({ question, sources: current, answer: (reply = ANSWER) => resolve(reply) })
        return promise
      },
      close: () => Promise.resolve(),
    },
    sources: () => sources,
    authenticate(token) {
      tokens.push(token)
      return verdict
    },
    record: (record) => void records.push(record),
    now: () => (now += 5),
  })
  const ask = (kind: IncomingQuestion['ask'], body = '{}', more: Partial<IncomingQuestion> = {}): Promise<Reply> =>
    questions.take({
      ask: kind,
      via: 'http',
      body: () => Promise.resolve(ok(Buffer.from(body))),
      isGone: () => false,
      ...more,
    })
  return { ask, held, records, tokens, let: (next: AuthnVerdict) => void (verdict = next) }
}

const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

function errorIn({ text }: Reply): { code: string; message: string; hint?: string } {
  return (JSON.parse(Buffer.from(text).toString()) as { error: { code: string; message: string } }).error
}

describe('questions', () => {
  test('are answered one after the other', async () => {
    const { ask, held } = open()
    const [first, second] = [ask('drift'), ask('review')]
    await settled()
    expect(held.map(({ question }) => question.ask)).toEqual(['drift'])
    held[0]?.answer()
    expect(await first).toBe(ANSWER)
    await settled()
    expect(held.map(({ question }) => question.ask)).toEqual(['drift', 'review'])
    held[1]?.answer()
    expect(await second).toBe(ANSWER)
  })

  test('beyond those that may wait are told to come again, before their body is read', async () => {
    const { ask, held, records } = open()
    const waiting = Array.from({ length: 16 }, () => ask('drift'))
    let read = 0
    const body: IncomingQuestion['body'] = () => Promise.resolve(ok(Buffer.from(`${(read += 1)}`)))
    const refused = await ask('drift', '', { body })
    expect([refused.outcome, errorIn(refused).code, read]).toEqual(['busy', 'busy', 0])
    for (let at = 0; at < 16; at += 1) {
      await settled()
      held[at]?.answer()
    }
    await Promise.all(waiting)
    expect(records.map(({ outcome }) => outcome)).toEqual(['busy', ...waiting.map(() => 'answered')])
    const again = ask('drift')
    await settled()
    held[16]?.answer()
    expect((await again).outcome).toBe('answered')
  })

  test('hold one plan at a time, as each brings a whole policy', async () => {
    const { ask, held } = open()
    const first = ask('plan')
    expect((await ask('plan')).outcome).toBe('busy')
    await settled()
    held[0]?.answer()
    await first
    const next = ask('plan')
    await settled()
    held[1]?.answer()
    expect((await next).outcome).toBe('answered')
  })

  test('of those who did not wait cost no answer', async () => {
    const { ask, held } = open()
    let gone = false
    const first = ask('drift')
    const second = ask('drift', '{}', { isGone: () => gone })
    await settled()
    gone = true
    held[0]?.answer()
    await Promise.all([first, second])
    expect(held).toHaveLength(1)
  })

  test('are answered from the policy in force when their turn comes, and not without one', async () => {
    const { ask, held } = open()
    void ask('drift')
    await settled()
    expect(held[0]?.sources).toBe(SOURCES)
    const without = createQuestionsWithoutPolicy()
    const refused = await without.ask('drift')
    expect([refused.outcome, errorIn(refused).code]).toEqual(['unavailable', 'policy-unavailable'])
  })

  test('by token are about whom the token names, once it is verified', async () => {
    const { ask, held, tokens, let: give } = open()
    const refused = await ask('what-can', '{"token":"of-orders"}')
    expect([refused.outcome, errorIn(refused).message]).toEqual(['invalid', expect.stringContaining('TOKEN_EXPIRED')])
    expect(errorIn(refused).message).not.toContain('of-orders')
    const id = parseSpiffeId('spiffe://cluster.local/ns/shop/sa/orders')
    if (!id.ok) throw new Error(id.error)
    const principal = workloadPrincipal(id.value)
    give(ok({ principal, kind: 'service-account-token', issuer: 'cluster', expiresAt: 1, facts: {} }))
    const asked = ask('why', '{"token":"of-orders"}')
    await settled()
    held[0]?.answer()
    await asked
    expect([tokens, held[0]?.question.holder]).toEqual([['of-orders', 'of-orders'], principal])
  })

  test('are each written down with asker, kind, end and time, and nothing of what was asked', async () => {
    const { ask, held, records } = open()
    const asked = ask('drift', '{"secret":1}', { caller: 'spiffe://cluster.local/ns/ops/sa/auditor' })
    await settled()
    held[0]?.answer()
    await asked
    await ask('why', '', {
      body: () => Promise.resolve(err({ outcome: 'too-large', text: Buffer.from(''), code: 'x' })),
    })
    await ask('why', '', { body: () => Promise.reject(new Error('secret')) })
    expect(records).toEqual([
      {
        ask: 'drift',
        via: 'http',
        caller: 'spiffe://cluster.local/ns/ops/sa/auditor',
        outcome: 'answered',
        code: undefined,
        durationMs: 5,
      },
      { ask: 'why', via: 'http', caller: undefined, outcome: 'too-large', code: 'x', durationMs: 5 },
      { ask: 'why', via: 'http', caller: undefined, outcome: 'failed', code: 'answering-failed', durationMs: 5 },
    ])
  })
})

function createQuestionsWithoutPolicy(): Pick<ReturnType<typeof open>, 'ask'> {
  const questions = createQuestions({
    worker: { answer: () => Promise.resolve(ANSWER), close: () => Promise.resolve() },
    sources: () => undefined,
    authenticate: () => err({ code: 'INTERNAL' }),
    record: () => undefined,
    now: () => 0,
  })
  return {
    ask: (ask) =>
      questions.take({ ask, via: 'nats', body: () => Promise.resolve(ok(Buffer.from(''))), isGone: () => false }),
  }
}
