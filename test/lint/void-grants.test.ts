/** A grant that lint calls void changes nobody's permissions when it is taken away: asked of the engine that decides logins. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Estate } from '../../src/lint/estate.ts'
import type { Rule } from '../../src/lint/finding.ts'
import { grantOutsideCeiling } from '../../src/lint/nats/ceilings.ts'
import { grantCovered, grantDenied } from '../../src/lint/nats/shadowed.ts'
import { DEFAULT_MESH } from '../../src/istio/index.ts'
import { createDecide } from '../../src/policy/decide.ts'
import type { GrantRule, Model } from '../../src/policy/model.ts'
import {
  anyMatcherEntry,
  anyModel,
  anyPrincipal,
  sha256Hex,
  snapshotOf,
  trustDomains,
} from '../support/policy-arbitraries.ts'

/** Matchers of their own, so that rules meet some principals and not others; and a number to tell the rules apart. */
const anyWorld = fc
  .tuple(
    anyModel,
    fc.array(fc.array(anyMatcherEntry, { minLength: 1, maxLength: 2 }), { minLength: 10, maxLength: 10 }),
  )
  .map(([model, matchers]): Model => {
    const principals = (index: number): GrantRule['principals'] => matchers[index % matchers.length] ?? []
    return {
      ...model,
      grants: model.grants.map((rule, index) => ({
        ...rule,
        // Half of them for everybody, as rules that meet nobody say little.
        principals: index % 2 === 0 ? rule.principals : principals(index),
        origin: { ...rule.origin, rule: index },
      })),
      ceilings: model.ceilings.map((rule, index) => ({
        ...rule,
        principals: index === 0 ? rule.principals : principals(index),
      })),
    }
  })

describe.for<readonly [Rule, number]>([
  [grantCovered, 30],
  [grantDenied, 10],
  [grantOutsideCeiling, 10],
])('rules of lint', ([rule, expected]) => {
  test(`${rule.code}: nobody misses the grant`, () => {
    let told = 0
    const decide = createDecide(sha256Hex)
    fc.assert(
      fc.property(anyWorld, fc.array(anyPrincipal, { minLength: 3, maxLength: 3 }), (model, principals) => {
        const estate: Estate = {
          documents: [],
          policies: [],
          model,
          trustDomains,
          mesh: DEFAULT_MESH,
          representatives: [],
          isWritten: () => true,
        }
        for (const { at } of rule.check(estate)) {
          if (!('origin' in at) || at.written === undefined) throw new Error('no place')
          told += 1
          const without = takeAway(model, at.origin.rule, at.written)
          const [whole, less] = [snapshotOf(model), snapshotOf(without)]
          for (const principal of principals) {
            const before = decide(whole, principal)
            const after = decide(less, principal)
            if (before.effect === 'deny' || after.effect === 'deny') throw new Error('everybody lives in SHOP')
            // Where lists cannot say the wide grant, the narrow one may be all that is left of it.
            if (before.shortfalls.legacy.length > 0) continue
            expect(after.permissions).toEqual(before.permissions)
          }
        }
      }),
      { numRuns: 250 },
    )
    expect(told).toBeGreaterThan(expected)
  })
})

function takeAway(model: Model, index: number | undefined, text: string): Model {
  const grants = model.grants.flatMap((rule) => {
    if (rule.origin.rule !== index) return [rule]
    const patterns = rule.grant.patterns.filter((pattern) => pattern.text !== text)
    return patterns.length === 0 ? [] : [{ ...rule, grant: { ...rule.grant, patterns } }]
  })
  return { ...model, grants }
}
