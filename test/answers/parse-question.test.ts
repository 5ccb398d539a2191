import { describe, expect, test } from 'vitest'
import { parseQuestion, tokenIn } from '../../src/answers/parse-question.ts'
import { ASKS, type Ask } from '../../src/answers/question.ts'
import type { Json } from '../../src/lib/json.ts'
import { workload } from '../support/policy-arbitraries.ts'

const OPTIONS = { trustDomain: 'cluster.local' }
const LONG = 64 * 1024

function parse(ask: Ask, body: Json) {
  return parseQuestion(ask, body, OPTIONS)
}

function refusalOf(ask: Ask, body: Json): string {
  const question = parse(ask, body)
  if (question.ok) throw new Error('it was parsed')
  expect(question.error.code).toBe('question-invalid')
  return question.error.message
}

function deep(levels: number): Json {
  let value: Json = 'x'
  for (let i = 0; i < levels; i++) value = { a: value }
  return value
}

describe('a question', () => {
  test('becomes what was asked', () => {
    expect(parse('who-can', { action: 'subscribe', pattern: 'shop.>', queue: 'workers.*' })).toMatchObject({
      ok: true,
      value: { ask: 'who-can', action: 'subscribe', pattern: { text: 'shop.>' }, queue: { text: 'workers.*' } },
    })
    expect(parse('why', { principal: 'shop/web', action: 'publish', subject: 'a.b' })).toMatchObject({
      ok: true,
      value: { ask: 'why', principal: { name: 'spiffe://cluster.local/ns/shop/sa/web' }, subject: { text: 'a.b' } },
    })
    expect(parse('review', { account: 'SHOP' })).toEqual({ ok: true, value: { ask: 'review', account: 'SHOP' } })
    expect(parse('drift', {})).toEqual({ ok: true, value: { ask: 'drift' } })
    const candidate = [{ file: 'a.yaml', text: 'kind: x' }]
    expect(parse('plan', { candidate })).toEqual({ ok: true, value: { ask: 'plan', candidate } })
  })

  test('names its principal by ServiceAccount, SPIFFE ID or as an end user with claims and groups', () => {
    for (const principal of [
      'shop/web',
      'system:serviceaccount:shop:web',
      'spiffe://cluster.local/ns/shop/sa/web',
      'SPIFFE://Cluster.Local/ns/shop/sa/web',
    ]) {
      expect(parse('what-can', { principal })).toMatchObject({
        ok: true,
        value: { principal: { name: 'spiffe://cluster.local/ns/shop/sa/web' } },
      })
    }
    expect(
      parse('what-can', { principal: 'https://idp.example/ann', claims: { role: 'admin' }, groups: ['staff'] }),
    ).toMatchObject({
      ok: true,
      value: {
        principal: {
          groups: ['staff', 'system:authenticated'],
          requestAuth: { claims: { role: 'admin', sub: 'ann', iss: 'https://idp.example' } },
        },
      },
    })
  })

  test('may bring a token in place of a principal, where somebody can read it', () => {
    const holder = workload('spiffe://cluster.local/ns/shop/sa/web')
    expect(tokenIn({ token: 'a.b.c' })).toBe('a.b.c')
    expect(tokenIn({ token: 5 })).toBeUndefined()
    expect(tokenIn('token')).toBeUndefined()
    expect(parseQuestion('what-can', { token: 'a.b.c' }, { ...OPTIONS, holder })).toEqual({
      ok: true,
      value: { ask: 'what-can', principal: holder },
    })
    expect(refusalOf('what-can', { token: 'a.b.c' })).toBe('the token cannot be read here')
    const both = parseQuestion('what-can', { token: 'a.b.c', principal: 'a/b' }, { ...OPTIONS, holder })
    expect(both).toMatchObject({
      ok: false,
      error: { message: expect.stringContaining('a token says who its holder') },
    })
  })

  test.for<[Ask, Json, string]>([
    ['who-can', {}, 'action is missing, expected publish or subscribe (and 1 more)'],
    ['who-can', { action: 'read', pattern: 'a' }, 'action is "read", expected publish or subscribe'],
    ['who-can', { action: 'publish', pattern: 5 }, 'pattern is 5, expected text'],
    ['who-can', { action: 'publish', pattern: 'a..b' }, 'pattern "a..b": a subject has no empty tokens'],
    ['who-can', { action: 'publish', pattern: 'a', queue: 'q' }, 'queue groups are for subscribers'],
    ['who-can', { action: 'publish', patern: 'a' }, 'unknown field "patern" in the question'],
    [
      'why',
      { action: 'publish', subject: 'a.*', principal: 'a/b' },
      'subject "a.*": nobody publishes to a subject with',
    ],
    ['why', { action: 'publish', subject: 'a' }, 'no principal is named'],
    ['why', { action: 'subscribe', subject: 'a', principal: 'a/b', queue: '' }, 'queue group is empty'],
    ['what-can', { principal: 'nobody' }, 'principal "nobody": expected ns/name, a SPIFFE ID'],
    [
      'what-can',
      { principal: 'a/b', groups: ['x'] },
      'principal "a/b" is a workload: claims and groups are for end users',
    ],
    ['what-can', { principal: 'https://a/b', claims: [] }, 'claims are no object'],
    ['plan', { candidate: [{ file: 'a' }] }, 'candidate[0].text is missing, expected text'],
    ['plan', { candidate: 'a.yaml' }, 'candidate is "a.yaml", expected a list'],
    ['review', { account: '' }, 'account is empty'],
    ['drift', { all: true }, 'unknown field "all" in the question'],
    ['drift', [], 'the question is a list, expected an object'],
    ['drift', null, 'the question is empty, expected an object'],
  ])('%s %j is refused: %s', ([ask, body, said]) => {
    expect(refusalOf(ask, body)).toContain(said)
  })

  test.for<[string, Ask, Json]>([
    ['1,000 wildcards', 'who-can', { action: 'subscribe', pattern: Array.from({ length: 1000 }).fill('*').join('.') }],
    ['a subject of 64 KB', 'who-can', { action: 'publish', pattern: 'a'.repeat(LONG) }],
    ['a subject with control characters', 'why', { principal: 'a/b', action: 'publish', subject: 'a\u001b[2Jb' }],
    ['a queue group with a blank', 'who-can', { action: 'subscribe', pattern: 'a', queue: 'a b' }],
    ['a queue group of 64 KB', 'why', { principal: 'a/b', action: 'subscribe', subject: 'a', queue: 'q'.repeat(LONG) }],
    ['a principal of 64 KB', 'what-can', { principal: `spiffe://a/${'a'.repeat(LONG)}` }],
    ['a principal with control characters', 'what-can', { principal: 'https://a/b\u0007' }],
    ['an account with control characters', 'review', { account: 'A\nB' }],
    ['a group with control characters', 'what-can', { principal: 'https://a/b', groups: ['a\u0000'] }],
    ['501 groups', 'what-can', { principal: 'https://a/b', groups: Array.from({ length: 501 }, (_, i) => `g${i}`) }],
    ['deep claims', 'what-can', { principal: 'https://a/b', claims: deep(20_000) }],
    ['many claims', 'what-can', { principal: 'https://a/b', claims: { a: Array.from({ length: 5000 }, () => 1) } }],
    ['a claim of 64 KB', 'what-can', { principal: 'https://a/b', claims: { a: 'a'.repeat(LONG) } }],
    ['a deep question', 'who-can', deep(20_000)],
    ['many unknown fields', 'drift', Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`f${i}`, 1]))],
    ['a file name with control characters', 'plan', { candidate: [{ file: 'a\u001b]0;x\u0007', text: '' }] }],
    ['a token of 100 KB', 'what-can', { token: 'a'.repeat(100_000) }],
  ])('%s is refused in a short line that a terminal can show', ([, ask, body]) => {
    const said = refusalOf(ask, body)
    expect(said.length).toBeLessThan(400)
    expect(said).not.toMatch(/\p{Cc}/u)
  })

  test('takes claims by their names, whatever these are', () => {
    const claims: Json = JSON.parse('{"__proto__": {"role": "admin"}, "constructor": "x"}')
    const question = parse('what-can', { principal: 'https://a/b', claims })
    if (!question.ok || question.value.ask !== 'what-can') throw new Error('it was refused')
    const read = question.value.principal.requestAuth?.claims ?? {}
    expect(Object.keys(read)).toEqual(['iss', 'sub', '__proto__', 'constructor'])
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype)
    expect(({} as Record<string, unknown>)['role']).toBeUndefined()
    expect(refusalOf('who-can', JSON.parse('{"action": "publish", "pattern": "a", "__proto__": 1}'))).toContain(
      '__proto__',
    )
  })

  test('of any kind refuses what is no object', () => {
    for (const ask of ASKS) for (const body of ['x', 5, null, [], true]) expect(parse(ask, body).ok).toBe(false)
  })
})
