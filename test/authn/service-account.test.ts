/** Claims of ServiceAccount tokens, believed already: which of them name a workload. */
import { describe, expect, test } from 'vitest'
import { identifyServiceAccount } from '../../src/authn/service-account.ts'
import { internPrincipals } from '../../src/authn/intern-principals.ts'
import type { Principal } from '../../src/identity/principal.ts'
import { serviceAccountClaims } from './support/token-mint.ts'

const kubernetes = {
  namespace: 'shop',
  pod: { name: 'orders-1', uid: 'pod-uid' },
  serviceaccount: { name: 'orders', uid: 'sa-uid' },
}

function identify(changes: Record<string, unknown>) {
  const claims = JSON.parse(JSON.stringify(serviceAccountClaims({ 'kubernetes.io': kubernetes, ...changes })))
  return identifyServiceAccount('cluster.local', internPrincipals(10))(claims)
}

function nameOf(changes: Record<string, unknown>): string {
  const identity = identify(changes)
  return identity.ok ? identity.value.principal.name : identity.error
}

function namesOf(namespace: string, name: string): Record<string, unknown> {
  const serviceaccount = { name, uid: 'sa-uid' }
  return { sub: `system:serviceaccount:${namespace}:${name}`, 'kubernetes.io': { namespace, serviceaccount } }
}

function principalNamed(name: string): Principal {
  return { name, workload: { spiffeId: { uri: name, trustDomain: 't', path: '/' } }, groups: [] }
}

test('the trust domain comes from the settings, the rest from the token', () => {
  expect(nameOf({})).toBe('spiffe://cluster.local/ns/shop/sa/orders')
})

test('a ServiceAccount may be a whole DNS subdomain', () => {
  expect(nameOf(namesOf('shop-1', 'orders.v2.example'))).toBe('spiffe://cluster.local/ns/shop-1/sa/orders.v2.example')
  expect(nameOf(namesOf('n'.repeat(63), 'a'.repeat(253)))).toContain('/sa/aaa')
})

describe('sub', () => {
  test.for([
    ['a user', 'alice'],
    ['a node', 'system:node:node-1'],
    ['three parts', 'system:serviceaccount:shop'],
    ['five parts', 'system:serviceaccount:shop:orders:admin'],
    ['an empty namespace', 'system:serviceaccount::orders'],
    ['an empty name', 'system:serviceaccount:shop:'],
    ['another case', 'System:ServiceAccount:shop:orders'],
    ['a space in front', ' system:serviceaccount:shop:orders'],
    ['empty', ''],
    ['absent', undefined],
    ['a list', ['system:serviceaccount:shop:orders']],
  ] as const)('must be that of a ServiceAccount: %s', ([, sub]) => {
    expect(identify({ sub }).ok).toBe(false)
  })

  test.for([
    ['a path', 'shop/../admin', 'orders'],
    ['a wildcard', '*', 'orders'],
    ['a capital letter', 'Shop', 'orders'],
    ['a dot in the namespace', 'a.b', 'orders'],
    ['a slash in the name', 'shop', 'orders/sa/admin'],
    ['two dots in the name', 'shop', 'orders..admin'],
    ['a hyphen at the end', 'shop', 'orders-'],
    ['a newline at the end', 'shop', 'orders\n'],
    ['a letter beyond ASCII', 'shop', 'ord\u0435rs'],
    ['a namespace that is too long', 'n'.repeat(64), 'orders'],
    ['a name that is too long', 'shop', 'a'.repeat(254)],
  ] as const)('must name what the API server would let exist: %s', ([, namespace, name]) => {
    expect(nameOf(namesOf(namespace, name))).toBe('sub names no valid namespace and ServiceAccount')
  })
})

describe('the kubernetes.io claim', () => {
  const disagreement = 'sub and the kubernetes.io claim name different ServiceAccounts'
  test.for([
    ['another namespace', { ...kubernetes, namespace: 'prod' }],
    ['another ServiceAccount', { ...kubernetes, serviceaccount: { name: 'admin', uid: 'sa-uid' } }],
  ] as const)('must agree with sub: %s', ([, claim]) => {
    expect(nameOf({ 'kubernetes.io': claim })).toBe(disagreement)
  })

  test.for([
    ['absent', undefined],
    ['a string', 'shop'],
    ['without the ServiceAccount', { namespace: 'shop' }],
    ['without its uid', { ...kubernetes, serviceaccount: { name: 'orders' } }],
    ['with a pod that is a string', { ...kubernetes, pod: 'orders-1' }],
    ['with a control character in a fact', { ...kubernetes, pod: { name: 'a\nb', uid: 'u' } }],
    ['with an endless fact', { ...kubernetes, node: { name: 'n'.repeat(254) } }],
  ] as const)('must be whole: %s', ([, claim]) => {
    expect(nameOf({ 'kubernetes.io': claim })).toBe('the kubernetes.io claim is missing or incomplete')
  })

  test('is what a legacy secret token lacks', () => {
    const flat = {
      'kubernetes.io': undefined,
      'kubernetes.io/serviceaccount/namespace': 'shop',
      'kubernetes.io/serviceaccount/service-account.name': 'orders',
      'kubernetes.io/serviceaccount/secret.name': 'orders-token',
    }
    expect(nameOf(flat)).toBe('the kubernetes.io claim is missing or incomplete')
  })
})

test('facts that the token does not have are left out, a strange jti as well', () => {
  const identity = identify({ 'kubernetes.io': { ...kubernetes, pod: undefined, secret: { name: 's' } }, jti: 'a b' })
  expect(identity.ok && identity.value.facts).toEqual({ serviceAccountUid: 'sa-uid', secret: 's' })
})

describe('principals', () => {
  test('of one ServiceAccount are one object, of two they are two', () => {
    const intern = internPrincipals(10)
    const principalOf = (trustDomain: string, changes: Record<string, unknown>) => {
      const identity = identifyServiceAccount(
        trustDomain,
        intern,
      )(JSON.parse(JSON.stringify(serviceAccountClaims(changes))))
      return identity.ok ? identity.value.principal : undefined
    }
    const first = principalOf('a.example', {})
    expect(principalOf('a.example', { jti: 'another', exp: 1 })).toBe(first)
    expect(principalOf('b.example', {})).not.toBe(first)
    expect(first).toBeDefined()
  })

  test('are kept up to a bound', () => {
    const intern = internPrincipals(2)
    const first = intern('a', () => principalNamed('a'))
    expect(intern('a', () => principalNamed('a'))).toBe(first)
    intern('b', () => principalNamed('b'))
    intern('c', () => principalNamed('c'))
    expect(intern('a', () => principalNamed('a'))).not.toBe(first)
  })
})
