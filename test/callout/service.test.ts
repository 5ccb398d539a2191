import { decode, type AuthorizationResponse } from '@nats-io/jwt'
import { describe, expect, test } from 'vitest'
import type { DecisionRecord } from '../../src/audit/record.ts'
import type { Outcome } from '../../src/callout/authorize.ts'
import type { LoginRequest } from '../../src/callout/request.ts'
import { createCalloutService, type Opened } from '../../src/callout/service.ts'
import { err, ok, type Result } from '../../src/lib/result.ts'
import { createSigningKey, parseSigner } from '../../src/nkey/index.ts'
import type { RefusalCode } from '../../src/policy/refusal.ts'
import { deferred } from '../support/deferred.ts'
import { freshUserNkey, valueOf } from '../support/fake-server.ts'

const signer = valueOf(parseSigner(createSigningKey('A').seed, 'A'))
const login: LoginRequest = {
  userNkey: freshUserNkey(),
  addressee: signer.publicKey,
  server: { id: createSigningKey('N').publicKey, name: 'n1', version: '2.15.1' },
  client: { id: 7, host: '10.0.0.1', type: 'nats' },
  connect: {},
}
const refusal: Outcome = { effect: 'deny', code: 'TOKEN_EXPIRED' }

function createRig(overrides: {
  open?: () => Result<Opened, RefusalCode>
  authorize?: () => Outcome | Promise<Outcome>
  reply?: () => void
  maxPending?: number
  longestReply?: number
}) {
  const records: DecisionRecord[] = []
  const replies: string[] = []
  const failures: unknown[] = []
  const deferred: (() => void)[] = []
  const clock = { now: 1_000_000 }
  let ids = 0
  const opened: Opened = { login, answerBy: clock.now + 2_000, seal: (answer) => Buffer.from(answer) }
  const service = createCalloutService<string>({
    deadlineMs: 1_500,
    maxPending: overrides.maxPending ?? 100,
    now: () => clock.now,
    defer: (callback) => void deferred.push(callback),
    nextDecisionId: () => `d${(ids += 1)}`,
    open: overrides.open ?? (() => ok(opened)),
    authorize: overrides.authorize ?? (() => refusal),
    keys: {
      forAccount: () => ({ signer, placement: { mode: 'config', account: 'SHOP' } }),
      forResponse: () => ({ signer }),
    },
    record: (record) => void records.push(record),
    failed: (_id, cause) => void failures.push(cause),
  })
  return {
    service,
    records,
    replies,
    failures,
    clock,
    opened,
    accept(arrivedAt = clock.now) {
      service.accept({
        envelope: 'e',
        arrivedAt,
        longestReply: overrides.longestReply ?? 1_048_576,
        reply(payload) {
          overrides.reply?.()
          replies.push(Buffer.from(payload).toString())
        },
      })
    },
    turn() {
      while (deferred.length > 0) deferred.shift()?.()
    },
  }
}

function errorOf(reply: string | undefined): string | undefined {
  return decode<AuthorizationResponse>(reply ?? '').nats.error
}

describe('the callout service', () => {
  test('answers a refusal with its code and decision id, and records it', () => {
    const rig = createRig({})
    rig.accept()
    rig.turn()
    expect(rig.replies.map(errorOf)).toEqual(['TOKEN_EXPIRED d1'])
    expect(rig.records).toMatchObject([
      { decisionId: 'd1', effect: 'deny', code: 'TOKEN_EXPIRED', answered: true, client: { id: 7, host: '10.0.0.1' } },
    ])
  })

  test('meets what it cannot verify with silence and a record', () => {
    const rig = createRig({ open: () => err('ENVELOPE_SIGNATURE') })
    rig.accept()
    rig.turn()
    expect(rig.replies).toEqual([])
    expect(rig.records).toMatchObject([{ code: 'ENVELOPE_SIGNATURE', answered: false }])
  })

  test('does not open what is past its deadline', () => {
    let opens = 0
    const rig = createRig({
      open: () => {
        opens += 1
        return err('ENVELOPE_MALFORMED')
      },
    })
    rig.accept(rig.clock.now - 1_500)
    rig.turn()
    expect(opens).toBe(0)
    expect(rig.records).toMatchObject([{ code: 'DEADLINE_PASSED', answered: false }])
  })

  test.for([1_499, 1_500, 2_000])('keeps a late verdict to itself (after %i ms)', async (delay) => {
    const verdict = deferred<Outcome>()
    const rig = createRig({ authorize: () => verdict.promise })
    rig.accept()
    rig.turn()
    rig.clock.now += delay
    verdict.resolve(refusal)
    await rig.service.idle()
    expect(rig.replies).toHaveLength(delay < 1_500 ? 1 : 0)
    expect(rig.records).toMatchObject([{ code: delay < 1_500 ? 'TOKEN_EXPIRED' : 'DEADLINE_PASSED' }])
  })

  test("keeps to the server's own deadline when that comes first", async () => {
    const verdict = deferred<Outcome>()
    const rig = createRig({
      authorize: () => verdict.promise,
      open: () => ok({ ...rig.opened, answerBy: rig.clock.now + 500 }),
    })
    rig.accept()
    rig.turn()
    rig.clock.now += 500
    verdict.resolve(refusal)
    await rig.service.idle()
    expect(rig.replies).toEqual([])
  })

  test('turns a fault into INTERNAL, once, and serves the next', async () => {
    let calls = 0
    const rig = createRig({
      authorize: () => {
        calls += 1
        if (calls === 1) throw new Error('bug')
        if (calls === 2) return Promise.reject(new Error('late bug'))
        return refusal
      },
    })
    for (let count = 0; count < 3; count += 1) rig.accept()
    rig.turn()
    await rig.service.idle()
    expect(rig.replies.map(errorOf).toSorted()).toEqual(['INTERNAL d1', 'INTERNAL d2', 'TOKEN_EXPIRED d3'])
    expect(rig.failures).toHaveLength(2)
  })

  test('a reply that cannot be sent is not tried twice, and is recorded as unanswered', () => {
    let tries = 0
    const rig = createRig({
      reply: () => {
        tries += 1
        throw new Error('connection closed')
      },
    })
    rig.accept()
    rig.turn()
    expect(tries).toBe(1)
    expect(rig.records).toMatchObject([{ code: 'TOKEN_EXPIRED', answered: false }])
  })

  test('sheds what exceeds its bound, with a record, and keeps the rest', () => {
    const rig = createRig({ maxPending: 2 })
    for (let count = 0; count < 3; count += 1) rig.accept()
    rig.turn()
    expect(rig.replies.map(errorOf)).toEqual(['TOKEN_EXPIRED d1', 'TOKEN_EXPIRED d2'])
    expect(rig.records.map((record) => record.code)).toEqual(['OVERLOADED', 'TOKEN_EXPIRED', 'TOKEN_EXPIRED'])
    expect(rig.service.pending).toBe(0)
  })

  test('is idle when every request has ended', async () => {
    const verdict = deferred<Outcome>()
    const rig = createRig({ authorize: () => verdict.promise })
    await rig.service.idle()
    rig.accept()
    rig.turn()
    let isIdle = false
    const idle = rig.service.idle().then(() => {
      isIdle = true
    })
    await Promise.resolve()
    expect(isIdle).toBe(false)
    verdict.resolve(refusal)
    await idle
    expect(rig.service.pending).toBe(0)
  })
})
