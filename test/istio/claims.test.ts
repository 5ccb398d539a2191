import { describe, expect, test } from 'vitest'
import type { Json, JsonObject } from '../../src/lib/json.ts'
import { allows, fromSource, when } from './ask.ts'

const TOKEN = { iss: 'issuer-a', sub: 'alice' }

describe('requestPrincipals', () => {
  const rows: { value: string; yes?: JsonObject[]; no?: JsonObject[] }[] = [
    { value: 'issuer-a/alice', yes: [TOKEN], no: [{ iss: 'issuer-a', sub: 'bob' }, { iss: 'issuer-a' }, {}] },
    {
      value: 'issuer-a/svc/orders',
      yes: [{ iss: 'issuer-a/svc', sub: 'orders' }],
      no: [{ iss: 'issuer-a', sub: 'svc/orders' }],
    },
    { value: 'issuer-a', yes: [{ iss: 'issuer-a', sub: '' }], no: [TOKEN, { iss: 'issuer-a' }] },
    {
      value: '*',
      yes: [TOKEN],
      no: [{ iss: 'issuer-a' }, { iss: 'issuer-a', sub: '' }, { iss: '', sub: 'x' }, { iss: 'a', sub: 1 }],
    },
    {
      value: '*/alice',
      yes: [TOKEN, { iss: 'x', sub: 'alice' }],
      no: [
        { iss: 'x', sub: 'malice' },
        { iss: '', sub: 'alice' },
      ],
    },
    { value: '*-a/alice', yes: [TOKEN], no: [{ iss: 'issuer-b', sub: 'alice' }] },
    { value: '*/*', yes: [{ iss: 'x', sub: '*' }], no: [TOKEN] },
    { value: '*/ali*', yes: [{ iss: 'x', sub: 'ali*' }], no: [TOKEN] },
    {
      value: 'issuer*',
      yes: [TOKEN],
      no: [
        { iss: 'issuer-a', sub: '' },
        { iss: 'x', sub: 'alice' },
      ],
    },
    { value: '*ice', yes: [TOKEN], no: [{ iss: 'issuer-a', sub: 'bob' }] },
    { value: 'issuer-a/*', yes: [TOKEN, { iss: 'issuer-a', sub: 'svc/orders' }], no: [{ iss: 'issuer-a', sub: '' }] },
    { value: 'issuer-a/al*', yes: [TOKEN], no: [{ iss: 'issuer-a', sub: 'bal' }] },
    { value: 'https://idp.example/alice', yes: [{ iss: 'https://idp.example', sub: 'alice' }] },
    { value: 'issuer-a/alice', no: [{ iss: ['issuer-a'], sub: 'alice' }] },
  ]
  test.for(rows)('$value', ({ value, yes = [], no = [] }) => {
    for (const rule of [fromSource({ requestPrincipals: [value] }), when('request.auth.principal', [value])]) {
      expect(yes.filter((claims) => !allows(rule, { claims }))).toEqual([])
      expect(no.filter((claims) => allows(rule, { claims }))).toEqual([])
      expect(allows(rule, {})).toBe(false)
    }
  })
})

describe('a claim', () => {
  const asks = (key: string, values: string[], claims: JsonObject) =>
    allows(when(`request.auth.claims${key}`, values), { claims })

  test.for<[Json, string, boolean]>([
    ['admin', 'admin', true],
    ['admin', 'Admin', false],
    [['user', 'admin'], 'admin', true],
    [['user', 'admin'], 'adm*', true],
    ['', '*', false],
    ['x', '*', true],
    [[], '*', false],
    [[''], '*', false],
    [1, '1', false],
    [1, '*', false],
    [true, 'true', false],
    [null, '*', false],
    [{ a: 'admin' }, '*', false],
    [[['admin']], 'admin', false],
    [[{ admin: 'admin' }], '*', false],
    [[1, 'admin'], 'admin', true],
    ['a b', 'a', false],
  ])('%j against %s: %s', ([value, pattern, expected]) => {
    expect(asks('[role]', [pattern], { role: value })).toBe(expected)
  })

  test.for(['scope', 'permission'])('%s is cut at blanks', (name) => {
    expect(asks(`[${name}]`, ['read'], { [name]: 'read write' })).toBe(true)
    expect(asks(`[${name}]`, ['write'], { [name]: ' read  write ' })).toBe(true)
    expect(asks(`[${name}]`, ['read write'], { [name]: 'read write' })).toBe(false)
    expect(asks(`[${name}]`, ['a b'], { [name]: ['a b'] })).toBe(true)
    expect(asks(`[x][${name}]`, ['read'], { x: { [name]: 'read write' } })).toBe(false)
  })

  test('lies at a path through objects, never through lists', () => {
    expect(asks('[realm][roles]', ['admin'], { realm: { roles: ['admin'] } })).toBe(true)
    expect(asks('[realm][roles]', ['admin'], { realm: [{ roles: ['admin'] }] })).toBe(false)
    expect(asks('[realm][0]', ['admin'], { realm: ['admin'] })).toBe(false)
    expect(asks('[a.b]', ['x'], { 'a.b': 'x' })).toBe(true)
    expect(asks('[a.b]', ['x'], { a: { b: 'x' } })).toBe(false)
    expect(asks('[a[b]]', ['x'], { 'a[b]': 'x' })).toBe(true)
    expect(asks('[Role]', ['x'], { role: 'x' })).toBe(false)
  })

  test('is no member of every object', () => {
    expect(asks('[constructor]', ['*'], {})).toBe(false)
    expect(asks('[__proto__][x]', ['*'], {})).toBe(false)
    expect(asks('[__proto__][x]', ['y'], JSON.parse('{"__proto__":{"x":"y"}}') as JsonObject)).toBe(true)
  })

  test('of audiences and presenter are aud and azp', () => {
    expect(allows(when('request.auth.audiences', ['b']), { claims: { aud: ['a', 'b'] } })).toBe(true)
    expect(allows(when('request.auth.audiences', ['a b']), { claims: { aud: 'a b' } })).toBe(true)
    expect(allows(when('request.auth.presenter', ['c*']), { claims: { azp: 'cart' } })).toBe(true)
  })

  test('notValues hold without a token, and with a token that lacks it', () => {
    const rule = when('request.auth.claims[role]', [], ['admin'])
    expect(allows(rule, {})).toBe(true)
    expect(allows(rule, { claims: {} })).toBe(true)
    expect(allows(rule, { claims: { role: ['user', 'admin'] } })).toBe(false)
  })
})
