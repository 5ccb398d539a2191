/**
 * Subjects ruled by AuthorizationPolicies, on a real server: for generated routes and policies, a client is let through exactly where
 * Istio's evaluator lets the operation through that the subject stands for, and less only where that is told.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fcRuns } from '../../support/fc-runs.ts'
import { natsServerForTests } from '../../support/nats-server.ts'
import { anyCase, compileCase, questionsOf, type Judged } from '../../route/case.ts'
import { examine, type Answers } from './examine.ts'
import { startServerUnderTest, type ServerUnderTest } from './server-under-test.ts'

const binary = await natsServerForTests()

describe.skipIf(binary === undefined)(`nats-server ${binary?.version}`, () => {
  let server: ServerUnderTest
  beforeAll(async () => {
    server = await startServerUnderTest()
  })
  afterAll(() => server.stop())

  async function ask({ decision, questions }: Judged): Promise<Answers> {
    const subjects = [...new Set(questions.map(({ subject }) => subject))]
    return examine({
      logIn: () => server.logInUnder(decision),
      witness: server.witness,
      universe: { subjects, subscriptions: ['r.>', 'r.*', 'r.a.>', 'r.*.*'], queues: [undefined, 'workers'] },
      isLoner: () => false,
    })
  }

  function wrongIn({ principal, questions }: Judged, { arrived, delivered }: Answers): string[] {
    return questions.flatMap(({ action, subject, may, isTold, meaning }) => {
      const own = delivered.get(subject)?.includes(subject) === true
      const does = action === 'publish' ? arrived.has(subject) : own
      const said = `${principal.name} ${action} ${subject} (${meaning?.verdict})`
      const given = may === does || (may && isTold) ? [] : [`${said}: ${does ? 'given' : 'withheld'}`]
      if (action === 'publish' || may) return given
      const seen = [...delivered]
        .filter(([, received]) => received.includes(subject))
        .map(([subscription]) => subscription)
      return [...given, ...seen.map((subscription) => `${said}: delivered to ${subscription}`)]
    })
  }

  const runs = fcRuns(25, 2)
  test(`lets callers do what HTTP lets them do (${runs.said})`, { timeout: runs.timeoutMs }, async () => {
    await fc.assert(
      fc.asyncProperty(anyCase('any'), fc.nat(3), async (one, caller) => {
        const judged = questionsOf(one, compileCase(one), server.filter)[caller]
        if (judged === undefined) throw new Error('there are four callers')
        expect(wrongIn(judged, await ask(judged)).slice(0, 5)).toEqual([])
      }),
      runs,
    )
  })
})
