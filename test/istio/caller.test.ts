import { describe, expect, test } from 'vitest'
import { requestPrincipal, workloadPrincipal } from '../../src/identity/principal.ts'
import { parseSpiffeId } from '../../src/identity/spiffe-id.ts'
import {
  callerAttributesOf,
  callerTruth,
  compilePolicies,
  completeRequest,
  DEFAULT_MESH,
  evaluate,
  operationTruth,
  readAuthorizationPolicy,
  UNKNOWN,
  type CallerTerm,
  type OperationAttributes,
} from '../../src/istio/index.ts'
import type { JsonObject } from '../../src/lib/json.ts'
import { document, fromSource, when } from './ask.ts'

function termsOf(rule: JsonObject): readonly CallerTerm[] {
  const { policy } = readAuthorizationPolicy(document({ rules: [rule] }))
  if (policy === undefined) throw new Error('unreadable')
  const [compiled] = compilePolicies([policy], { mesh: DEFAULT_MESH, transport: 'http' }).enforced.allow
  return compiled?.callers[0] ?? []
}

function workload(uri: string) {
  const id = parseSpiffeId(uri)
  if (!id.ok) throw new Error(id.error)
  return callerAttributesOf(workloadPrincipal(id.value))
}

const CART = workload('spiffe://cluster.local/ns/shop/sa/cart')
const ANN = callerAttributesOf(
  requestPrincipal({ issuer: 'https://idp', subject: 'ann', claims: { role: ['dev'] } }, []),
)

describe('of one who connects', () => {
  test.for<[JsonObject, boolean | undefined, boolean | undefined]>([
    // What is asked, of a workload, of an end user.
    [fromSource({ principals: ['cluster.local/ns/shop/sa/cart'] }), true, false],
    [fromSource({ principals: ['*'] }), true, false],
    [fromSource({ notPrincipals: ['cluster.local/ns/shop/sa/cart'] }), false, true],
    [fromSource({ namespaces: ['shop'] }), true, false],
    [fromSource({ notNamespaces: ['shop'] }), false, true],
    [fromSource({ serviceAccounts: ['cart'] }), true, false],
    [fromSource({ trustDomains: ['other'] }), false, false],
    [fromSource({ requestPrincipals: ['*'] }), false, true],
    [fromSource({ requestPrincipals: ['https://idp/ann'] }), false, true],
    [fromSource({ notRequestPrincipals: ['*'] }), true, false],
    [when('request.auth.claims[role]', ['dev']), false, true],
    [when('request.auth.claims[iss]', ['https://idp']), false, true],
    [fromSource({ ipBlocks: ['10.0.0.0/8'] }), undefined, undefined],
    [fromSource({ notRemoteIpBlocks: ['10.0.0.0/8'] }), undefined, undefined],
    [when('request.headers[x]', [], ['y']), undefined, undefined],
    [fromSource({ namespaces: ['shop'], ipBlocks: ['10.0.0.0/8'] }), undefined, false],
    [{}, true, true],
  ])('%j is %s and %s', ([rule, ofWorkload, ofUser]) => {
    expect([callerTruth(termsOf(rule), CART), callerTruth(termsOf(rule), ANN)]).toEqual([ofWorkload, ofUser])
  })
})

test('an operation may be known in part', () => {
  const terms = [
    { field: 'method', values: [{ is: 'exact', value: 'GET' }], not: false },
    { field: 'sni', values: [{ is: 'presence' }], not: true },
  ] as const
  const operation: OperationAttributes = {
    method: 'GET',
    path: '/',
    host: 'h',
    port: 80,
    destinationIp: UNKNOWN,
    sni: UNKNOWN,
    filterMetadata: UNKNOWN,
  }
  expect(operationTruth(terms, operation)).toBeUndefined()
  expect(operationTruth(terms, { ...operation, method: 'PUT' })).toBe(false)
  expect(operationTruth(terms, { ...operation, sni: undefined })).toBe(true)
})

describe('an unknown condition, where policies decide subjects', () => {
  const decide = (action: string) => {
    const rule = { to: [{ operation: { methods: ['PUT'] } }], ...when('no.such.key', ['x']) }
    const { policy } = readAuthorizationPolicy(document({ action, provider: { name: 'x' }, rules: [rule] }))
    const request = completeRequest({ method: 'GET' }, 'http')
    if (policy === undefined || request === undefined) throw new Error('unreadable')
    const { enforced, losses } = compilePolicies([policy], {
      mesh: DEFAULT_MESH,
      transport: 'http',
      unknownConditions: 'match',
    })
    return [evaluate(enforced, request).decision, losses.map(({ effect }) => effect)]
  }
  test('drops an ALLOW rule, and makes a DENY or CUSTOM rule match always', () => {
    expect(decide('ALLOW')).toEqual(['deny', ['dropped']])
    expect(decide('DENY')).toEqual(['deny', ['always']])
    expect(decide('CUSTOM')).toEqual(['deny', ['always']])
  })
})

describe('a request target with a scheme', () => {
  test.for<[string, string | undefined, string | undefined]>([
    ['http://other:80/a/../b?x', 'other:80', '/b'],
    ['HTTPS://other', 'other', '/'],
    ['http://other?x=/y', 'other', '/'],
    ['http://other#f', 'other', '/'],
    ['http:///a', undefined, undefined],
    ['ftp://other/a', undefined, undefined],
  ])('%s', ([path, host, expected]) => {
    const request = completeRequest({ path, host: 'h' }, 'http')
    expect([request?.host, request?.path]).toEqual([host, expected])
  })

  test('* is for OPTIONS alone', () => {
    expect(completeRequest({ path: '*' }, 'http')).toBeUndefined()
    expect(completeRequest({ path: '*', method: 'OPTIONS' }, 'http')?.path).toBe('/*')
  })
})
