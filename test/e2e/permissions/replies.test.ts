/** NATS `resp`: what a responder may publish to the reply subjects of what it received, asked of every server that we know. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { MATRIX_VERSIONS } from '../../../src/dev/nats-server/index.ts'
import { permits } from '../../../src/policy/effective.ts'
import type { Grant, Model } from '../../../src/policy/model.ts'
import { fcRuns } from '../../support/fc-runs.ts'
import { natsServerForTests } from '../../support/nats-server.ts'
import { anyModel, pattern, ruleOf, snapshotOf } from '../../support/policy-arbitraries.ts'
import type { RawClient } from '../../support/raw-client.ts'
import { allSubscriptions } from './examine.ts'
import { decisionOf, somebody, universeOf } from './judge.ts'
import { startServerUnderTest, type ServerUnderTest } from './server-under-test.ts'

const LONG_MS = 60_000
const UNLIMITED = -1
/** Replies that are tried: more than any limit here. */
const TRIED = 7
const REPLY = 'reply.to.one.request.of.many'

const responding = { verb: 'respond', patterns: [pattern('svc.*')], maxReplies: 1, replyWithinMs: LONG_MS } as const

function modelOf(allow: Grant, ...denies: readonly Grant[]): Model {
  return {
    ...snapshotOf({}).model,
    accounts: [
      {
        account: 'SHOP',
        principals: [{ authenticated: true }],
        inbox: 'private',
        origin: { kind: 'AccountMap', name: 'accounts' },
      },
    ],
    grants: [ruleOf('allow', allow), ...denies.map((deny) => ruleOf('deny', deny))],
  }
}

const everything = pattern('>')
const CLOSED = { allow: [], deny: ['>'] }

for (const [position, version] of [undefined, ...MATRIX_VERSIONS].entries()) {
  const binary = await natsServerForTests(version)

  describe.skipIf(binary === undefined)(`a responder on nats-server ${binary?.version}`, () => {
    let server: ServerUnderTest
    beforeAll(async () => {
      server = await startServerUnderTest(version)
      server.witness.write('SUB reply.> 1\r\nSUB secret.> 2\r\n')
    })
    afterAll(() => server.stop())

    async function enter(model: Model): Promise<RawClient> {
      const client = await server.logInUnder(decisionOf(model, somebody))
      onTestFinished(() => client.close())
      return client
    }

    async function subscribe(client: RawClient, subject: string, queue = ''): Promise<void> {
      client.write(`SUB ${subject} ${queue} 1\r\n`)
      expect((await client.settle()).errors).toEqual([])
    }

    /** Has a request with this reply subject delivered to the client, which is subscribed. */
    async function request(client: RawClient, subject: string, reply: string): Promise<void> {
      server.witness.write(`PUB ${subject} ${reply} 0\r\n\r\n`)
      await server.witness.settle()
      expect((await client.settle()).messages).toMatchObject([{ subject, reply }])
    }

    /** @returns how many of several replies arrive; each of the others draws a violation. */
    async function replies(client: RawClient, subject: string): Promise<number> {
      client.write(`PUB ${subject} 0\r\n\r\n`.repeat(TRIED))
      const { errors } = await client.settle()
      const { messages } = await server.witness.settle()
      expect(new Set(errors)).toEqual(new Set(errors.length === 0 ? [] : [violation(subject)]))
      expect(messages.length + errors.length).toBe(TRIED)
      return messages.length
    }

    test.each([
      [1, 1],
      [2, 2],
      [5, 5],
      [UNLIMITED, TRIED],
    ])('with %i replies granted and no publish side gets %i of them through', async (maxReplies, expected) => {
      const model = modelOf({ ...responding, maxReplies })
      expect(decisionOf(model, somebody).permissions[server.filter].pub).toEqual(CLOSED)
      const client = await enter(model)
      await subscribe(client, 'svc.get')
      await request(client, 'svc.get', REPLY)
      expect(await replies(client, REPLY)).toBe(expected)
    })

    test('answers each request anew, in a queue group as well', async () => {
      const client = await enter(modelOf({ ...responding, queues: [pattern('workers')] }))
      await subscribe(client, 'svc.get', 'workers')
      await request(client, 'svc.get', 'reply.first')
      await request(client, 'svc.get', 'reply.second')
      expect(await replies(client, 'reply.second')).toBe(1)
      expect(await replies(client, 'reply.first')).toBe(1)
    })

    test('answers although every publish is denied', async () => {
      const client = await enter(modelOf(responding, { verb: 'publish', patterns: [everything] }))
      await subscribe(client, 'svc.get')
      await request(client, 'svc.get', REPLY)
      expect(await replies(client, REPLY)).toBe(1)
    })

    test('is too late after replyWithin, with replies left and without a limit', async () => {
      const replyWithinMs = 25
      for (const maxReplies of [5, UNLIMITED]) {
        const client = await enter(modelOf({ ...responding, maxReplies, replyWithinMs }))
        await subscribe(client, 'svc.get')
        await request(client, 'svc.get', REPLY)
        // The server's clock started before the message was here.
        const end = performance.now() + replyWithinMs + 1
        while (performance.now() < end) await client.settle()
        expect(await replies(client, REPLY)).toBe(0)
      }
    })

    test('has no word to anybody who did not ask', async () => {
      const client = await enter(modelOf(responding))
      await subscribe(client, 'svc.get')
      expect(await replies(client, REPLY)).toBe(0)
      await request(client, 'svc.get', REPLY)
      expect(await replies(client, 'secret.other')).toBe(0)
      expect(await replies(client, `${REPLY}.deeper`)).toBe(0)
    })

    test('needs the grant: who may only subscribe does not answer', async () => {
      const client = await enter(modelOf({ verb: 'subscribe', patterns: [pattern('svc.*')] }))
      await subscribe(client, 'svc.get')
      await request(client, 'svc.get', REPLY)
      expect(await replies(client, REPLY)).toBe(0)
    })

    test('is gone with what it responded to: a deny of the subject takes the replies with it', async () => {
      const more: Grant = { verb: 'subscribe', patterns: [pattern('news')] }
      const model = modelOf(responding, {
        verb: 'respond',
        patterns: [pattern('svc.>')],
        maxReplies: 1,
        replyWithinMs: 1,
      })
      const client = await enter({ ...model, grants: [...model.grants, ruleOf('allow', more)] })
      await subscribe(client, 'news')
      await request(client, 'news', REPLY)
      expect(await replies(client, REPLY)).toBe(0)
    })

    const policies = fcRuns(50, position)
    test(
      `under any policy gets through as many replies as its grants say (${policies.said})`,
      { timeout: policies.timeoutMs },
      async () => {
        await fc.assert(
          fc.asyncProperty(anyModel, async (model) => {
            const { permissions, inboxPrefix } = decisionOf(model, somebody)
            const { pub, resp } = permissions[server.filter]
            const all = universeOf(inboxPrefix)
            const open = allSubscriptions(all).find(
              ({ subject, queue }) =>
                all.subjects.includes(subject) && permits(permissions[server.filter], 'subscribe', subject, queue),
            )
            fc.pre(open !== undefined)
            const client = await server.logInUnder({ permissions })
            try {
              await subscribe(client, open.subject, open.queue)
              await request(client, open.subject, REPLY)
              const tracked = resp === undefined ? 0 : resp.max === UNLIMITED ? TRIED : Math.min(resp.max, TRIED)
              const isFree = permits({ pub, sub: CLOSED }, 'publish', REPLY)
              expect(await replies(client, REPLY)).toBe(isFree ? TRIED : tracked)
            } finally {
              client.close()
            }
          }),
          policies,
        )
      },
    )
  })
}

function violation(subject: string): string {
  return `Permissions Violation for Publish to "${subject}"`
}
