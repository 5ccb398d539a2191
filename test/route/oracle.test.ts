/** Routes compiled and decided for generated policies, subject by subject against what Istio's evaluator says of the operation. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { DeliveryFilter } from '../../src/policy/decision.ts'
import { delivers, permits } from '../../src/policy/effective.ts'
import { anyCase, compileCase, inexactRoutes, questionsOf, type Case } from './case.ts'

const WIDE = ['r.>', 'r.*', 'r.a.*', 'r.*.*', 'r.a.>', 'r.*.sub', '>']

function judge(one: Case, kind: 'exact' | 'any' | 'deep', filter: DeliveryFilter): string[] {
  const compilation = compileCase(one)
  if (kind === 'exact') expect([...inexactRoutes(compilation)]).toEqual([])
  return questionsOf(one, compilation, filter).flatMap(({ principal, decision, questions }) =>
    questions.flatMap(({ action, subject, may, isTold, meaning }) => {
      const permissions = decision.permissions[filter]
      const does = permits(permissions, action, subject)
      const said = `${principal.name} ${action} ${subject} (${meaning?.verdict})`
      const given = may === does || (may && isTold) ? [] : [`${said}: ${does ? 'given' : 'withheld'}`]
      if (action === 'publish' || may) return given
      const seen = WIDE.filter((wide) => delivers(permissions, { subject: wide }, subject, filter))
      return [...given, ...seen.map((wide) => `${said}: delivered to ${wide}`)]
    }),
  )
}

describe.each(['filtering', 'legacy'] as const)('on a %s server', (filter) => {
  test('nobody may use a subject whose operation HTTP refuses, and what is withheld is told', () => {
    fc.assert(
      fc.property(anyCase('any'), (one) => {
        expect(judge(one, 'any', filter).slice(0, 5)).toEqual([])
      }),
      { numRuns: 100 },
    )
  })

  test('a template of any depth takes nothing away where its own segments do not stand', () => {
    fc.assert(
      fc.property(anyCase('deep'), (one) => {
        expect(judge(one, 'deep', filter).slice(0, 5)).toEqual([])
      }),
      { numRuns: 60 },
    )
  })

  test('paths that whole tokens can say are exact', () => {
    fc.assert(
      fc.property(anyCase('exact'), (one) => {
        expect(judge(one, 'exact', filter).slice(0, 5)).toEqual([])
      }),
      { numRuns: 100 },
    )
  })
})
