/** The generated configurations on every line of nats-server that is supported: each gets the settings that it understands. */
import { afterAll, beforeAll, describe, test } from 'vitest'
import { MATRIX_VERSIONS } from '../../src/dev/nats-server/index.ts'
import { environments, natsServerForTests, startEnvironment, type TestEnvironment } from '../support/nats-server.ts'
import {
  expectBreakGlassWithoutBridge,
  expectBridgePublishesNothing,
  expectBridgeSubscribesInItsGroupOnly,
  expectLoginThroughBridge,
  expectOneReplyPerRequest,
} from './checks.ts'

for (const version of MATRIX_VERSIONS) {
  const natsServer = await natsServerForTests(version)

  describe.skipIf(natsServer === undefined).each(environments)(`nats-server ${version} (%s)`, (name) => {
    let env: TestEnvironment

    beforeAll(async () => {
      env = await startEnvironment(name, { version, authorizationTimeout: 2 })
    })
    afterAll(() => env.stop())

    test('lets in whom the bridge lets in', () => expectLoginThroughBridge(env))
    test('lets the bridge subscribe in its queue group only', () => expectBridgeSubscribesInItsGroupOnly(env))
    test('lets the bridge publish nothing of its own accord', () => expectBridgePublishesNothing(env))
    test('takes one reply to each request', () => expectOneReplyPerRequest(env))
    test('lets break glass in while no bridge answers', () => expectBreakGlassWithoutBridge(env))
  })
}
