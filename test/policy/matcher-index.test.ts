/** The index answers as looking at every rule does. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { matchesPrincipal } from '../../src/policy/match-principal.ts'
import { MatcherIndex } from '../../src/policy/matcher-index.ts'
import { anyMatcherEntry, anyPrincipal, trustDomains } from '../support/policy-arbitraries.ts'

const anyRules = fc.array(fc.array(anyMatcherEntry, { minLength: 1, maxLength: 3 }), { maxLength: 10 })

test('the index finds every rule that matches, once, in order, and no other', () => {
  fc.assert(
    fc.property(anyRules, anyPrincipal, (matchers, principal) => {
      const rules = matchers.map((principals, position) => ({ position, principals }))
      const matching = rules.filter((rule) => matchesPrincipal(rule.principals, principal, trustDomains))
      expect(new MatcherIndex(rules, trustDomains).matching(principal)).toEqual(matching)
    }),
    { numRuns: 500 },
  )
})

test('the generated rules match and do not match often enough to tell', () => {
  const samples = fc.sample(fc.tuple(anyMatcherEntry, anyPrincipal), { numRuns: 500, seed: 1 })
  const share = samples.filter(([entry, principal]) => matchesPrincipal([entry], principal, trustDomains)).length / 500
  expect(share).toBeGreaterThan(0.1)
  expect(share).toBeLessThan(0.9)
})
