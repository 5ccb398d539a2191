/** What besides subjects can change for a principal: replies, limits, the inbox, the reason of a refusal; and which of it is more. */
import { describe, expect, test } from 'vitest'
import { decisionChange, type DecisionChange } from '../../src/audit/decision-change.ts'
import { createDecide } from '../../src/policy/decide.ts'
import type { Decision } from '../../src/policy/decision.ts'
import type { AccountRule, GrantRule, Limits, Model } from '../../src/policy/model.ts'
import { pattern, ruleOf, sha256Hex, snapshotOf, workload } from '../support/policy-arbitraries.ts'

const orders = workload('spiffe://shop.example/ns/shop/sa/orders')
const everybody = [{ authenticated: true as const }]

function home(account: string, inbox: AccountRule['inbox'] = 'private'): AccountRule {
  return { account, principals: everybody, inbox, origin: { kind: 'AccountMap', name: 'accounts', rule: 0 } }
}

function decided(model: Partial<Model>): Decision {
  return createDecide(sha256Hex)(snapshotOf({ accounts: [home('SHOP')], ...model }), orders)
}

function limited(limits: Limits): Partial<Model> {
  return { limits: [{ principals: everybody, limits, origin: { kind: 'SubjectPolicy', name: 'limits' } }] }
}

function responding(maxReplies: number, replyWithinMs: number): Partial<Model> {
  return { grants: [ruleOf('allow', { verb: 'respond', patterns: [pattern('a')], maxReplies, replyWithinMs })] }
}

function change(before: Partial<Model>, after: Partial<Model>): DecisionChange | undefined {
  return decisionChange(decided(before), decided(after))
}

/** `more`, `less`, `both`, `neither`; `nothing` when nothing changes. */
function direction(before: Partial<Model>, after: Partial<Model>): string {
  const changed = change(before, after)
  if (changed === undefined) return 'nothing'
  if (changed.widens) return changed.narrows ? 'both' : 'more'
  return changed.narrows ? 'less' : 'neither'
}

const OPPOSITE = new Map([
  ['more', 'less'],
  ['both', 'both'],
  ['nothing', 'nothing'],
  ['neither', 'neither'],
])

describe('is more, and the other way round less', () => {
  test.for([
    ['a longer session', limited({ maxSessionSeconds: 60 }), limited({ maxSessionSeconds: 3600 }), 'more'],
    ['a session without limit', limited({ maxSessionSeconds: 60 }), {}, 'more'],
    [
      'another kind of connection',
      limited({ connectionTypes: ['nats'] }),
      limited({ connectionTypes: ['nats', 'mqtt'] }),
      'more',
    ],
    ['any kind of connection', limited({ connectionTypes: ['nats'] }), {}, 'more'],
    [
      'one kind in place of another',
      limited({ connectionTypes: ['nats'] }),
      limited({ connectionTypes: ['mqtt'] }),
      'both',
    ],
    ['more replies', responding(1, 1000), responding(5, 1000), 'more'],
    ['any number of replies', responding(1, 1000), responding(-1, 1000), 'more'],
    ['more time to reply', responding(1, 1000), responding(1, 2000), 'more'],
    ['more replies in less time', responding(1, 2000), responding(2, 1000), 'both'],
    ['the same', responding(1, 1000), responding(1, 1000), 'nothing'],
  ] as const)('%s', ([_what, before, after, expected]) => {
    expect(direction(before, after)).toBe(expected)
    expect(direction(after, before)).toBe(OPPOSITE.get(expected))
  })
})

const publishing: readonly GrantRule[] = [ruleOf('allow', { verb: 'publish', patterns: [pattern('a')] })]

test('an inbox that is named otherwise is a change, and neither more nor less for who never requests', () => {
  const changed = change({ grants: publishing }, { grants: publishing, accounts: [home('SHOP', 'shared')] })
  expect(changed?.inboxPrefix?.after).toBe('_INBOX')
  expect([changed?.widens, changed?.narrows, changed?.gained, changed?.lost]).toEqual([false, false, [], []])
})

test('a login is gained, lost, moved, or refused for another reason', () => {
  const none = { grants: publishing, accounts: [] }
  const two = { grants: publishing, accounts: [home('SHOP'), home('TRADE')] }
  const one = { grants: publishing }
  expect(change(none, one)).toMatchObject({
    login: 'gained',
    widens: true,
    narrows: false,
    before: { refusal: 'ACCOUNT_NONE' },
  })
  expect(change(one, none)).toMatchObject({
    login: 'lost',
    widens: false,
    narrows: true,
    lost: [{ account: 'SHOP', entry: 'a' }],
  })
  expect(change(one, { ...one, accounts: [home('TRADE')] })).toMatchObject({
    login: 'moved',
    gained: [{ account: 'TRADE', entry: 'a' }],
    lost: [{ account: 'SHOP', entry: 'a' }],
  })
  expect(change(none, two)).toMatchObject({
    login: 'refused',
    widens: false,
    narrows: false,
    after: { refusal: 'ACCOUNT_CONFLICT' },
  })
  expect(change(none, none)).toBeUndefined()
})

test('permissions in other words are no change', () => {
  const split = [ruleOf('allow', { verb: 'publish', patterns: [pattern('a.*'), pattern('a.*.>')] })]
  const whole = [ruleOf('allow', { verb: 'publish', patterns: [pattern('a.>')] })]
  expect(change({ grants: split }, { grants: whole })).toBeUndefined()
})
