import fc from 'fast-check'
import { expect, test } from 'vitest'
import { grantsTouching } from '../../src/audit/grants-touching.ts'
import { overlaps } from '../../src/subject/index.ts'
import { anyModel, anyPattern } from '../support/policy-arbitraries.ts'

test('the rules that touch a subject are those that share one with it, each once and in the order of the model', () => {
  const publishing = new Set(['publish', 'request'])
  fc.assert(
    fc.property(
      anyModel,
      anyPattern,
      fc.constantFrom('publish' as const, 'subscribe' as const),
      (model, subject, action) => {
        const touching = model.grants.filter(
          ({ grant }) =>
            publishing.has(grant.verb) === (action === 'publish') &&
            grant.patterns.some((pattern) => overlaps(pattern, subject)),
        )
        expect(grantsTouching(model, action, subject)).toEqual(touching)
      },
    ),
  )
})
