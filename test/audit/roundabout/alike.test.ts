/** Principals who go the same way by the same rules are one way with several names; nobody is lost in it, and nobody is added. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRoundabout } from '../../../src/audit/roundabout/ways.ts'
import type { Way } from '../../../src/audit/roundabout/way.ts'
import type { Action } from '../../../src/policy/effective.ts'
import { createDecide } from '../../../src/policy/decide.ts'
import type { Effect, Grant, GrantRule, Model } from '../../../src/policy/model.ts'
import { fcRuns } from '../../support/fc-runs.ts'
import { pattern, sha256Hex, snapshotOf } from '../../support/policy-arbitraries.ts'

interface Role {
  readonly members: readonly string[]
  readonly effect: Effect
  readonly grant: Grant
}

function request(...texts: readonly string[]): Grant {
  return { verb: 'request', patterns: texts.map(pattern) }
}

function respond(...texts: readonly string[]): Grant {
  return { verb: 'respond', patterns: texts.map(pattern), maxReplies: 1, replyWithinMs: 1000 }
}

function allow(members: readonly string[], grant: Grant): Role {
  return { members, effect: 'allow', grant }
}

function ruleOf({ effect, grant }: Role, members: readonly string[], name: string, rule: number): GrantRule {
  const principals = members.map((member) => ({ serviceAccount: { namespace: 'shop', name: member } }))
  return { effect, principals, grant, origin: { kind: 'SubjectPolicy', namespace: 'shop', name, rule } }
}

/** One rule for a role. */
function together(roles: readonly Role[]): readonly GrantRule[] {
  return roles.map((role, index) => ruleOf(role, role.members, `role-${index}`, 0))
}

/** The same with one rule for each member, so that no two go by the same rule. */
function apart(roles: readonly Role[]): readonly GrantRule[] {
  return roles.flatMap((role, index) =>
    role.members.map((member) => ruleOf(role, [member], `role-${index}`, Number(member.slice(1)))),
  )
}

function waysIn(grants: readonly GrantRule[], action: Action, subject: string): readonly Way[] {
  const accounts: Model['accounts'] = [
    {
      account: 'SHOP',
      principals: [{ namespace: 'shop' }],
      inbox: 'private',
      origin: { kind: 'AccountMap', name: 'accounts', rule: 0 },
    },
  ]
  return createRoundabout(
    snapshotOf({ accounts, grants }),
    [],
    createDecide(sha256Hex),
  )({
    action,
    pattern: pattern(subject),
  }).ways
}

function shortly({ kind, principal, alsoBy = [], rules }: Way): string {
  const names = [principal, ...alsoBy].map((name) => name.replace(/.*\//, ''))
  return `${kind} ${names.join(' ')} by ${rules.map(({ name, rule }) => `${name}[${rule ?? ''}]`).join(' ')}`
}

const RESPONDER = allow(['p0'], respond('svc.ask'))

const runs = fcRuns(150)

describe('ways that several go alike', () => {
  test('are one way, under the first name', () => {
    const roles = [RESPONDER, allow(['p3', 'p1', 'p2'], request('svc.ask')), allow(['p4'], request('svc.ask'))]
    expect(waysIn(together(roles), 'publish', 'admin.stop').map(shortly)).toEqual([
      'reply-reflection p1 p2 p3 by role-1[0]',
      'reply-reflection p4 by role-2[0]',
      'service-reply p0 by role-0[0]',
    ])
  })

  test('are ways of those who do not hold the subject', () => {
    const asking = allow(['p1', 'p2', 'p3'], request('svc.ask'))
    const holding = (...names: readonly string[]) =>
      allow(names, { verb: 'publish', patterns: [pattern('admin.stop')] })
    const reflecting = (...roles: readonly Role[]) =>
      waysIn(together([RESPONDER, asking, ...roles]), 'publish', 'admin.stop')
        .map(shortly)
        .filter((line) => line.startsWith('reply'))
    expect(reflecting(holding('p1'))).toEqual(['reply-reflection p2 p3 by role-1[0]'])
    expect(reflecting(holding('p2'))).toEqual(['reply-reflection p1 p3 by role-1[0]'])
    expect(reflecting(holding('p1', 'p2', 'p3'))).toEqual([])
  })

  test('stay in order when the first of some holds the subject', () => {
    const roles = [
      RESPONDER,
      allow(['p1', 'p4'], request('svc.ask')),
      allow(['p2', 'p3'], request('svc.ask')),
      allow(['p1'], { verb: 'publish', patterns: [pattern('admin.stop')] }),
    ]
    expect(waysIn(together(roles), 'publish', 'admin.stop').map(shortly)).toEqual([
      'reply-reflection p2 p3 by role-2[0]',
      'reply-reflection p4 by role-1[0]',
      'service-reply p0 by role-0[0]',
    ])
  })

  const anyMembers = fc.uniqueArray(fc.constantFrom('p0', 'p1', 'p2', 'p3', 'p4'), { minLength: 1, maxLength: 4 })
  const anySubject = fc.constantFrom('a', 'b', '*', 'a.>', '$JS.API.STREAM.MSG.GET.A', '$JS.API.>', '$KV.a.>')
  const anyRole: fc.Arbitrary<Role> = fc.oneof(
    fc.tuple(anyMembers, anySubject).map(([members, subject]) => allow(members, request(subject))),
    fc.tuple(anyMembers, fc.constantFrom('a', 'b', '*')).map(([members, subject]) => allow(members, respond(subject))),
    fc
      .tuple(anyMembers, anySubject, fc.constantFrom<Effect>('allow', 'deny'))
      .map(([members, subject, effect]): Role => ({
        members,
        effect,
        grant: { verb: 'publish', patterns: [pattern(subject)] },
      })),
  )

  test(`are the ways that each of them goes (${runs.said})`, () => {
    fc.assert(
      fc.property(
        fc.array(anyRole, { minLength: 1, maxLength: 6 }),
        fc.constantFrom<Action>('publish', 'subscribe'),
        fc.constantFrom('a', 'c.x', '>'),
        (roles, action, subject) => {
          const folded = waysIn(together(roles), action, subject)
          const single = waysIn(apart(roles), action, subject)
          expect(folded.flatMap(each).toSorted()).toEqual(single.flatMap(each).toSorted())
          expect(new Set(folded.map(withoutNames)).size).toBe(folded.length)
          expect(folded.map(({ principal, alsoBy = [] }) => [principal, ...alsoBy])).toEqual(
            folded.map(({ principal, alsoBy = [] }) => [principal, ...alsoBy].toSorted()),
          )
        },
      ),
      runs,
    )
  })

  function each({ alsoBy = [], ...way }: Way): string[] {
    const rules = [...new Set(way.rules.map(({ name }) => name))].toSorted()
    return [way.principal, ...alsoBy].map((principal) => JSON.stringify({ ...way, principal, rules }))
  }

  function withoutNames({ principal: _principal, alsoBy: _alsoBy, ...way }: Way): string {
    return JSON.stringify(way)
  }
})
