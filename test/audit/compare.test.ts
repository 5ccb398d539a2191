/** What a comparison says in cases that properties seldom meet. */
import { expect, test } from 'vitest'
import { compareSnapshots, type PrincipalChange } from '../../src/audit/compare.ts'
import { createDecide } from '../../src/policy/decide.ts'
import type { AccountRule, Grant, GrantRule, Model } from '../../src/policy/model.ts'
import { nameOrigin } from '../../src/policy/origin.ts'
import { pattern, sha256Hex, snapshotOf } from '../support/policy-arbitraries.ts'

const orders = [{ serviceAccount: { namespace: 'shop', name: 'orders' } }]

function home(account: string, more: Partial<AccountRule> = {}): AccountRule {
  return {
    account,
    inbox: 'private',
    principals: orders,
    origin: { kind: 'AccountMap', name: 'map', rule: 0 },
    ...more,
  }
}

function granting(grant: Grant, more: Partial<GrantRule> = {}): GrantRule {
  const origin = { kind: 'SubjectPolicy', namespace: 'shop', name: 'orders', rule: 0 }
  return { effect: 'allow', principals: orders, grant, origin, ...more }
}

function changeOf(before: Partial<Model>, after: Partial<Model>): PrincipalChange | undefined {
  return compareSnapshots(snapshotOf(before), snapshotOf(after), [], createDecide(sha256Hex)).changes[0]
}

const request = granting({ verb: 'request', patterns: [pattern('a')] })

test('who moves loses what it had and gains what it has there, each in its own account', () => {
  const local = granting({ verb: 'publish', patterns: [pattern('b')] }, { withinAccount: 'LAB' })
  const grants = [request, local]
  const change = changeOf({ accounts: [home('SHOP')], grants }, { accounts: [home('LAB')], grants })
  const said = (entries: PrincipalChange['gained'] = []): string[] =>
    entries.filter(({ action }) => action === 'publish').map(({ account, entry }) => `${account} ${entry}`)
  expect([said(change?.lost), said(change?.gained)]).toEqual([['SHOP a'], ['LAB a', 'LAB b']])
})

test('who moves to an account with a shared inbox gains that one', () => {
  const grants = [request]
  const change = changeOf(
    { accounts: [home('SHOP')], grants },
    { accounts: [home('LAB', { inbox: 'shared' })], grants },
  )
  const [lost, gained] = [change?.lost, change?.gained].map((entries) => entries?.find(({ inbox }) => inbox)?.entry)
  expect([lost, gained]).toEqual([expect.stringMatching(/^_INBOX_[0-9a-f]{32}\.>$/), '_INBOX.>'])
})

test('the rules behind a change are told by name', () => {
  const wall = (text: string) => ({
    principals: orders,
    publish: [pattern(text)],
    subscribe: [],
    origin: { kind: 'SubjectCeiling', name: 'wall' },
  })
  const under = (text: string): Partial<Model> => ({
    accounts: [home('SHOP')],
    grants: [granting({ verb: 'publish', patterns: [pattern(text)] })],
    ceilings: [wall(text)],
  })
  const change = changeOf(under('a'), under('b'))
  const names = ['SubjectCeiling wall', 'SubjectPolicy shop/orders[0]']
  expect(change?.rules.map(({ origin }) => nameOrigin(origin))).toEqual(names)
  expect(change?.gained.map(({ rules }) => rules.map(({ origin }) => nameOrigin(origin)))).toEqual([names])
})
