import { describe, expect, test } from 'vitest'
import { compilePolicies, DEFAULT_MESH, readAuthorizationPolicy } from '../../src/istio/index.ts'
import type { JsonObject } from '../../src/lib/json.ts'
import { decide, document, fromSource, toOperation, when } from './ask.ts'

const PEER = { principal: 'spiffe://cluster.local/ns/shop/sa/cart', sourceIp: '10.0.0.1', destPort: 4222 }
const ask = (spec: JsonObject, request = PEER) => decide([document(spec)], request, { transport: 'tcp' })

const HTTP_ONLY: JsonObject[] = [
  toOperation({ hosts: ['x'] }),
  toOperation({ notHosts: ['x'] }),
  toOperation({ methods: ['GET'] }),
  toOperation({ notMethods: ['GET'] }),
  toOperation({ paths: ['/x'] }),
  toOperation({ notPaths: ['/{*}'] }),
  fromSource({ requestPrincipals: ['*'] }),
  fromSource({ notRequestPrincipals: ['*'] }),
  when('request.headers[x]', ['y']),
  when('request.auth.principal', ['*']),
  when('request.auth.audiences', ['x']),
  when('request.auth.presenter', [], ['x']),
  when('request.auth.claims[a][b]', ['x']),
]

describe('on a TCP port', () => {
  test.for(HTTP_ONLY)('an ALLOW rule with %j is dropped, and all is denied', (rule) => {
    expect(ask({ rules: [rule] })).toBe('deny no-allow-match')
    expect(ask({ rules: [rule, {}] })).toBe('allow ns[shop]-policy[p]-rule[1]')
  })

  test.for(HTTP_ONLY)('a DENY rule with %j alone denies everything', (rule) => {
    expect(ask({ action: 'DENY', rules: [rule] })).toBe('deny ns[shop]-policy[p]-rule[0]')
  })

  test('a DENY rule keeps what TCP can tell', () => {
    const rule = {
      ...fromSource({ namespaces: ['web'], requestPrincipals: ['*'] }),
      ...toOperation({ paths: ['/x'], ports: ['80'] }),
    }
    expect(ask({ action: 'DENY', rules: [rule] })).toMatch(/^allow/)
    const other = { ...rule, ...toOperation({ paths: ['/x'], ports: ['4222'] }) }
    expect(ask({ action: 'DENY', rules: [other] })).toMatch(/^allow/)
    expect(ask({ action: 'DENY', rules: [other] }, { ...PEER, principal: 'spiffe://td/ns/web/sa/x' })).toMatch(/^deny/)
  })

  test('one operation of HTTP drops the whole ALLOW rule, with the others', () => {
    const rule = { to: [{ operation: { ports: ['4222'] } }, { operation: { methods: ['GET'] } }] }
    expect(ask({ rules: [rule] })).toBe('deny no-allow-match')
    expect(
      ask({ action: 'DENY', rules: [{ to: [{ operation: { ports: ['1'] } }, { operation: { methods: ['GET'] } }] }] }),
    ).toMatch(/^deny/)
  })

  test.for<[JsonObject, string]>([
    [fromSource({ principals: ['cluster.local/ns/shop/sa/cart'] }), 'allow'],
    [fromSource({ namespaces: ['web'] }), 'deny'],
    [fromSource({ serviceAccounts: ['cart'] }), 'allow'],
    [fromSource({ trustDomains: ['cluster.local'] }), 'allow'],
    [fromSource({ ipBlocks: ['10.0.0.0/8'] }), 'allow'],
    [fromSource({ remoteIpBlocks: ['11.0.0.0/8'] }), 'deny'],
    [toOperation({ ports: ['4222'] }), 'allow'],
    [toOperation({ notPorts: ['4222'] }), 'deny'],
    [when('destination.port', ['4222']), 'allow'],
    [when('connection.sni', [], ['x']), 'allow'],
    [when('experimental.envoy.filters.network.mysql_proxy[t]', [], ['x']), 'allow'],
  ])('%j is asked as on HTTP', ([rule, expected]) => {
    expect(ask({ rules: [rule] }).split(' ')[0]).toBe(expected)
  })

  test('every loss is told', () => {
    const told = (action: string) => {
      const rule = { ...toOperation({ paths: ['/x'], ports: ['80'] }), ...when('request.headers[x]', ['y']) }
      const { policy } = readAuthorizationPolicy(
        document({ action, rules: [rule, toOperation({ methods: ['GET'] }), {}] }),
      )
      if (policy === undefined) throw new Error('unreadable')
      return compilePolicies([policy], { mesh: DEFAULT_MESH, transport: 'tcp' }).losses.map(
        ({ rule, lost, effect }) => [rule, lost, effect],
      )
    }
    expect(told('ALLOW')).toEqual([
      [0, ['request.headers[x]', 'paths'], 'dropped'],
      [1, ['methods'], 'dropped'],
    ])
    expect(told('DENY')).toEqual([
      [0, ['request.headers[x]', 'paths'], 'wider'],
      [1, ['methods'], 'always'],
    ])
  })
})
