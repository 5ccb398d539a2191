/** What comes close to a right, and what would grant it: answers about the demo shop, and one small policy for each way to miss. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { httpWays } from '../../src/answers/http-ways.ts'
import { wholeWhy, type WholeWhy } from '../../src/audit/whole-why.ts'
import type { Question } from '../../src/audit/why.ts'
import { createCompiler } from '../../src/compile/index.ts'
import { requestPrincipal, type Principal } from '../../src/identity/principal.ts'
import { createDecide } from '../../src/policy/decide.ts'
import type { AccountRule, GrantRule, Model } from '../../src/policy/model.ts'
import { nameOrigin } from '../../src/policy/origin.ts'
import type { Snapshot } from '../../src/policy/snapshot.ts'
import { pattern, ruleOf, sha256Hex, snapshotOf, workload } from '../support/policy-arbitraries.ts'

const decide = createDecide(sha256Hex)
const FOLDER = 'deploy/demo/policy'
const compiled = createCompiler({
  trustDomains: { local: 'cluster.local', aliases: [] },
  forbiddenAccounts: [],
  hash: sha256Hex,
})(readdirSync(FOLDER).map((file) => ({ file, text: readFileSync(join(FOLDER, file), 'utf8') })))

function askShop(who: string | Principal, action: Question['action'], subject: string, queue?: string): WholeWhy {
  if (compiled.snapshot === undefined) throw new Error(compiled.withheld)
  const principal = typeof who === 'string' ? workload(`spiffe://cluster.local/ns/${who.replace('/', '/sa/')}`) : who
  const question = { principal, action, subject: pattern(subject), ...(queue === undefined ? {} : { queue }) }
  return wholeWhy(compiled.snapshot, decide, question, () => httpWays(compiled.routed, action, question.subject))
}

function told({ close }: WholeWhy): string[] {
  return close.map(
    ({ kind, origin, missing }) => `${kind}: ${origin === undefined ? '' : nameOrigin(origin)}: ${missing}`,
  )
}

function user(subject: string, groups: readonly string[]): Principal {
  const issuer = 'https://login.example'
  return requestPrincipal({ issuer, subject, claims: { iss: issuer, sub: subject } }, groups)
}

describe('in the demo shop', () => {
  test('a word that is almost the right one', () => {
    const { close, remedy } = askShop('shop/orders', 'publish', 'shop.order.created')
    expect(close).toMatchObject([
      {
        kind: 'pattern',
        pattern: 'shop.orders.created',
        missing: 'did you mean shop.orders.created? order is almost orders',
      },
    ])
    expect(remedy).toMatchObject({
      summary: 'add shop.order.created to spec.grants[0].publish of SubjectPolicy shop/orders (orders.yaml:11)',
      steps: [{ kind: 'add-pattern', field: 'spec.grants[0].publish', add: 'shop.order.created' }],
      blockedBy: [],
      alsoGrants: [],
    })
  })

  test('an operation that the mesh allows to somebody else: the policy, the route, and the way over HTTP', () => {
    const answer = askShop('shop/web', 'publish', 'shop.payments.charge')
    expect(told(answer)).toEqual([
      'principal: AuthorizationPolicy shop/payments[0] through SubjectRoute shop/payments[0]: it is for principals cluster.local/ns/shop/sa/orders',
    ])
    expect(answer.remedy).toMatchObject({
      summary: 'write SubjectPolicy shop/web-publish-shop-payments-charge, a new document',
      others: [
        'let AuthorizationPolicy shop/payments allow POST /charges (SubjectRoute shop/payments[0], routes.yaml:25)',
      ],
    })
  })

  test('a group that is missing, and a claim', () => {
    const nobody = askShop(user('anna', []), 'publish', 'shop.orders.7.status')
    expect(told(nobody).slice(0, 2)).toEqual([
      'group: AccountMap shop[0]: the group support is missing (account SHOP)',
      'claim: AuthorizationPolicy shop/orders[1] through SubjectRoute shop/orders[1]: the claim [groups] support is missing',
    ])
    expect(nobody.remedy?.others).toEqual([
      'have its token carry the group support',
      'have its token carry the claim [groups] support',
      'let AuthorizationPolicy shop/orders allow GET /orders/{id} (SubjectRoute shop/orders[1], routes.yaml:13)',
    ])
    expect(told(askShop(user('anna', ['support']), 'publish', 'shop.orders.7.status'))[0]).toContain(
      'the claim [groups] support is missing',
    )
  })

  test('a queue group that one must be a member of', () => {
    const alone = askShop('shop/payments', 'subscribe', 'shop.payments.charge')
    expect(told(alone)[0]).toBe('queue: SubjectRoute shop/payments[0]: only as a member of queue group payments')
    expect(alone.remedy?.others).toEqual(['subscribe as a member of queue group payments'])
    const other = askShop('shop/payments', 'subscribe', 'shop.payments.charge', 'payment')
    expect(told(other)[0]).toBe(
      'queue: SubjectRoute shop/payments[0]: only as a member of queue group payments: did you mean "payments"?',
    )
  })

  test('a ceiling that cuts what was granted', () => {
    const answer = askShop('shop/dashboard', 'subscribe', 'warehouse.stock.low')
    expect(told(answer)).toEqual(['ceiling: SubjectCeiling shop: it does not hold warehouse.stock.low to subscribe'])
    expect(answer.remedy).toMatchObject({
      summary: 'add warehouse.stock.low to spec.subscribe of SubjectCeiling shop (ceiling.yaml:7)',
      alsoGrants: [],
    })
  })

  test('a DENY, which is not to be weakened by anybody else', () => {
    const { remedy } = askShop('shop/dashboard', 'publish', 'shop.payments.refund')
    expect(remedy?.blockedBy.map(nameOrigin)).toEqual(['SubjectPolicy shop/read-only[0]'])
    expect(remedy?.summary).toMatch(
      /^SubjectPolicy shop\/read-only\[0\] denies it: whoever owns that must change it first; then write /,
    )
  })

  test('no account: the login is granted too, and that is said', () => {
    const { refusal, remedy } = askShop('hr/crawler', 'publish', 'shop.orders.create')
    expect(refusal).toBe('ACCOUNT_NONE')
    expect(remedy?.steps.map(({ kind }) => kind)).toEqual(['give-account', 'new-document'])
    expect(remedy?.alsoGrants).toEqual([
      { principal: 'spiffe://cluster.local/ns/hr/sa/crawler', what: 'a login to account SHOP' },
    ])
  })

  test('subjects that need a waiver are not proposed', () => {
    expect(askShop('shop/orders', 'publish', '$SYS.REQ.SERVER.PING').remedy).toMatchObject({
      summary: 'no plain grant holds $SYS.REQ.SERVER.PING: it reaches subjects that need a waiver',
      steps: [],
    })
  })

  test('of what is allowed nothing comes close, and nothing is to be done', () => {
    const answer = askShop('shop/orders', 'publish', 'shop.orders.created')
    expect(answer).toMatchObject({ allowed: true, close: [] })
    expect(answer.remedy).toBeUndefined()
  })
})

const orders = workload('spiffe://shop.example/ns/shop/sa/orders')
const accounts: readonly AccountRule[] = [
  {
    account: 'SHOP',
    principals: [{ authenticated: true }],
    inbox: 'private',
    origin: { kind: 'AccountMap', name: 'accounts', rule: 0 },
  },
]

function ask(model: Partial<Model>, action: Question['action'], subject: string, principal = orders): WholeWhy {
  const snapshot: Snapshot = snapshotOf({ accounts, ...model })
  return wholeWhy(snapshot, decide, { principal, action, subject: pattern(subject) })
}

const publishing = (text: string, more: Partial<GrantRule> = {}): GrantRule => ({
  ...ruleOf('allow', { verb: 'publish', patterns: [pattern(text)] }, 'some'),
  ...more,
})

describe('comes close', () => {
  test.for([
    ['shop.*', 'shop.a.b', '* in shop.* is exactly one token, and the subject has one more'],
    ['shop.a.>', 'shop.a', 'shop.a.> begins one token deeper: > stands for at least one'],
    ['shop.a.b', 'shop.a', 'the subject ends one token before shop.a.b'],
    ['shop.a', 'shop.a.b', 'the subject has one token more than shop.a'],
    ['shop.orders.new', 'shop.orders.old', 'it has new where the subject has old'],
    ['shop.orders.>', 'shop.orderz.new', 'did you mean shop.orders.>? orderz is almost orders'],
  ] as const)('%s to %s', ([granted, asked, missing]) => {
    expect(ask({ grants: [publishing(granted)] }, 'publish', asked).close).toMatchObject([{ kind: 'pattern', missing }])
  })

  test.for([
    ['a.b', 'c.d'],
    ['shop.orders.new', 'shop.payments.old'],
    ['>', 'a'],
  ] as const)('not %s to %s', ([granted, asked]) => {
    expect(
      ask(
        { grants: [publishing(granted, { principals: [{ namespace: granted === '>' ? 'tools' : 'shop' }] })] },
        'publish',
        asked,
      ).close.filter(({ kind }) => kind === 'pattern'),
    ).toEqual([])
  })

  test.for([
    [
      [{ serviceAccount: { namespace: 'shop', name: 'payments' } }],
      'principal',
      'it is for shop/payments, of the same namespace',
    ],
    [
      [{ serviceAccount: { namespace: 'shop', name: 'order' } }],
      'principal',
      'it is for shop/order, a name that is almost the same',
    ],
    [
      [{ serviceAccount: { namespace: 'tools', name: 'orders' } }],
      'principal',
      'it is for tools/orders, of the same name in another namespace',
    ],
    [
      [{ namespace: 'tools' }, { serviceAccount: { namespace: 'shop', name: 'payments' } }],
      'principal',
      'it is for shop/payments, of the same namespace',
    ],
    [[{ trustDomain: 'other.example' }], 'principal', 'it is for trustDomain other.example'],
  ] as const)('a grant to others: %j', ([principals, kind, missing]) => {
    expect(ask({ grants: [publishing('a', { principals })] }, 'publish', 'a').close).toMatchObject([{ kind, missing }])
  })

  const guest = workload('spiffe://other.example/ns/shop/sa/orders')

  test.for([
    [
      { group: 'system:serviceaccounts:shop' },
      'it is for group system:serviceaccounts:shop in trust domain shop.example, and this workload is of other.example',
    ],
    [
      { serviceAccount: { namespace: 'shop', name: 'orders' } },
      'it is for serviceAccount shop/orders in trust domain shop.example, and this workload is of other.example',
    ],
    [
      { namespace: 'shop', group: 'system:authenticated' },
      'it is for namespace shop, group system:authenticated in trust domain shop.example, and this workload is of other.example',
    ],
    [{ group: 'staff' }, 'it is for group staff in trust domain shop.example'],
    [{ namespace: 'tools' }, 'it is for namespace tools in trust domain shop.example'],
    [{ trustDomain: 'other.example', group: 'staff' }, 'it is for group staff, trustDomain other.example'],
    [
      { trustDomain: 'third.example', group: 'system:authenticated' },
      'it is for trustDomain third.example, group system:authenticated',
    ],
    [{ spiffeId: { prefix: 'spiffe://shop.example/ns/' } }, 'it is for spiffeId spiffe://shop.example/ns/*'],
  ] as const)('a workload of another trust domain: %j', ([entry, missing]) => {
    const { close } = ask({ grants: [publishing('a', { principals: [entry] })] }, 'publish', 'a', guest)
    expect(close).toMatchObject([{ kind: 'principal', missing }])
  })

  test('a condition that nobody can know when a client connects', () => {
    const address = { text: '10.0.0.0/8', address: [10, 0, 0, 0], bits: 8 }
    const istio = { terms: [{ field: 'sourceIp' as const, values: [address], not: false }], whenUnknown: false }
    expect(ask({ grants: [publishing('a', { principals: [{ istio }] })] }, 'publish', 'a').close).toMatchObject([
      { kind: 'condition-unknown', missing: 'whether source.ip 10.0.0.0/8 holds is not known when a client connects' },
    ])
  })

  test('the other action, another account, a ceiling that is not there, what a grant leaves out, what cannot be said', () => {
    expect(ask({ grants: [publishing('a')] }, 'subscribe', 'a').close).toMatchObject([
      { kind: 'action', missing: 'it lets it publish to the subject, not subscribe' },
    ])
    expect(ask({ grants: [publishing('a', { withinAccount: 'TOOLS' })] }, 'publish', 'a').close).toMatchObject([
      { kind: 'account', missing: 'it counts in account TOOLS only' },
    ])
    expect(ask({ grants: [publishing('a', { needsCeiling: true })] }, 'publish', 'a').close).toMatchObject([
      { kind: 'needs-ceiling' },
    ])
    const holed = ruleOf('allow', { verb: 'publish', patterns: [pattern('a.>')], except: [pattern('a.b')] }, 'holed')
    expect(ask({ grants: [holed] }, 'publish', 'a.b').close).toMatchObject([
      { kind: 'except', missing: 'it leaves a.b out' },
    ])
    const deep = [
      ruleOf('allow', { verb: 'subscribe', patterns: [pattern('*.b')] }, 'star'),
      ruleOf('allow', { verb: 'subscribe', patterns: [pattern('a.*')] }, 'shallow'),
      ruleOf('allow', { verb: 'subscribe', patterns: [pattern('a.*.c')] }, 'deep'),
    ]
    const unsaid = ask({ grants: deep }, 'subscribe', 'a.x')
    expect(unsaid).toMatchObject({ allowed: false, close: [{ kind: 'shortfall' }] })
  })
})
