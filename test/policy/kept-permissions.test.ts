/** Permissions that are kept from snapshot to snapshot: those that a decision without a memory gives, and not worked out twice. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createDecide } from '../../src/policy/decide.ts'
import type { Permissions } from '../../src/policy/decision.ts'
import type { AccountRule, Model } from '../../src/policy/model.ts'
import { fcRuns } from '../support/fc-runs.ts'
import { anyModel, pattern, ruleOf, sha256Hex, snapshotOf, workload } from '../support/policy-arbitraries.ts'

const runs = fcRuns(200)
const web = workload('spiffe://shop.example/ns/shop/sa/web')

function home(account: string, inbox: AccountRule['inbox'] = 'private'): AccountRule {
  return { account, inbox, principals: [{ namespace: 'shop' }], origin: { kind: 'AccountMap', name: 'map', rule: 0 } }
}

test('an edit that leaves the rules of a principal alone leaves it the permissions that it has', () => {
  const decide = createDecide(sha256Hex)
  const [mine, more] = [
    ruleOf('allow', { verb: 'request', patterns: [pattern('a')] }),
    ruleOf('allow', { verb: 'publish', patterns: [pattern('b')] }),
  ]
  const under = (account: AccountRule, ...grants: Model['grants']): Permissions => {
    const decision = decide(snapshotOf({ accounts: [account], grants }), web)
    if (decision.effect === 'deny') throw new Error(decision.code)
    return decision.permissions.filtering
  }
  const first = under(home('SHOP'), mine)
  expect(under(home('LAB'), mine)).toBe(first)
  expect(under(home('LAB', 'shared'), mine).sub.allow).toEqual(['_INBOX.>'])
  expect(under(home('SHOP'), mine, more).pub.allow).toEqual(['a', 'b'])
  expect(under(home('SHOP'), more).pub.allow).toEqual(['b'])
})

test('another ceiling gives other permissions', () => {
  const decide = createDecide(sha256Hex)
  const mine = ruleOf('allow', { verb: 'publish', patterns: [pattern('a.>')] })
  const publishedUnder = (...allowed: readonly string[]): readonly string[] => {
    const ceilings = allowed.map((text) => ({
      principals: [{ namespace: 'shop' }],
      publish: [pattern(text)],
      subscribe: [],
      origin: { kind: 'SubjectCeiling', name: 'wall' },
    }))
    const decision = decide(snapshotOf({ accounts: [home('SHOP')], grants: [mine], ceilings }), web)
    return decision.effect === 'allow' ? decision.permissions.filtering.pub.allow : []
  }
  expect(publishedUnder()).toEqual(['a.>'])
  expect(publishedUnder('a.b')).toEqual(['a.b'])
  expect(publishedUnder('a.c')).toEqual(['a.c'])
  expect(publishedUnder('a.c', 'a.d')).toEqual(['a.c', 'a.d'])
})

test(`whatever was decided before, a decision is the one that it would be by itself (${runs.said})`, () => {
  const some = fc.array(fc.nat({ max: 20 }), { maxLength: 6 })
  fc.assert(
    fc.property(
      anyModel,
      anyModel,
      fc.array(fc.tuple(some, some), { minLength: 2, maxLength: 5 }),
      (one, two, edits) => {
        const decide = createDecide(sha256Hex)
        const grants = [...one.grants, ...two.grants]
        const ceilings = [...one.ceilings, ...two.ceilings]
        for (const [index, [granting, capping]] of edits.entries()) {
          const snapshot = snapshotOf({
            accounts: index % 2 === 0 ? one.accounts : two.accounts,
            grants: granting.flatMap((position) => grants[position] ?? []),
            ceilings: capping.flatMap((position) => ceilings[position] ?? []),
          })
          expect(decide(snapshot, web)).toEqual(createDecide(sha256Hex)(snapshot, web))
        }
      },
    ),
    runs,
  )
})
