import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createPatience, type RequestTimes } from '../../src/wire/patience.ts'
import { fcRuns } from '../support/fc-runs.ts'

const NOW = 1_800_000_000_000

function request(connection: number, arrivedAt: number, overrides: Partial<RequestTimes> = {}): RequestTimes {
  const issuedAt = Math.floor(arrivedAt / 1000)
  return { serverId: 'N1', connection, hasTls: false, issuedAt, expiresAt: issuedAt + 2, arrivedAt, ...overrides }
}

/** Looks at a request that has waited long, which shows that requests queue. */
function strain(patience: ReturnType<typeof createPatience>, now: number): void {
  patience.answerBy(request(1_000_000, now - 200, { serverId: 'another' }), now)
}

describe('patience', () => {
  test('is the authorization timeout that the request itself tells, less half a second', () => {
    const patience = createPatience(4)
    expect(patience.answerBy(request(1, NOW), NOW)).toBe(NOW + 1500)
    const withFive = request(2, NOW, { expiresAt: Math.floor(NOW / 1000) + 5 })
    expect(patience.answerBy(withFive, NOW)).toBe(NOW + 4500)
  })

  test('while requests queue, a connection accepted before one that was heard of counts from then', () => {
    const patience = createPatience(4)
    patience.observe(request(500, NOW))
    const later = NOW + 1000
    strain(patience, later)
    expect(patience.answerBy(request(499, later), later)).toBe(NOW + 1500)
    expect(patience.answerBy(request(501, later), later)).toBe(later + 1500)
  })

  test('counts from arrival as long as nothing queues', () => {
    const patience = createPatience(4)
    patience.observe(request(500, NOW))
    expect(patience.answerBy(request(499, NOW + 1000), NOW + 1000)).toBe(NOW + 2500)
  })

  test('calms down two seconds after the last request that queued', () => {
    const patience = createPatience(4)
    patience.observe(request(500, NOW))
    strain(patience, NOW)
    expect(patience.answerBy(request(499, NOW + 1999), NOW + 1999)).toBe(NOW + 1500)
    expect(patience.answerBy(request(499, NOW + 2000), NOW + 2000)).toBe(NOW + 3500)
  })

  test('a TLS handshake may have come in between', () => {
    const patience = createPatience(4)
    patience.observe(request(500, NOW))
    strain(patience, NOW + 1000)
    expect(patience.answerBy(request(499, NOW + 1000, { hasTls: true }), NOW + 1000)).toBe(NOW + 2500)
    expect(patience.answerBy(request(499, NOW + 3000, { hasTls: true }), NOW + 1000)).toBe(NOW + 3500)
  })

  test('a connection that has long been in is asked about anew, not late', () => {
    const patience = createPatience(4)
    patience.observe(request(500, NOW))
    const reload = NOW + 60_000
    strain(patience, reload)
    expect(patience.answerBy(request(12, reload), reload)).toBe(reload + 1500)
  })

  test('the numbers of one server say nothing of another', () => {
    const patience = createPatience(4)
    patience.observe(request(500, NOW))
    strain(patience, NOW + 1000)
    expect(patience.answerBy(request(12, NOW + 1000, { serverId: 'N2' }), NOW + 1000)).toBe(NOW + 2500)
  })

  test('is never shorter than the wait since the server accepted the connection', () => {
    const steps = fc.array(fc.record({ gap: fc.nat(400), way: fc.nat(3000) }), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(steps, (logins) => {
        const patience = createPatience(4)
        let accepted = NOW
        const requests = logins.map(({ gap, way }, index) => {
          accepted += gap
          return { accepted, ...request(index + 1, accepted + way) }
        })
        for (const each of requests.toSorted((a, b) => a.arrivedAt - b.arrivedAt)) {
          strain(patience, each.arrivedAt)
          const answerBy = patience.answerBy(each, each.arrivedAt)
          expect(answerBy).toBeGreaterThanOrEqual(each.accepted + 1500)
          expect(answerBy).toBeLessThanOrEqual(each.arrivedAt + 1500)
          patience.observe(each)
        }
      }),
      fcRuns(500),
    )
  })
})
