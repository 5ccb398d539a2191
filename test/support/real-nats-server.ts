/**
 * Suites on a real nats-server: it is found or fetched, never compiled. Where there is none, the suite is skipped with one line
 * that says how to get it; with NIB_REQUIRE_PARTS set, that is a failure.
 */
import { describe } from 'vitest'
import { findNatsServer, HOW_TO_GET_ONE, NatsServerUnavailable } from '../../src/dev/nats-server/index.ts'

async function isThere(): Promise<boolean> {
  try {
    await findNatsServer({ compile: false })
    return true
  } catch (problem) {
    if (!(problem instanceof NatsServerUnavailable) || (process.env['NIB_REQUIRE_PARTS'] ?? '') !== '') throw problem
    console.warn(`skipped, there is no nats-server: ${HOW_TO_GET_ONE}`)
    return false
  }
}

export const describeOnNatsServer = describe.skipIf(!(await isThere()))
