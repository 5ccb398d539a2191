/**
 * NATS `resp`: a responder may publish to the reply subject of what it receives. Pure.
 * One setting for the whole connection, so it is the widest of the grants that are left; and it overrides every `pub.deny`,
 * on whatever reply subject a requester names: grant it where the requesters are trusted.
 */
import type { Permissions } from './decision.ts'
import type { Respond } from './grant-entries.ts'

export type Responses = NonNullable<Permissions['resp']>

const UNLIMITED = -1
const NANOSECONDS = 1_000_000

/** `undefined` when nothing may be responded to. */
export function responsesOf(grants: readonly Respond[]): Responses | undefined {
  if (grants.length === 0) return undefined
  const max = widest(grants.map(({ maxReplies }) => maxReplies))
  const milliseconds = widest(grants.map(({ replyWithinMs }) => replyWithinMs))
  const ttl = milliseconds === UNLIMITED ? UNLIMITED : Math.min(milliseconds * NANOSECONDS, Number.MAX_SAFE_INTEGER)
  return { max, ttl }
}

/** Never 0, which nats-server reads as its own default, two minutes for a `ttl`. */
function widest(limits: readonly number[]): number {
  return limits.some((limit) => limit < 0) ? UNLIMITED : Math.max(1, ...limits)
}
