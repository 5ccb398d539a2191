/** `SubjectCeiling`: what the principals it matches can hold at most, whoever grants it. Pure. */
import { z } from 'zod'
import type { Json } from '../../lib/json.ts'
import type { Mistake } from '../mistake.ts'
import { textsAt } from '../source-object.ts'
import { matcher } from '../values/matcher.ts'
import { pattern } from '../values/pattern.ts'
import { defineKind, type CheckContext } from './kind.ts'

export const subjectCeiling = defineKind({
  kind: 'SubjectCeiling',
  scope: 'Cluster',
  spec: z.strictObject({
    principals: matcher,
    // Both are asked for: a side left out could mean nothing or no limit. An empty list means nothing.
    publish: z.array(pattern),
    subscribe: z.array(pattern),
  }),
  check,
  onlyGrants: () => false,
  translate: (spec, originAt) => ({ ceilings: [{ ...spec, origin: originAt(['spec']) }] }),
})

function check(spec: Json, { reach }: CheckContext): Mistake[] {
  return [['publish', '*'] as const, ['subscribe', '*'] as const]
    .flatMap((place) => textsAt(spec, place))
    .flatMap(({ path, text }) => reach(text, ['spec', ...path]))
}
