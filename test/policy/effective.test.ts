/** What nats-server was seen to answer, list by list (nats-server 2.15.1 unless a row says otherwise). */
import { describe, expect, test } from 'vitest'
import type { Permissions } from '../../src/policy/decision.ts'
import { delivers, permits } from '../../src/policy/effective.ts'

const none = { allow: [], deny: [] }

function sub(allow: readonly string[], deny: readonly string[] = []): Permissions {
  return { pub: none, sub: { allow, deny } }
}

function pub(allow: readonly string[], deny: readonly string[] = []): Permissions {
  return { pub: { allow, deny }, sub: none }
}

describe('SUB', () => {
  test.each<[string[], string[], string, boolean]>([
    [['foo.>'], [], 'foo.*', true],
    [['foo.a', 'foo.b'], [], 'foo.*', false],
    [['foo.*.bar'], [], 'foo.*.*', false],
    [['*.x'], [], '>', false],
    [['foo.*'], [], 'foo.>', true],
    [['*'], [], '>', true],
    [['*.*'], [], 'a.>', true],
    [['foo.*'], [], 'foo.a.>', false],
    [['foo.>'], [], 'foo', false],
    [['foo.*'], ['foo.*.>'], 'foo.>', true],
    [['>'], ['foo.bar'], 'foo.*', true],
    [['>'], ['foo.>'], '>', true],
    [['>'], ['foo.*.secret'], 'foo.>', true],
    [['>'], ['foo.*'], 'foo.*', false],
    [['>'], ['foo.*'], 'foo.a', false],
    [['>'], ['foo.*'], 'foo.>', false],
    [['foo.>'], ['foo.*'], 'foo.a.*', true],
    [['>'], ['*'], '>', false],
    [['foo'], [], 'foo.', false],
    [['>'], [], 'a..b', false],
    [['>'], [], 'a.>.b', false],
    [['>'], [], '', false],
    [[], [], 'anything', true],
    [[], ['>'], 'anything', false],
    [[], ['secret'], 'anything', true],
  ])('under allow %j deny %j, SUB %s: %s', (allow, deny, subject, expected) => {
    expect(permits(sub(allow, deny), 'subscribe', subject)).toBe(expected)
  })

  test.each<[string[], string[], string, string, boolean]>([
    [['foo'], [], 'foo', 'any', true],
    [['foo v1'], [], 'foo', 'v1', true],
    [['foo v1'], [], 'foo', 'v2', false],
    [['foo', 'foo v1'], [], 'foo', 'v1', true],
    [['foo', 'foo v1'], [], 'foo', 'v2', false],
    [['foo', 'foo v1', 'foo >'], [], 'foo', 'v2', true],
    [['foo v.*'], [], 'foo', 'v.1', true],
    [['foo v.*'], [], 'foo', 'v.1.2', false],
    [['foo v.*'], [], 'foo', 'v.*', true],
    [['foo v.*'], [], 'foo', 'v.>', false],
    [['foo.* q'], [], 'foo.>', 'q', true],
    [['foo'], ['> secret'], 'foo', 'secret', false],
    [['foo'], ['> secret'], 'foo', 'other', true],
    [['>'], [], 'foo', '_sys_', false],
  ])('under allow %j deny %j, SUB %s in queue %s: %s', (allow, deny, subject, queue, expected) => {
    expect(permits(sub(allow, deny), 'subscribe', subject, queue)).toBe(expected)
  })

  test('without a queue needs an entry without one', () => {
    expect(permits(sub(['foo v1']), 'subscribe', 'foo')).toBe(false)
    expect(permits(sub(['foo', 'foo v1']), 'subscribe', 'foo')).toBe(true)
    expect(permits(sub(['foo'], ['> secret']), 'subscribe', 'foo')).toBe(true)
  })
})

describe('PUB', () => {
  test.each<[Permissions, string, boolean]>([
    [pub(['foo.*']), 'foo.a', true],
    [pub(['foo.*']), 'foo.a.b', false],
    [pub(['foo.>'], ['foo.secret']), 'foo.secret', false],
    [pub([]), 'anything', true],
    [pub([], ['secret']), 'anything', false],
    [pub([], ['>']), 'anything', false],
    [{ ...pub([]), resp: { max: 1, ttl: 1 } }, 'anything', false],
    [{ ...pub([], ['secret']), resp: { max: 1, ttl: 1 } }, 'anything', false],
    [{ ...pub(['foo']), resp: { max: 1, ttl: 1 } }, 'foo', true],
  ])('under %j, PUB %s: %s', (permissions, subject, expected) => {
    expect(permits(permissions, 'publish', subject)).toBe(expected)
  })
})

describe('delivery', () => {
  test.each<[string[], string[], string, string, boolean, boolean]>([
    [['foo.*'], [], 'foo.>', 'foo.a.b', true, true],
    [['foo.*'], ['foo.*.>'], 'foo.>', 'foo.a.b', false, false],
    [['foo.*'], ['foo.*.>'], 'foo.>', 'foo.a', true, true],
    [['>'], ['foo.bar'], 'foo.*', 'foo.bar', false, false],
    [['*.*'], ['*.*.>'], 'a.>', 'a.x.y', false, true],
    [['a.>'], ['a.*.secret'], 'a.b.>', 'a.b.secret', false, true],
    [['a.>'], ['a.*.secret'], 'a.>', 'a.b.secret', false, false],
    [['a'], [], 'a', 'b', false, false],
    [['a'], [], 'b', 'b', false, false],
  ])(
    'under allow %j deny %j, SUB %s gets %s: %s, from a legacy server: %s',
    (allow, deny, subject, message, now, then) => {
      expect(delivers(sub(allow, deny), { subject }, message, 'filtering')).toBe(now)
      expect(delivers(sub(allow, deny), { subject }, message, 'legacy')).toBe(then)
    },
  )

  test('is filtered queue by queue', () => {
    const permissions = sub(['a.>'], ['a.b q'])
    const got = [undefined, 'q', 'r'].map((queue) =>
      delivers(permissions, queue === undefined ? { subject: 'a.*' } : { subject: 'a.*', queue }, 'a.b', 'filtering'),
    )
    expect(got).toEqual([true, false, true])
  })
})
