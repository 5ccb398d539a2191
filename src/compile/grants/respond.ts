/** `respond: [pattern]`: subscribe, and answer what arrives there. Pure. */
import { z } from 'zod'
import { durationMs } from '../values/duration.ts'
import { patterns, queues } from '../values/pattern.ts'
import { refuse } from '../values/refuse.ts'
import { defineVerb } from './verb.ts'

/** What nats-server takes for `allow_responses: true`. */
export const DEFAULT_MAX_REPLIES = 1
export const DEFAULT_REPLY_WITHIN_MS = 120_000

const NO_LIMIT = -1

export const maxReplies = z
  .int()
  .min(NO_LIMIT)
  .transform((count, ctx) => {
    if (count !== 0) return count
    const hint = 'leave it out for one reply, -1 for no limit'
    return refuse(ctx, count, { code: 'out-of-range', reason: 'is no number of replies', hint })
  })

export const respond = defineVerb({
  verb: 'respond',
  shape: {
    respond: patterns.optional(),
    queue: queues.optional(),
    maxReplies: maxReplies.optional(),
    replyWithin: durationMs.optional(),
  },
  written: [['respond', '*']],
  translate: (fields) => {
    if (fields.respond === undefined) return []
    return [
      {
        verb: 'respond',
        patterns: fields.respond,
        ...(fields.queue === undefined ? {} : { queues: fields.queue }),
        maxReplies: fields.maxReplies ?? DEFAULT_MAX_REPLIES,
        replyWithinMs: fields.replyWithin ?? DEFAULT_REPLY_WITHIN_MS,
      },
    ]
  },
})
