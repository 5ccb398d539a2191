import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { DecisionRecord } from '../../src/audit/record.ts'
import { why } from '../../src/audit/why.ts'
import { createCast, type Cast } from '../../src/demo/cast.ts'
import { createOracle } from '../../src/demo/forecast.ts'
import { createHttpTwin, type HttpTwin } from '../../src/demo/http-twin.ts'
import { createStage, type Stage } from '../../src/demo/stage.ts'
import { createSilentLog } from '../../src/dev/dev-log.ts'
import { SHOP_POLICY_FOLDER } from '../../src/dev/shop-policy.ts'
import { startDev, type RunningDev } from '../../src/dev/start-dev.ts'
import { createDecide } from '../../src/policy/decide.ts'
import { sha256Hex } from '../../src/serve/sha256.ts'
import { describeOnNatsServer } from '../support/nats-server.ts'

describeOnNatsServer('the stage of the demo', () => {
  const decisions: DecisionRecord[] = []
  let dev: RunningDev
  let cast: Cast

  beforeAll(async () => {
    dev = await startDev({
      policyFolder: SHOP_POLICY_FOLDER,
      mode: 'config',
      sealed: true,
      port: -1,
      version: 'test',
      log: createSilentLog(),
      onDecision: (record) => decisions.push(record),
    })
    cast = createCast(dev)
  })
  afterAll(() => dev.stop())

  function stage(http: HttpTwin = createHttpTwin(dev.policyFolder, dev.trustDomain)): Stage {
    const { currentSnapshot } = dev.bridge
    const oracle = createOracle({ currentSnapshot, decide: createDecide(sha256Hex), why, filter: 'filtering' })
    const made = createStage({
      url: dev.natsUrl,
      sentinel: undefined,
      oracle,
      http,
      decisions,
      nameAccount: (name) => name,
    })
    onTestFinished(() => made.clear())
    return made
  }

  test('does not take an accepted message for a delivered one', async () => {
    const { enter, publish, attempts } = stage()
    const deaf = await enter(cast.dashboard)
    await publish(await enter(cast.orders), 'shop.orders.created', deaf)
    expect(attempts.at(-1)).toMatchObject({
      forecast: { allowed: true },
      outcome: { allowed: undefined, said: 'dashboard got nothing' },
      agrees: false,
    })
  })

  test('does not take a request that nobody answers for an answered one', async () => {
    const { enter, request, attempts } = stage()
    await request(await enter(cast.web), 'shop.orders.1001.status', '')
    expect(attempts.at(-1)).toMatchObject({ outcome: { said: 'nobody answers' }, agrees: false })
  })

  test('does not take NATS and HTTP for agreeing when HTTP says something else', async () => {
    const http: HttpTwin = {
      ask: async () => ({ operation: 'POST /orders', allowed: true, decidedBy: 'ns[shop]-policy[orders]-rule[0]' }),
    }
    const { enter, publish, attempts } = stage(http)
    await publish(await enter(cast.dashboard), 'shop.orders.create')
    expect(attempts.at(-1)).toMatchObject({ forecast: { allowed: false }, outcome: { allowed: false }, agrees: false })
  })

  test('does not take a login that the server refuses for one that the policy refused for another reason', async () => {
    const { turnAway, attempts } = stage()
    await turnAway({ presents: 'nothing', token: undefined, proves: 'TOKEN_EXPIRED' })
    expect(attempts).toMatchObject([
      { forecast: { code: 'TOKEN_EXPIRED' }, outcome: { allowed: false, code: 'CREDENTIAL_MISSING' }, agrees: false },
    ])
  })

  test('does not take a stranger who gets in for one who was turned away', async () => {
    const { turnAway, attempts } = stage()
    await turnAway({ presents: 'a good token', token: await cast.orders.token(), proves: 'TOKEN_EXPIRED' })
    expect(attempts).toMatchObject([{ outcome: { allowed: true, said: 'let in, account SHOP' }, agrees: false }])
  })

  test('says by which decision an actor was refused whom it needs', async () => {
    const { enter } = stage()
    const expired = { ...cast.orders, token: () => Promise.resolve('no token') }
    await expect(enter(expired)).rejects.toThrow(/^shop\/orders was refused: TOKEN_MALFORMED \(\w+-\w+\)$/)
  })
})
