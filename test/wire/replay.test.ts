/** A key names one request, for as long as that request could be taken. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createReplayGuard } from '../../src/wire/replay.ts'

const NOW = 1_800_000_000_000

test('a key is admitted once until its request expires, however long that is and however many come meanwhile', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 90_000 }),
      fc.array(fc.record({ after: fc.nat(20_000), life: fc.integer({ min: 1, max: 90_000 }) }), { maxLength: 40 }),
      (life, others) => {
        const guard = createReplayGuard()
        expect(guard.admit('U', NOW, NOW + life)).toBe(true)
        let now = NOW
        for (const [index, other] of others.entries()) {
          now += other.after
          if (now >= NOW + life) return
          expect(guard.admit(`U${index}`, now, now + other.life)).toBe(true)
          expect(guard.admit('U', now, NOW + life)).toBe(false)
        }
      },
    ),
  )
})

test('keys are forgotten once nobody could use them, also those of a server that claims to wait for years', () => {
  const guard = createReplayGuard()
  const years = 100_000_000_000
  for (let at = 0; at <= 3 * 90_000; at += 1_000) guard.admit(`U${at}`, NOW + at, NOW + years)
  expect(guard.admit('U0', NOW + 3 * 90_000 + 1, NOW + years)).toBe(true)
})
