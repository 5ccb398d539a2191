/** What one permission list gives beyond another, against the server's own answers, literal by literal. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { beyond, NOTHING, type Beyond } from '../../src/audit/beyond.ts'
import { createDecide } from '../../src/policy/decide.ts'
import type { PermissionList, Permissions } from '../../src/policy/decision.ts'
import { permits, type Action } from '../../src/policy/effective.ts'
import type { Entry } from '../../src/policy/entry.ts'
import { matches } from '../../src/subject/index.ts'
import { fcRuns } from '../support/fc-runs.ts'
import { anyModelWithHoles, pattern, sha256Hex, snapshotOf, universe, workload } from '../support/policy-arbitraries.ts'

const orders = workload('spiffe://shop.example/ns/shop/sa/orders')
const runs = fcRuns(150)

interface Rights {
  readonly permissions: Permissions
  readonly inboxPrefix: string
}

const anyRights: fc.Arbitrary<Rights> = anyModelWithHoles.map((model) => {
  const decision = createDecide(sha256Hex)(snapshotOf(model), orders)
  if (decision.effect === 'deny') throw new Error(decision.code)
  return { permissions: decision.permissions.filtering, inboxPrefix: decision.inboxPrefix }
})

type Literal = readonly [subject: string, queue: string | undefined]

function holds({ pattern: held, queue }: Entry, [subject, group]: Literal): boolean {
  if (!matches(held, pattern(subject))) return false
  return queue === undefined || (group !== undefined && matches(queue, pattern(group)))
}

function isSaid(parts: readonly Beyond[], literal: Literal): boolean {
  return parts.some(({ entry, except }) => holds(entry, literal) && !except.some((hole) => holds(hole, literal)))
}

const SIDES = { publish: 'pub', subscribe: 'sub' } as const satisfies Record<Action, 'pub' | 'sub'>

function gains(own: Permissions, other: Permissions, action: Action, [subject, queue]: Literal): boolean {
  return permits(own, action, subject, queue) && !permits(other, action, subject, queue)
}

describe(`beyond (${runs.said})`, () => {
  test.for(['publish', 'subscribe'] as const)(
    'to %s, is what the server lets through under the one and not under the other',
    { timeout: runs.timeoutMs },
    (action) => {
      fc.assert(
        fc.property(anyRights, anyRights, ({ permissions: own, inboxPrefix }, { permissions: other }) => {
          const parts = beyond(own[SIDES[action]], other[SIDES[action]])
          const { subjects, queues } = universe(inboxPrefix)
          const literals = subjects.flatMap((subject) =>
            (action === 'publish' ? [undefined] : queues).map((queue): Literal => [subject, queue]),
          )
          const wrong = literals.filter((literal) => isSaid(parts, literal) !== gains(own, other, action, literal))
          expect(wrong).toEqual([])
        }),
        runs,
      )
    },
  )

  test('each part has an example that only the one lets through', { timeout: runs.timeoutMs }, () => {
    fc.assert(
      fc.property(anyRights, anyRights, ({ permissions: own }, { permissions: other }) => {
        for (const action of ['publish', 'subscribe'] as const) {
          const parts = beyond(own[SIDES[action]], other[SIDES[action]])
          const wrong = parts.filter((part) => {
            const literal: Literal = [part.example.subject, part.example.queue]
            return !gains(own, other, action, literal) || !isSaid([part], literal)
          })
          expect(wrong).toEqual([])
        }
      }),
      runs,
    )
  })

  test('no part lies in the others', { timeout: runs.timeoutMs }, () => {
    fc.assert(
      fc.property(anyRights, anyRights, ({ permissions: own, inboxPrefix }, { permissions: other }) => {
        const parts = beyond(own.sub, other.sub)
        const texts = parts.map(({ entry, except }) => [entry, ...except].map(({ text }) => text).join(' - '))
        expect(new Set(texts).size).toBe(texts.length)
        const { subjects, queues } = universe(inboxPrefix)
        const literals = subjects.flatMap((subject) => queues.map((queue): Literal => [subject, queue]))
        const same = parts.filter((part) =>
          parts.some(
            (one) =>
              one !== part &&
              one.except.length === 0 &&
              part.except.length === 0 &&
              literals.every((literal) => !isSaid([part], literal) || isSaid([one], literal)) &&
              literals.some((literal) => isSaid([part], literal)),
          ),
        )
        expect(same).toEqual([])
      }),
      runs,
    )
  })
})

function said(allow: readonly string[], deny: readonly string[] = [], other: PermissionList = NOTHING): string[] {
  return beyond({ allow, deny }, other).map(
    ({ entry, except, example }) =>
      `${entry.text}${except.length === 0 ? '' : ` without ${except.map(({ text }) => text).join(', ')}`}: ${example.subject}${example.queue === undefined ? '' : ` ${example.queue}`}`,
  )
}

describe('what is given beyond', () => {
  test('is everything where there was nothing', () => {
    expect(said(['a.>', 'b q'])).toEqual(['a.>: a.x', 'b q: b q'])
  })
  test('is nothing where all was given, in whatever words', () => {
    expect(said(['a.>'], [], { allow: ['a.*', 'a.*.>'], deny: [] })).toEqual([])
    expect(said(['a.b', 'a.c'], ['a.c'], { allow: ['a.*'], deny: ['a.*.>', 'a.c'] })).toEqual([])
  })
  test('is said by patterns where depth alone tells it apart, and with an exception where not', () => {
    expect(said(['a.>'], [], { allow: ['a.*'], deny: ['a.*.>'] })).toEqual(['a.*.>: a.x.x'])
    expect(said(['a.>'], [], { allow: ['a.b.>'], deny: [] })).toEqual(['a.> without a.b.>: a.x'])
  })
  test('is what a deny gave back', () => {
    expect(said(['a.>'], [], { allow: ['a.>'], deny: ['a.secret.>'] })).toEqual(['a.secret.>: a.secret.x'])
    expect(said(['a.>'], ['a.secret.x'], { allow: ['a.>'], deny: ['a.secret.>'] })).toEqual([
      'a.secret.> without a.secret.x: a.secret.x1',
    ])
  })
  test('tells members of a queue group from others', () => {
    expect(said(['a'], [], { allow: ['a q'], deny: [] })).toEqual(['a without a q: a'])
    expect(said(['a v.*'], [], { allow: ['a v.1'], deny: [] })).toEqual(['a v.* without a v.1: a v.x'])
  })
})
