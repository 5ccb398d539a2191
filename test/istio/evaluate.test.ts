import { describe, expect, test } from 'vitest'
import { decide, document, fromSource, toOperation, when } from './ask.ts'

const allow = (name: string, ...rules: object[]) => document({ rules: rules as never }, { name })
const deny = (name: string, ...rules: object[]) => document({ action: 'DENY', rules: rules as never }, { name })
const anyone = {}
const orders = toOperation({ paths: ['/orders'] })
const PEER = 'spiffe://cluster.local/ns/shop/sa/cart'

describe('a decision', () => {
  test('is allow where no ALLOW policy is, and says so', () => {
    expect(decide([], {})).toBe('allow no-allow-policy')
    expect(decide([deny('d', orders)], { path: '/x' })).toBe('allow no-allow-policy')
  })

  test('is deny where ALLOW policies are and none matches', () => {
    expect(decide([allow('a', orders)], { path: '/x' })).toBe('deny no-allow-match')
  })

  test('names the rule', () => {
    expect(decide([allow('a', toOperation({ paths: ['/x'] }), orders)], { path: '/orders' })).toBe(
      'allow ns[shop]-policy[a]-rule[1]',
    )
  })

  test('asks DENY before ALLOW', () => {
    expect(decide([allow('a', anyone), deny('d', orders)], { path: '/orders' })).toBe('deny ns[shop]-policy[d]-rule[0]')
  })

  test('asks CUSTOM first, whose provider nobody can ask here', () => {
    const custom = document({ action: 'CUSTOM', provider: { name: 'opa' }, rules: [orders] }, { name: 'z' })
    expect(decide([custom, deny('d', anyone), allow('a', anyone)], { path: '/orders' })).toBe(
      'deny ns[shop]-policy[z]-rule[0]',
    )
    expect(decide([custom, allow('a', anyone)], { path: '/x' })).toBe('allow ns[shop]-policy[a]-rule[0]')
  })

  test('shows CUSTOM no claims: tokens are verified behind it', () => {
    const custom = document({
      action: 'CUSTOM',
      provider: { name: 'opa' },
      rules: [fromSource({ requestPrincipals: ['*'] })],
    })
    const claims = { iss: 'https://idp.example', sub: 'ann' }
    expect(decide([custom], { claims })).toBe('allow no-allow-policy')
  })

  test('takes empty lines of a header that Envoy joins for nothing', () => {
    const forwarded = when('request.headers[x-forwarded-host]', ['tenant*'])
    const headers = [
      ['x-forwarded-host', ''],
      ['x-forwarded-host', 'tenant-1'],
    ] as const
    expect(decide([allow('a', forwarded)], { headers })).toBe('allow ns[shop]-policy[a]-rule[0]')
  })

  test('is not changed by AUDIT, which is no ALLOW either', () => {
    const audit = document({ action: 'AUDIT', rules: [anyone] })
    expect(decide([audit], {})).toBe('allow no-allow-policy')
  })

  test.for([{}, { rules: [] }, { rules: null }, null] as const)('is deny under the empty spec %j', (spec) => {
    expect(decide([document(spec)], {})).toBe('deny no-allow-match')
  })

  test('is allow for everybody under an empty rule', () => {
    expect(decide([document({ rules: [{}] })], {})).toBe('allow ns[shop]-policy[p]-rule[0]')
  })

  test('names the smallest of several rules, in the order of texts', () => {
    const rules = Array.from({ length: 11 }, () => anyone)
    expect(decide([allow('b', ...rules), allow('a-b', ...rules), allow('a', ...rules)], {})).toBe(
      'allow ns[shop]-policy[a-b]-rule[0]',
    )
    const later = Array.from({ length: 11 }, (_, index) => (index === 2 || index === 10 ? anyone : orders))
    expect(decide([allow('a', ...later)], { path: '/x' })).toBe('allow ns[shop]-policy[a]-rule[10]')
  })
})

describe('a rule', () => {
  test('needs one of its sources and one of its operations', () => {
    const rule = {
      from: [{ source: { namespaces: ['shop'] } }, { source: { namespaces: ['web'] } }],
      to: [{ operation: { methods: ['GET'] } }, { operation: { paths: ['/open'] } }],
    }
    const ask = (namespace: string, method: string, path: string) =>
      decide([allow('a', rule)], { principal: `spiffe://td/ns/${namespace}/sa/x`, method, path }).split(' ')[0]
    expect(ask('web', 'GET', '/x')).toBe('allow')
    expect(ask('shop', 'POST', '/open')).toBe('allow')
    expect(ask('shop', 'POST', '/x')).toBe('deny')
    expect(ask('other', 'GET', '/open')).toBe('deny')
  })

  test('needs all fields of one source, and none of what they exclude', () => {
    const rule = fromSource({ namespaces: ['shop'], notPrincipals: ['cluster.local/ns/shop/sa/cart'] })
    expect(decide([allow('a', rule)], { principal: PEER })).toMatch(/^deny/)
    expect(decide([allow('a', rule)], { principal: 'spiffe://cluster.local/ns/shop/sa/web' })).toMatch(/^allow/)
  })

  test('takes a field and its not together', () => {
    const rule = toOperation({ paths: ['/a/*'], notPaths: ['/a/b*'] })
    expect(decide([allow('a', rule)], { path: '/a/c' })).toMatch(/^allow/)
    expect(decide([allow('a', rule)], { path: '/a/bc' })).toMatch(/^deny/)
  })

  test('needs every condition, also two of one key', () => {
    const rule = {
      when: [
        { key: 'request.headers[x-a]', values: ['1*'] },
        { key: 'request.headers[x-a]', values: ['*2'] },
      ],
    }
    expect(decide([allow('a', rule)], { headers: [['x-a', '12']] })).toMatch(/^allow/)
    expect(decide([allow('a', rule)], { headers: [['x-a', '13']] })).toMatch(/^deny/)
  })

  test('asks its conditions beside each source and each operation', () => {
    const rule = {
      from: [{ source: { namespaces: ['a'] } }, { source: { namespaces: ['b'] } }],
      to: [{ operation: { paths: ['/x'] } }, { operation: { paths: ['/y'] } }],
      ...when('destination.port', ['80']),
    }
    const ask = (destPort: number) =>
      decide([allow('a', rule)], { principal: 'spiffe://td/ns/b/sa/x', path: '/y', destPort }).split(' ')[0]
    expect([ask(80), ask(81)]).toEqual(['allow', 'deny'])
  })
})

describe('dry-run', () => {
  const tried = (value: string, spec: object) =>
    document(spec as never, { name: 't', annotations: { 'istio.io/dry-run': value } })

  test.for(['1', 't', 'T', 'TRUE', 'true', 'True'])('is on for %s, as Go reads it', (value) => {
    expect(decide([tried(value, { action: 'DENY', rules: [{}] })], {})).toBe('allow no-allow-policy')
  })

  test.for(['0', 'f', 'F', 'FALSE', 'false', 'False', 'yes', 'on', ' true', 'tRUE', ''])('is off for "%s"', (value) => {
    expect(decide([tried(value, { action: 'DENY', rules: [{}] })], {})).toMatch(/^deny/)
  })

  test('makes no workload deny by default', () => {
    expect(decide([tried('true', { rules: [orders] })], { path: '/x' })).toBe('allow no-allow-policy')
    expect(decide([tried('true', { rules: [orders] }), allow('a', orders)], { path: '/x' })).toBe('deny no-allow-match')
  })
})

describe('an unknown condition that got past the webhook', () => {
  const rule = when('source.labels[app]', ['x'])
  test('drops its ALLOW rule, and the set still denies by default', () => {
    expect(decide([allow('a', rule)], {})).toBe('deny no-allow-match')
  })
  test('drops its DENY rule as well: Istio fails open', () => {
    expect(decide([deny('d', rule)], {})).toBe('allow no-allow-policy')
  })
})

describe('an invalid port that got past the webhook', () => {
  test('drops an ALLOW rule', () => {
    expect(decide([allow('a', toOperation({ ports: ['http', '80'] }))], { destPort: 80 })).toBe('deny no-allow-match')
  })
  test('only drops the condition of a DENY rule', () => {
    expect(decide([deny('d', toOperation({ ports: ['http'] }))], { destPort: 80 })).toMatch(/^deny/)
    expect(decide([deny('d', toOperation({ ports: ['http', '81'] }))], { destPort: 80 })).toMatch(/^allow/)
  })
})

describe('a request that Envoy answers with 400', () => {
  test.for(['/%00', '/ä', '/a b', 'orders', ''])('is not decided: %s', (path) => {
    expect(decide([allow('a', anyone)], { path })).toBe('bad request')
  })
})
