/** `subscribe: [pattern]`, with `queue` only as a member of one of these groups. Pure. */
import { patterns, queues } from '../values/pattern.ts'
import { defineVerb } from './verb.ts'

export const subscribe = defineVerb({
  verb: 'subscribe',
  shape: { subscribe: patterns.optional(), queue: queues.optional() },
  written: [['subscribe', '*']],
  translate: (fields) => {
    if (fields.subscribe === undefined) return []
    const only = fields.queue === undefined ? {} : { queues: fields.queue }
    return [{ verb: 'subscribe', patterns: fields.subscribe, ...only }]
  },
})
