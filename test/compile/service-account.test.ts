/** Annotations of ServiceAccounts as grants: only under a ceiling, only for that ServiceAccount, and told when they give nothing. */
import { describe, expect, test } from 'vitest'
import { why, type Why } from '../../src/audit/why.ts'
import type { Compilation } from '../../src/compile/index.ts'
import { parsePattern } from '../../src/subject/index.ts'
import { codesOf, errorsOf } from './support.ts'
import {
  accountMap,
  ceiling,
  compileAll,
  decisionFor,
  heldBy,
  rulesBehind,
  serviceAccount,
  workload,
} from './rbac-world.ts'

const accounts = accountMap({ ALL: [{ authenticated: true }] })
const orders = workload('shop/orders')
const ofShop = ceiling([{ namespace: 'shop' }], ['shop.>'], ['shop.>', 'news'])
const nothing = { publish: [], subscribe: [] }

function whyPublish(compilation: Compilation, text: string): Why {
  const subject = parsePattern(text)
  if (!subject.ok || compilation.snapshot === undefined) throw new Error('not compiled')
  const question = { principal: orders, action: 'publish', subject: subject.value } as const
  return why(compilation.snapshot, decisionFor(compilation, orders), question)
}

describe('an annotation', () => {
  test('grants its patterns to its ServiceAccount alone', () => {
    const annotated = serviceAccount('shop/orders', { publish: 'shop.orders.>, shop.audit ,shop.x', subscribe: 'news' })
    const compilation = compileAll(accounts, ofShop, annotated)
    expect(compilation.diagnostics).toEqual([])
    expect(heldBy(compilation, orders)).toEqual({
      publish: ['shop.audit', 'shop.orders.>', 'shop.x'],
      subscribe: ['news'],
    })
    expect(heldBy(compilation, workload('shop/other'))).toEqual(nothing)
    expect(heldBy(compilation, workload('pay/orders'))).toEqual(nothing)
    expect(heldBy(compilation, workload('spiffe://other.example/ns/shop/sa/orders'))).toEqual(nothing)
    expect(rulesBehind(compilation, orders)).toContain('news ServiceAccount orders')
  })

  test('is cut to the ceiling', () => {
    const annotated = serviceAccount('shop/orders', { publish: 'shop.*.done,pay.>', subscribe: 'news' })
    const narrow = ceiling([{ namespace: 'shop' }], ['shop.orders.>'], ['news'])
    const compilation = compileAll(accounts, narrow, annotated)
    expect(codesOf(compilation)).toEqual(['annotation-outside-ceiling'])
    expect(heldBy(compilation, orders)).toEqual({ publish: ['shop.orders.done'], subscribe: ['news'] })
    const parts = whyPublish(compilation, 'pay.x').reasons.map(({ part, origin }) => `${part} ${origin.kind}`)
    expect(parts).toEqual(['account AccountMap', 'allow ServiceAccount', 'ceiling SubjectCeiling'])
  })

  test.for([
    ['none', []],
    ['one for others', [ceiling([{ namespace: 'pay' }], ['>'], ['>'])]],
  ] as const)('without a ceiling of its own (%s) grants nothing, and says so', ([, ceilings]) => {
    const annotated = serviceAccount('shop/orders', { publish: 'shop.orders' })
    const waived = ceilings.map((one) => ({
      ...one,
      metadata: {
        name: 'ceiling',
        annotations: { 'nats-identity-bridge.dev/waive': 'reach-system,reach-inbox,reach-jetstream' },
      },
    }))
    const compilation = compileAll(accounts, ...waived, annotated)
    expect(compilation.diagnostics).toMatchObject([
      {
        severity: 'info',
        code: 'annotation-without-ceiling',
        kind: 'ServiceAccount',
        namespace: 'shop',
        name: 'orders',
      },
    ])
    expect(heldBy(compilation, orders)).toEqual(nothing)
    expect(rulesBehind(compilation, orders)).toEqual([])
    const answer = whyPublish(compilation, 'shop.orders')
    expect(answer.allowed).toBe(false)
    expect(answer.reasons).toMatchObject([{ part: 'account' }, { part: 'needs-ceiling', pattern: 'shop.orders' }])
  })

  test('is not said to lack a ceiling where one could not be read', () => {
    const broken = ceiling([{ namespace: 'shop' }], ['shop..a'], [])
    const compilation = compileAll(accounts, broken, serviceAccount('shop/orders', { publish: 'shop.orders' }))
    expect(compilation.diagnostics.map(({ code }) => code)).toEqual(['pattern-invalid'])
    expect(compilation.snapshot).toBeUndefined()
  })

  test('takes rights away when it is edited away', () => {
    const before = compileAll(accounts, ofShop, serviceAccount('shop/orders', { publish: 'shop.a' }))
    const after = compileAll(accounts, ofShop, serviceAccount('shop/orders', {}))
    expect(heldBy(before, orders).publish).toEqual(['shop.a'])
    expect(heldBy(after, orders)).toEqual(nothing)
    expect(after.diagnostics).toEqual([])
  })

  test.for([
    ['a pattern that NATS refuses', { publish: 'shop.a, shop..b' }, 'pattern-invalid'],
    ['part of a token as a wildcard', { publish: 'shop.a-*' }, 'pattern-invalid'],
    ['one comma too many', { publish: 'shop.a,' }, 'pattern-invalid'],
    ['nothing in it', { publish: '' }, 'pattern-invalid'],
    ['a slip of the pen in its name', { publish: 'shop.a', subscibe: 'news' }, 'annotation-unknown'],
    ['the inboxes of others', { subscribe: '_INBOX.>' }, 'reach-inbox'],
  ] as const)('with %s is an error, and the ServiceAccount grants itself nothing', ([, annotations, code]) => {
    const compilation = compileAll(accounts, ofShop, serviceAccount('shop/orders', annotations))
    expect(errorsOf(compilation)).toEqual([code])
    expect(compilation.diagnostics[0]).toMatchObject({ file: 'rbac.yaml', line: 6 })
    expect(compilation.snapshot).toBeDefined()
    expect(heldBy(compilation, orders)).toEqual(nothing)
  })

  test('on a ServiceAccount that is written twice is used not once', () => {
    const annotated = serviceAccount('shop/orders', { publish: 'shop.a' })
    const compilation = compileAll(accounts, ofShop, annotated, serviceAccount('shop/orders', {}))
    expect(errorsOf(compilation)).toEqual(['duplicate-document'])
    expect(heldBy(compilation, orders)).toEqual(nothing)
  })
})

test("a ServiceAccount without annotations of ours is nobody's business, however it is written", () => {
  const plain = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'x', annotations: { 'eks.example/role': 'r' } },
  }
  const list = { apiVersion: 'v1', kind: 'ServiceAccountList', items: [plain, plain, { ...plain, secrets: 3 }] }
  expect(compileAll(accounts, list, plain).diagnostics).toEqual([])
})
