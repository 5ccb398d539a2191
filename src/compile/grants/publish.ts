/** `publish: [pattern]`. Pure. */
import { patterns } from '../values/pattern.ts'
import { defineVerb } from './verb.ts'

export const publish = defineVerb({
  verb: 'publish',
  shape: { publish: patterns.optional() },
  written: [['publish', '*']],
  translate: (fields) => (fields.publish === undefined ? [] : [{ verb: 'publish', patterns: fields.publish }]),
})
