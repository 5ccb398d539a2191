/**
 * Reads each server's clock off its own requests, so that its `exp` can be told in our time.
 * A request carries `iat` in whole seconds of the server's clock: arrival minus `iat` is the skew, plus up to a second, plus the way.
 * The smallest such difference of the last minutes is the best guess. Without this, two seconds of skew would refuse every login.
 */
import { createBoundedMap } from '../lib/bounded-map.ts'

export interface ServerClocks {
  /** Milliseconds of our clock at which the server's `exp` falls; a server not heard of yet is allowed {@link MAX_SKEW_MS}. */
  endInOurTime(serverId: string, exp: number): number
  /**
   * Whether a request comes from further in the future than {@link MAX_SKEW_MS}. Then most likely our own clock is slow, by which expired
   * tokens would still be good and sessions over before they begin. `arrivedAt` in milliseconds.
   */
  isFarAhead(iat: number, arrivedAt: number): boolean
  /** Only for requests whose origin is proven. `arrivedAt` in milliseconds. */
  observe(serverId: string, iat: number, arrivedAt: number): void
  /** Skew of the server heard last, milliseconds; positive when it is behind. For a metric. */
  latestSkew(): number
}

/** A server further off than this is refused: its certificates and tokens would fail as well. */
export const MAX_SKEW_MS = 30_000
const GENERATION_MS = 60_000

interface Estimate {
  current: number
  previous: number
  startedAt: number
}

export function createServerClocks(maxServers: number): ServerClocks {
  const estimates = createBoundedMap<string, Estimate>(maxServers)
  let latest = 0
  return {
    endInOurTime(serverId, exp) {
      const estimate = estimates.get(serverId)
      return exp * 1000 + (estimate === undefined ? MAX_SKEW_MS : skewOf(estimate))
    },
    isFarAhead: (iat, arrivedAt) => iat * 1000 - arrivedAt > MAX_SKEW_MS,
    observe(serverId, iat, arrivedAt) {
      const difference = arrivedAt - iat * 1000
      const known = estimates.get(serverId)
      const estimate = known ?? { current: difference, previous: difference, startedAt: arrivedAt }
      if (known === undefined) estimates.set(serverId, estimate)
      if (arrivedAt - estimate.startedAt > GENERATION_MS) {
        estimate.previous = estimate.current
        estimate.current = difference
        estimate.startedAt = arrivedAt
      }
      estimate.current = Math.min(estimate.current, difference)
      latest = skewOf(estimate)
    },
    latestSkew: () => latest,
  }
}

function skewOf(estimate: Estimate): number {
  const skew = Math.min(estimate.current, estimate.previous)
  return Math.max(-MAX_SKEW_MS, Math.min(MAX_SKEW_MS, skew))
}
