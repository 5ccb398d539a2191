import { describe, expect, test } from 'vitest'
import { createDevLog } from '../../src/dev/dev-log.ts'

describe('the log in a terminal', () => {
  test('is one short line for what deserves a look, and nothing for the rest', () => {
    const lines: string[] = []
    const { logger } = createDevLog((line, isProblem) => lines.push(`${isProblem ? '!' : ' '} ${line}`))
    logger.info({ connection: 0 }, 'service connection connected')
    logger.info({ code: 'policy-changed' }, 'the policy in force is now snapshot 1')
    logger.error({ code: 'wrong-type', file: 'orders.yaml', line: 9, hint: 'write a list' }, 'publish is text')
    logger.warn({ problem: 'refused' }, 'service connection failed')
    expect(lines).toEqual([
      '  the policy in force is now snapshot 1',
      '! orders.yaml:9: publish is text: write a list',
      '! service connection failed: refused',
    ])
  })
})
