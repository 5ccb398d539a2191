/** What a plan prints, and how it ends, on edits of the demo shop's policy. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { compareSnapshots, type Comparison } from '../../src/audit/compare.ts'
import { planExitCode, printPlan } from '../../src/cli/show-plan.ts'
import { createOutput } from '../../src/cli/output.ts'
import { createCompiler, type SourceText } from '../../src/compile/index.ts'
import { createDecide } from '../../src/policy/decide.ts'
import { nameOrigin } from '../../src/policy/origin.ts'
import type { Snapshot } from '../../src/policy/snapshot.ts'
import { sha256Hex } from '../support/policy-arbitraries.ts'

const FOLDER = 'deploy/demo/policy'
const shop: readonly SourceText[] = readdirSync(FOLDER).map((file) => ({
  file,
  text: readFileSync(join(FOLDER, file), 'utf8'),
}))
const compile = createCompiler({
  trustDomains: { local: 'cluster.local', aliases: ['old.local'] },
  forbiddenAccounts: [],
  hash: sha256Hex,
})

function snapshotOf(texts: readonly SourceText[]): Snapshot {
  const { snapshot, withheld } = compile(texts)
  if (snapshot === undefined) throw new Error(withheld)
  return snapshot
}

function edited(file: string, from: string, to: string): readonly SourceText[] {
  const texts = shop.map((one) => (one.file === file ? { file, text: one.text.replace(from, to) } : one))
  expect(texts).not.toEqual(shop)
  return texts
}

function planOf(...edit: readonly [file: string, from: string, to: string]): Comparison {
  return compareSnapshots(snapshotOf(shop), snapshotOf(edited(...edit)), [], createDecide(sha256Hex))
}

function printed(comparison: Comparison): string[] {
  let out = ''
  const stream = { write: (text: string) => (out += text) }
  printPlan(comparison, createOutput(stream, stream, {}))
  return out.split('\n').slice(0, -1)
}

describe('a plan prints', () => {
  test('what one principal gains, and the rule', () => {
    const plan = planOf('orders.yaml', '[shop.orders.created]', '[shop.orders.created, shop.orders.*.packed]')
    expect(printed(plan)).toEqual([
      '              subject               example               rule                                    written in',
      'spiffe://cluster.local/ns/shop/sa/orders',
      '  account SHOP',
      '  +  publish  shop.orders.*.packed  shop.orders.x.packed  SubjectPolicy shop/orders[0] (changed)  orders.yaml:11',
      '',
      '1 principal gains, 0 lose, 0 logins change',
    ])
    expect([planExitCode(plan), planExitCode(plan, 'widen')]).toEqual([2, 2])
  })

  test('what is lost with an exception, where patterns cannot say it', () => {
    const plan = planOf('dashboard.yaml', 'shop.orders.>, ', 'shop.orders.*.status, ')
    expect(printed(plan)).toContain(
      '  -  subscribe  shop.orders.> without shop.orders.*.status  shop.orders.x  SubjectPolicy shop/dashboard[0] (changed)  dashboard.yaml:11',
    )
    expect([planExitCode(plan), planExitCode(plan, 'widen')]).toEqual([2, 0])
  })

  test('who loses the login, described where nobody is named', () => {
    expect(printed(planOf('accounts.yaml', '        - group: support\n', ''))).toEqual([
      '                subject                example               rule                          written in',
      'any end user in group support',
      '  account SHOP -> no login: ACCOUNT_NONE, no AccountMap entry matches the principal',
      '  -  login                                                   AccountMap shop[0] (changed)  accounts.yaml:8',
      '',
      'any end user in group support with claim groups=support',
      '  account SHOP -> no login: ACCOUNT_NONE, no AccountMap entry matches the principal',
      '  -  login                                                   AccountMap shop[0] (changed)  accounts.yaml:8',
      '  -  publish    shop.orders.*.status   shop.orders.x.status  AccountMap shop[0] (changed)  accounts.yaml:8',
      '  -  publish    shop.payments.refunds                        AccountMap shop[0] (changed)  accounts.yaml:8',
      '  -  subscribe  the own inbox                                AccountMap shop[0] (changed)  accounts.yaml:8',
      '',
      '0 principals gain, 2 lose, 2 logins change',
    ])
  })

  test('principals that fare alike together', () => {
    const plan = planOf('accounts.yaml', 'inbox: private', 'inbox: shared')
    expect(printed(plan)).toEqual([
      '                subject            example   rule                          written in',
      'spiffe://cluster.local/ns/shop/sa/dashboard',
      'spiffe://cluster.local/ns/shop/sa/payments',
      'any ServiceAccount of namespace shop',
      'any end user in group support',
      '  account SHOP',
      '  ~  inbox      private -> shared            AccountMap shop[0] (changed)  accounts.yaml:8',
      '',
      'spiffe://cluster.local/ns/shop/sa/orders',
      'spiffe://cluster.local/ns/shop/sa/web',
      'any end user in group support with claim groups=support',
      '  account SHOP',
      '  +  subscribe  _INBOX.>           _INBOX.x  AccountMap shop[0] (changed)  accounts.yaml:8',
      '  -  subscribe  the own inbox                AccountMap shop[0] (changed)  accounts.yaml:8',
      '  ~  inbox      private -> shared            AccountMap shop[0] (changed)  accounts.yaml:8',
      '',
      '3 principals gain, 3 lose, 0 logins change',
    ])
  })

  test('that nothing changes, and that rules differ all the same', () => {
    const renamed = planOf('dashboard.yaml', 'name: read-only', 'name: read-never')
    expect(printed(renamed)).toEqual(['no change for anybody: 2 rules differ and make no difference'])
    expect(planExitCode(renamed)).toBe(0)
    const same = compareSnapshots(snapshotOf(shop), snapshotOf(shop.toReversed()), [], createDecide(sha256Hex))
    expect(printed(same)).toEqual(['no change'])
  })

  test('which principals it could not look at, and then never ends with 0', () => {
    const nothing = planOf('dashboard.yaml', 'name: read-only', 'name: read-never')
    const gap = { code: 'principals-unsure', message: 'somebody was not looked at', hint: 'name one' }
    const unsure: Comparison = { ...nothing, complete: false, gaps: [gap] }
    expect(printed(unsure)[0]).toBe('incomplete: somebody was not looked at; name one')
    expect([planExitCode(unsure), planExitCode(unsure, 'widen')]).toEqual([2, 2])
  })
})

test('whoever moves to another account loses everything in the one and gains it in the other', () => {
  const { changes, summary } = planOf('accounts.yaml', 'account: SHOP', 'account: TRADE')
  const web = changes.find(({ principal }) => principal.endsWith('/web'))
  expect(web).toMatchObject({ login: 'moved', before: { account: 'SHOP' }, after: { account: 'TRADE' } })
  const said = (list: (typeof changes)[number]['gained'] = []): string[] =>
    list.map(({ account, action, entry }) => `${account} ${action} ${entry.replace(/_INBOX_\w+/, 'own')}`)
  const entries = ['publish shop.orders.*.status', 'publish shop.orders.create', 'subscribe own.>']
  expect(said(web?.gained)).toEqual(entries.map((entry) => `TRADE ${entry}`))
  expect(said(web?.lost)).toEqual(entries.map((entry) => `SHOP ${entry}`))
  expect(summary).toEqual({ gain: 7, lose: 7, logins: 7 })
})

test('an end user whose account and rights come from different rules is made up to match both', () => {
  const { changes } = planOf(
    'http.yaml',
    'methods: [GET], paths: [/refunds]',
    'methods: [GET, POST], paths: [/refunds]',
  )
  expect(changes.map(({ principal, known, gained }) => [principal, known, gained.map(({ entry }) => entry)])).toEqual([
    ['any end user in group support with claim groups=support', false, ['shop.payments.refund']],
  ])
})

test('a ServiceAccount that no rule names is looked at when it is told to exist', () => {
  const before = snapshotOf(shop)
  const after = snapshotOf(edited('ceiling.yaml', 'subscribe: [shop.>]', 'subscribe: [shop.>, warehouse.>]'))
  const grant: SourceText = {
    file: 'everybody.yaml',
    text: [
      'apiVersion: nats-identity-bridge.dev/v1alpha1',
      'kind: SubjectPolicy',
      'metadata: { name: news, namespace: shop }',
      'spec: { principals: [{ namespace: shop }], grants: [{ subscribe: [shop.news] }] }',
    ].join('\n'),
  }
  const granted = snapshotOf([...shop, grant])
  const decide = createDecide(sha256Hex)
  const names = (comparison: Comparison): string[] =>
    comparison.changes.map(({ principal }) => principal.split('/').at(-1) ?? '')
  expect(names(compareSnapshots(before, granted, [{ namespace: 'shop', name: 'crawler' }], decide))).toContain(
    'crawler',
  )
  expect(names(compareSnapshots(before, granted, [], decide))).not.toContain('crawler')
  expect(names(compareSnapshots(before, after, [], decide))).toEqual(['dashboard'])
})

test('behind what is gained in another account stand the account, and the grants that changed as well', () => {
  const both = edited('accounts.yaml', 'account: SHOP', 'account: TRADE').map((one) =>
    one.file === 'orders.yaml' ? { ...one, text: one.text.replace('created]', 'created, shop.orders.packed]') } : one,
  )
  const { changes } = compareSnapshots(snapshotOf(shop), snapshotOf(both), [], createDecide(sha256Hex))
  const orders = changes.find(({ principal }) => principal.endsWith('/orders'))
  const behind = (text: string): string[] | undefined =>
    orders?.gained.find(({ entry }) => entry === text)?.rules.map(({ origin }) => nameOrigin(origin))
  expect(behind('shop.orders.packed')).toEqual(['AccountMap shop[0]', 'SubjectPolicy shop/orders[0]'])
  expect(behind('shop.payments.charge')).toEqual(['AccountMap shop[0]'])
})

test('a beginning that is left open is no gap where only one namespace can follow', () => {
  const tools = shop.map((one) =>
    one.file === 'accounts.yaml' ? { ...one, text: `${one.text}        - namespace: tools\n` } : one,
  )
  const open = tools.map((one) =>
    one.file === 'http.yaml'
      ? { ...one, text: one.text.replace('cluster.local/ns/shop/sa/web', "'*/ns/shop/sa/web'") }
      : one,
  )
  const plan = compareSnapshots(snapshotOf(tools), snapshotOf(open), [], createDecide(sha256Hex))
  expect(plan).toMatchObject({ complete: true, gaps: [] })
})
