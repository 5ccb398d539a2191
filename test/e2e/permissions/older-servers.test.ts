/** The same question put to older servers, which are given less where they would let through more: shorter, as all are alike. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MATRIX_VERSIONS } from '../../../src/dev/nats-server/index.ts'
import type { DeliveryFilter } from '../../../src/policy/decision.ts'
import { fcRuns } from '../../support/fc-runs.ts'
import { natsServerForTests } from '../../support/nats-server.ts'
import { anyModel } from '../../support/policy-arbitraries.ts'
import { judge, NOTHING_WRONG, somebody } from './judge.ts'
import { startServerUnderTest, type ServerUnderTest } from './server-under-test.ts'
import { traps } from './traps.ts'

const EXPECTED_FILTER: Readonly<Record<(typeof MATRIX_VERSIONS)[number], DeliveryFilter>> = {
  '2.14.6': 'filtering',
  '2.12.8': 'legacy',
  '2.11.11': 'legacy',
  '2.10.26': 'legacy',
}

for (const [position, version] of MATRIX_VERSIONS.entries()) {
  const binary = await natsServerForTests(version)

  describe.skipIf(binary === undefined)(`nats-server ${version}`, () => {
    let server: ServerUnderTest
    beforeAll(async () => {
      server = await startServerUnderTest(version)
    })
    afterAll(() => server.stop())

    test(`is given the permissions for ${EXPECTED_FILTER[version]} servers`, () => {
      expect(server.filter).toBe(EXPECTED_FILTER[version])
    })

    const few = fcRuns(100, position + 1)
    test(
      `lets a client do what its policy means, nothing beyond, and less only where that is reported (${few.said})`,
      { timeout: few.timeoutMs },
      async () => {
        await fc.assert(
          fc.asyncProperty(anyModel, async (model) => {
            expect(await judge({ ...server, model, principal: somebody })).toEqual(NOTHING_WRONG)
          }),
          { ...few, examples: traps },
        )
      },
    )

    const fewer = fcRuns(30, position + 1)
    test(
      `delivers nothing beyond it when all subscriptions share a connection either (${fewer.said})`,
      { timeout: fewer.timeoutMs },
      async () => {
        await fc.assert(
          fc.asyncProperty(anyModel, async (model) => {
            const { beyondPolicy } = await judge({ ...server, model, principal: somebody, alone: false })
            expect(beyondPolicy).toEqual([])
          }),
          { ...fewer, examples: traps },
        )
      },
    )
  })
}
