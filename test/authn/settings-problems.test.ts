/** Settings that cannot be used, all of what is wrong at once; createAuthenticator takes none of them. */
import { describe, expect, test } from 'vitest'
import { issuerProblems } from '../../src/authn/settings-problems.ts'
import type { IssuerSettings } from '../../src/authn/settings.ts'
import { createRig } from './support/rig.ts'
import { CLUSTER_ISSUER, IDP_ISSUER, keySetOf, makeKey } from './support/token-mint.ts'

const cluster: IssuerSettings = {
  name: 'cluster',
  kind: 'kubernetes',
  issuer: CLUSTER_ISSUER,
  audiences: ['nats'],
  trustDomain: 'cluster.local',
  keys: { discovery: true, caFile: '/ca.crt', bearerTokenFile: '/token' },
}
const idp: IssuerSettings = {
  name: 'idp',
  kind: 'oidc',
  issuer: IDP_ISSUER,
  audiences: ['nats'],
  keys: { url: 'https://idp.example.com/jwks' },
}

function pathsOf(...issuers: readonly IssuerSettings[]): string[] {
  return issuerProblems(issuers).map(({ path }) => path)
}

test('good settings have no problem', () => {
  expect(issuerProblems([cluster, idp, { ...idp, name: 'kong', issuer: 'a36c3049b36249a3c9f8891cb127243c' }])).toEqual(
    [],
  )
  expect(issuerProblems([])).toEqual([])
})

describe('a problem is', () => {
  const weak = { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] }
  test.for([
    ['a name that is no label', { name: 'my cluster' }, 'name'],
    ['no audience', { audiences: [] }, 'audiences'],
    ['an empty audience', { audiences: ['nats', ''] }, 'audiences'],
    ['an issuer with a space', { issuer: 'https://a b' }, 'issuer'],
    ['the issuer of legacy tokens', { issuer: 'kubernetes/serviceaccount' }, 'issuer'],
    ['alg none', { algorithms: ['RS256', 'none'] }, 'algorithms'],
    ['a symmetric alg', { algorithms: ['HS256'] }, 'algorithms'],
    ['an alg in lower case', { algorithms: ['rs256'] }, 'algorithms'],
    ['no alg', { algorithms: [] }, 'algorithms'],
    ['no type', { types: [] }, 'types'],
    ['a leeway of an hour', { clockToleranceSeconds: 3600 }, 'clockToleranceSeconds'],
    ['a negative leeway', { clockToleranceSeconds: -1 }, 'clockToleranceSeconds'],
    ['a token of a megabyte', { maxTokenBytes: 1_048_576 }, 'maxTokenBytes'],
    ['plain HTTP', { keys: { url: 'http://idp.example/jwks' } }, 'keys.url'],
    ['no URL', { keys: { url: 'jwks' } }, 'keys.url'],
    ['no file', { keys: { file: '' } }, 'keys.file'],
    ['keys that are never read again', { keys: { file: '/a', refreshSeconds: 0 } }, 'keys.refreshSeconds'],
    ['keys that never age', { keys: { file: '/a', maxAgeSeconds: 1e9 } }, 'keys.maxAgeSeconds'],
    ['inline text that is no JSON', { keys: { inline: '{' } }, 'keys.inline'],
    ['an inline value that is no key set', { keys: { inline: [] } }, 'keys.inline'],
    ['an inline set without a usable key', { keys: { inline: weak } }, 'keys.inline'],
  ] as const)('%s', ([, change, path]) => {
    expect(pathsOf({ ...idp, ...change })).toContain(`[0].${path}`)
    expect(() => createRig([{ ...idp, ...change }])).toThrow(TypeError)
  })

  test('an OIDC issuer whose users would read like workloads', () => {
    expect(pathsOf({ ...idp, issuer: 'spiffe:/' })).toEqual(['[0].issuer'])
    expect(pathsOf({ ...idp, issuer: 'SPIFFE://cluster.local/ns/shop/sa' })).toEqual(['[0].issuer'])
  })

  test('a cluster without a trust domain, or with the audience of its API server', () => {
    expect(pathsOf({ ...cluster, trustDomain: '' })).toEqual(['[0].trustDomain'])
    expect(pathsOf({ ...cluster, trustDomain: 'Cluster.Local' })).toEqual(['[0].trustDomain'])
    const issuer = 'https://oidc.cloud.example/id/1'
    const audiences = [
      issuer,
      'https://kubernetes.default.svc',
      'https://kubernetes.default.svc.cluster.local',
      'https://kubernetes.default.svc.shop.example',
      'https://kubernetes.default',
      'kubernetes.default.svc',
    ]
    for (const audience of audiences)
      expect(pathsOf({ ...cluster, issuer, audiences: ['nats', audience] }), audience).toEqual(['[0].audiences'])
    expect(pathsOf({ ...cluster, issuer, audiences: ['https://kubernetes.default.svc.example/nats'] })).toEqual([])
    expect(pathsOf({ ...idp, audiences: ['https://kubernetes.default.svc'] })).toEqual([])
  })

  test('discovery of an issuer that is no https URL, or has a query', () => {
    expect(pathsOf({ ...idp, issuer: 'idp', keys: { discovery: true } })).toEqual(['[0].keys.discovery'])
    expect(pathsOf({ ...idp, issuer: 'https://idp.example/?a', keys: { discovery: true } })).toEqual([
      '[0].keys.discovery',
    ])
  })

  test('two issuers with one name, or one iss: a token could not tell them apart', () => {
    expect(pathsOf(cluster, { ...idp, name: 'cluster' })).toEqual(['[1].name'])
    const twin = issuerProblems([cluster, { ...cluster, name: 'twin' }])
    expect(twin).toMatchObject([{ path: '[1].issuer', hint: expect.stringContaining('--service-account-issuer') }])
  })
})

test('all problems of all issuers are told at once', () => {
  expect(pathsOf({ ...idp, audiences: [], algorithms: ['none'] }, { ...cluster, trustDomain: '*' })).toEqual([
    '[0].audiences',
    '[0].algorithms',
    '[1].trustDomain',
  ])
})

test('inline keys may be JSON text', () => {
  expect(issuerProblems([{ ...idp, keys: { inline: JSON.stringify(keySetOf(makeKey())) } }])).toEqual([])
})
