/** How much is held, against what the server accepts and delivers, subject by subject. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { extentOf, type Extent, type Group } from '../../src/audit/extent.ts'
import { createDecide } from '../../src/policy/decide.ts'
import type { Permissions } from '../../src/policy/decision.ts'
import { delivers, permits } from '../../src/policy/effective.ts'
import { matches, type Pattern } from '../../src/subject/index.ts'
import { fcRuns } from '../support/fc-runs.ts'
import {
  anyModel,
  pattern,
  sha256Hex,
  snapshotOf,
  universe,
  workload,
  type Universe,
} from '../support/policy-arbitraries.ts'

const orders = workload('spiffe://shop.example/ns/shop/sa/orders')

const INBOX = '_INBOX'

interface Asked {
  readonly permissions: Permissions
  readonly universe: Universe
}

/** Without requests, so without an inbox: its name is a token that the literals would have to have everywhere. */
const anyAsked: fc.Arbitrary<Asked> = anyModel.map((model) => {
  const grants = model.grants.filter(({ grant }) => grant.verb !== 'request')
  const decision = createDecide(sha256Hex)(snapshotOf({ ...model, grants }), orders)
  if (decision.effect === 'deny') throw new Error(decision.code)
  const { subjects, subscriptions, queues } = universe(INBOX)
  const isPlain = (text: string): boolean => !text.startsWith('_INBOX')
  const plain = { subjects: subjects.filter(isPlain), subscriptions: subscriptions.filter(isPlain), queues }
  return { permissions: decision.permissions.filtering, universe: plain }
})

function within(subject: Pattern, { subjects }: Universe): string[] {
  return subjects.filter((literal) => matches(subject, pattern(literal)))
}

function extent(held: readonly boolean[], isWhole: boolean): Extent {
  if (!held.includes(true)) return 'none'
  return isWhole ? 'all' : 'part'
}

const runs = fcRuns(40)

describe(`extentOf (${runs.said})`, () => {
  test('to publish, is what the server lets through of each subject', { timeout: runs.timeoutMs }, () => {
    fc.assert(
      fc.property(anyAsked, ({ permissions, universe }) => {
        const wrong = universe.subscriptions.filter((text) => {
          const subject = pattern(text)
          const through = within(subject, universe).map((literal) => permits(permissions, 'publish', literal))
          return extentOf(permissions, 'publish', subject).extent !== extent(through, !through.includes(false))
        })
        expect(wrong).toEqual([])
      }),
      runs,
    )
  })

  test('to subscribe, is what the server delivers, through whatever subscription', { timeout: runs.timeoutMs }, () => {
    fc.assert(
      fc.property(anyAsked, ({ permissions, universe }) => {
        const { subjects, subscriptions, queues } = universe
        const all = [...subjects, ...subscriptions]
        /** The literal subjects that reach some subscription, by queue group. */
        const reached = new Map(
          queues.map((queue) => {
            const options = queue === undefined ? {} : { queue }
            const accepted = all.filter((text) => permits(permissions, 'subscribe', text, queue))
            const reaches = (literal: string): boolean =>
              accepted.some((text) => delivers(permissions, { subject: text, ...options }, literal, 'filtering'))
            return [queue, new Set(subjects.filter(reaches))] as const
          }),
        )
        const expected = (text: string, group: Group): Extent => {
          const literals = within(pattern(text), universe)
          const queue = group === undefined || group === false ? undefined : group.text
          const ways = group === undefined ? [...reached.values()] : [reached.get(queue)]
          const options = queue === undefined ? {} : { queue }
          const isWhole = literals.every((literal) =>
            delivers(permissions, { subject: text, ...options }, literal, 'filtering'),
          )
          return extent(
            literals.map((literal) => ways.some((way) => way?.has(literal))),
            isWhole,
          )
        }
        const groups: Group[] = [undefined, ...queues.map((queue) => (queue === undefined ? false : pattern(queue)))]
        const wrong = subscriptions.flatMap((text) =>
          groups
            .filter(
              (group) => extentOf(permissions, 'subscribe', pattern(text), group).extent !== expected(text, group),
            )
            .map((group) => `${text} ${group === false ? 'outside' : (group?.text ?? 'any way')}`),
        )
        expect(wrong).toEqual([])
      }),
      runs,
    )
  })
})

test('a subscription that nats-server refuses is not held, although its subject is allowed', () => {
  const sub = { allow: ['*.b', 'a.* q'], deny: [] }
  const permissions: Permissions = { pub: { allow: [], deny: ['>'] }, sub }
  // An entry with a queue that matches the subject decides alone about subscriptions with a queue.
  expect(permits(permissions, 'subscribe', 'a.b', 'r')).toBe(false)
  expect(extentOf(permissions, 'subscribe', pattern('a.b'), pattern('r')).extent).toBe('part')
  expect(extentOf(permissions, 'subscribe', pattern('a.b'), pattern('q')).extent).toBe('all')
  expect(extentOf(permissions, 'subscribe', pattern('a.b'), false).extent).toBe('all')
})
