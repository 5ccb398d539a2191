/** `SubjectCeiling`: what the principals it matches can hold at most, whoever grants it. Pure. */
import { z } from 'zod'
import type { Json } from '../../lib/json.ts'
import { matcherRemarks } from '../matcher-remarks.ts'
import type { Mistake } from '../mistake.ts'
import { textsAt } from '../source-object.ts'
import { matcher } from '../values/matcher.ts'
import { pattern } from '../values/pattern.ts'
import { adviseOnType } from '../values/type-advice.ts'
import { defineKind, type CheckContext } from './kind.ts'

export const subjectCeiling = defineKind({
  kind: 'SubjectCeiling',
  scope: 'Cluster',
  spec: z.strictObject({
    principals: matcher,
    // Both are asked for: a side left out could mean nothing or no limit. An empty list means nothing.
    publish: side(),
    subscribe: side(),
  }),
  check,
  onlyGrants: () => false,
  translate: (spec, originAt) => ({ ceilings: [{ ...spec, origin: originAt(['spec']) }] }),
})

function side() {
  return adviseOnType(z.array(pattern), { whenMissing: 'write [] if they may hold nothing on this side' })
}

function check(spec: Json, { reach }: CheckContext): Mistake[] {
  const reached = [['publish', '*'] as const, ['subscribe', '*'] as const]
    .flatMap((place) => textsAt(spec, place))
    .flatMap(({ path, text }) => reach(text, ['spec', ...path]))
  return [...reached, ...matcherRemarks(spec, ['principals'])]
}
