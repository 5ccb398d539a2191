/** Responders on a real nats-server: who may answer, answers on whatever subject a request names, against every deny. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Way, WayKind } from '../../../src/audit/roundabout/way.ts'
import { describeOnNatsServer } from '../../support/nats-server.ts'
import { COMMAND, writes } from './scene.ts'
import { openStage, type Stage } from './stage.ts'
import { waysFor, type World } from './world.ts'

describeOnNatsServer('with responders, on a real server', () => {
  const responding: World = {
    account: 'B',
    people: {
      ray: { respond: ['svc.ask'] },
      eve: { request: ['svc.ask'], deny: [COMMAND] },
      sam: { respond: ['own.ask'], publish: ['own.ask'] },
      bob: { request: ['other.ask'] },
      pam: { respond: ['other.ask'] },
    },
    topology: {
      accounts: { B: { streams: [], imports: [], exports: [] }, C: { streams: [], imports: [], exports: [] } },
    },
  }
  const silent: World = {
    ...responding,
    account: 'C',
    people: { ...responding.people, ray: { subscribe: ['svc.ask'] } },
  }
  const worlds = [responding, silent]
  let stage: Stage
  beforeAll(async () => {
    stage = await openStage(worlds)
  })
  afterAll(() => stage.stop())

  test.each([
    { index: 0, works: true },
    { index: 1, works: false },
  ])('a responder that may answer ($works) answers on whatever subject a request names', async ({ index, works }) => {
    const world = worlds[index]!
    const ways = waysFor(world, 'eve', 'publish', COMMAND)
    expect(ways.map(({ kind, uses }) => ({ kind, uses }))).toEqual(
      works ? [{ kind: 'reply-reflection', uses: ['svc.ask'] }] : [],
    )
    expect(waysFor(world, 'ray', 'publish', COMMAND).map(({ kind, certain }) => [kind, certain])).toEqual(
      works ? [['service-reply', false]] : [],
    )
    const [ray, eve, owner] = [await stage.as(index, 'ray'), await stage.as(index, 'eve'), await stage.owner(index)]
    ray.subscribe('svc.ask', { callback: (_problem, message) => void message.respond('told') })
    await ray.flush()
    const used = { kind: 'reply-reflection' as const, uses: ['svc.ask'] }
    expect(await writes(wayLike(used), { client: eve, owner, patience: works ? 3000 : 200 })).toBe(works)
    await Promise.all([ray, eve, owner].map((client) => client.close()))
  })

  test('a responder that may send itself requests publishes wherever it likes', async () => {
    expect(
      waysFor(responding, 'sam', 'publish', COMMAND).map(({ kind, uses, certain }) => [kind, uses, certain]),
    ).toEqual([['service-reply', ['own.ask'], true]])
    const [sam, owner] = [await stage.as(0, 'sam'), await stage.owner(0)]
    sam.subscribe('own.ask', { callback: (_problem, message) => void message.respond('told') })
    expect(await writes(wayLike({ kind: 'service-reply', uses: ['own.ask'] }), { client: sam, owner })).toBe(true)
    await Promise.all([sam, owner].map((client) => client.close()))
  })
})

function wayLike({ kind, uses }: { readonly kind: WayKind; readonly uses: readonly string[] }): Way {
  const empty = { principal: '', known: true, account: '', subjectAccount: '', reaches: '', certain: true }
  return { ...empty, kind, uses, explanation: '', rules: [] }
}
