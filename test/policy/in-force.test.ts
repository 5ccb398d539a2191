/** Grants that hold in one account only, or under a ceiling only: where they do not hold, they are as if never written. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { whatCan } from '../../src/audit/what-can.ts'
import { why } from '../../src/audit/why.ts'
import { createDecide } from '../../src/policy/decide.ts'
import type { GrantRule, Model } from '../../src/policy/model.ts'
import { anyModel, pattern, ruleOf, sha256Hex, snapshotOf, workload } from '../support/policy-arbitraries.ts'

const principal = workload('spiffe://shop.example/ns/shop/sa/orders')

const condition = fc.record(
  { withinAccount: fc.constantFrom('SHOP', 'OTHER'), needsCeiling: fc.constant(true as const) },
  { requiredKeys: [] },
)

/** Everybody lives in SHOP. */
const anyConditionedModel: fc.Arbitrary<Model> = fc
  .tuple(anyModel, fc.infiniteStream(condition))
  .map(([model, conditions]) => ({
    ...model,
    grants: model.grants.map((rule): GrantRule => ({ ...rule, ...conditions.next().value })),
  }))

function decideOn(model: Model): unknown {
  return createDecide(sha256Hex)(snapshotOf(model), principal)
}

test('a decision is that of the policy without the rules that are not in force, without their conditions', () => {
  let dropped = 0
  fc.assert(
    fc.property(anyConditionedModel, (model) => {
      const isCapped = model.ceilings.length > 0
      const grants = model.grants.flatMap(({ withinAccount, needsCeiling, ...rule }) => {
        const holds = withinAccount !== 'OTHER' && (needsCeiling === undefined || isCapped)
        return holds ? [rule] : []
      })
      if (grants.length < model.grants.length) dropped++
      expect(decideOn(model)).toEqual(decideOn({ ...model, grants }))
    }),
  )
  expect(dropped).toBeGreaterThan(20)
})

describe('the audit', () => {
  const grant = { verb: 'publish', patterns: [pattern('a')] } as const
  const accounts: Model['accounts'] = [
    {
      account: 'SHOP',
      principals: [{ authenticated: true }],
      inbox: 'private',
      origin: { kind: 'AccountMap', name: 'm' },
    },
  ]

  test.for([
    ['allow', {}],
    ['allow', { withinAccount: 'SHOP' }],
    ['other-account', { withinAccount: 'OTHER' }],
    ['needs-ceiling', { needsCeiling: true }],
    ['other-account', { withinAccount: 'OTHER', needsCeiling: true }],
  ] as const)('says %s of a rule with %o', ([part, condition]) => {
    const snapshot = snapshotOf({ accounts, grants: [{ ...ruleOf('allow', grant), ...condition }] })
    const decision = createDecide(sha256Hex)(snapshot, principal)
    const answer = why(snapshot, decision, { principal, action: 'publish', subject: pattern('a') })
    expect(answer.allowed).toBe(part === 'allow')
    expect(answer.reasons.map((reason) => reason.part)).toEqual(['account', part])
    const listed = whatCan(snapshot, decision, principal).entries.filter(({ entry }) => entry === 'a')
    expect(listed).toHaveLength(part === 'allow' ? 1 : 0)
  })

  test('names no rule behind an entry that another rule grants and this one does not', () => {
    const other = { ...ruleOf('allow', grant, 'second'), withinAccount: 'OTHER' }
    const snapshot = snapshotOf({ accounts, grants: [ruleOf('allow', grant, 'first'), other] })
    const decision = createDecide(sha256Hex)(snapshot, principal)
    const [entry] = whatCan(snapshot, decision, principal).entries
    expect(entry?.rules.map(({ name }) => name)).toEqual(['first'])
    expect(decision.rules.map(({ name }) => name)).toEqual(['m', 'first'])
  })
})
