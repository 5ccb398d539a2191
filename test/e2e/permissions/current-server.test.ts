/** What the server decides is tested by asking the server: generated policies, and lists that no policy compiles to. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fcRuns } from '../../support/fc-runs.ts'
import { natsServerForTests } from '../../support/nats-server.ts'
import { anyModel } from '../../support/policy-arbitraries.ts'
import { examine } from './examine.ts'
import { judge, NOTHING_WRONG, somebody, universeOf } from './judge.ts'
import { anyPermissions } from './lists.ts'
import { startServerUnderTest, type ServerUnderTest } from './server-under-test.ts'
import { unforetold } from './verdict.ts'

const LIMIT_MS = 240_000
const whileTheTestMayRun = { interruptAfterTimeLimit: LIMIT_MS * 0.8, markInterruptAsFailure: true }

const binary = await natsServerForTests()

describe.skipIf(binary === undefined)(`nats-server ${binary?.version}`, () => {
  let server: ServerUnderTest
  beforeAll(async () => {
    server = await startServerUnderTest()
  })
  afterAll(() => server.stop())

  const many = fcRuns(100)
  test(
    `lets a client do what its policy means, nothing beyond and nothing less (${many.said})`,
    async () => {
      await fc.assert(
        fc.asyncProperty(anyModel, async (model) => {
          expect(await judge({ ...server, model, principal: somebody })).toEqual(NOTHING_WRONG)
        }),
        { ...many, ...whileTheTestMayRun },
      )
    },
    LIMIT_MS,
  )

  const some = fcRuns(15)
  test(
    `does so too when a subscription is the only one of its connection (${some.said})`,
    async () => {
      await fc.assert(
        fc.asyncProperty(anyModel, async (model) => {
          expect(await judge({ ...server, model, principal: somebody, alone: true })).toEqual(NOTHING_WRONG)
        }),
        { ...some, ...whileTheTestMayRun },
      )
    },
    LIMIT_MS,
  )

  const lists = fcRuns(60)
  test(
    `reads every list as we foretell, also those that no policy compiles to (${lists.said})`,
    async () => {
      const all = universeOf('_INBOX_own')
      await fc.assert(
        fc.asyncProperty(anyPermissions, async (permissions) => {
          const answers = await examine({
            logIn: () => server.logInUnder({ permissions: { filtering: permissions, legacy: permissions } }),
            witness: server.witness,
            universe: all,
            isLoner: () => false,
          })
          expect(unforetold(answers, permissions, 'filtering', all)).toEqual([])
        }),
        { ...lists, ...whileTheTestMayRun },
      )
    },
    LIMIT_MS,
  )
})
