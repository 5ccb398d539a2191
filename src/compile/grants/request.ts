/** `request: [pattern]`: publish, and the answer in the own inbox. Pure. */
import { patterns } from '../values/pattern.ts'
import { defineVerb } from './verb.ts'

export const request = defineVerb({
  verb: 'request',
  shape: { request: patterns.optional() },
  written: [['request', '*']],
  translate: (fields) => (fields.request === undefined ? [] : [{ verb: 'request', patterns: fields.request }]),
})
