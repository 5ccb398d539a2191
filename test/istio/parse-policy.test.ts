/** What Istio's validation (release-1.31) says of a document, and what it cannot even decode. */
import { describe, expect, test } from 'vitest'
import { parseAuthorizationPolicy, readAuthorizationPolicy, type PolicyMistake } from '../../src/istio/index.ts'
import { spellPath } from '../../src/lib/spell.ts'
import type { Json, JsonObject } from '../../src/lib/json.ts'
import { document, fromSource, toOperation, when } from './ask.ts'

function errors(spec: Json, metadata?: JsonObject): string[] {
  const { policy, mistakes } = parseAuthorizationPolicy(document(spec, metadata))
  const found = mistakes.filter(({ severity }) => severity === 'error')
  expect(policy === undefined).toBe(found.length > 0)
  return found.map(({ code, path }) => `${code} at ${spellPath(path)}`)
}

const warnings = (spec: Json) =>
  parseAuthorizationPolicy(document(spec))
    .mistakes.filter(({ severity }) => severity === 'warning')
    .map(({ code }) => code)

const rules = (...list: JsonObject[]): JsonObject => ({ rules: list })

describe('a valid policy', () => {
  test.for<[string, Json]>([
    ['without spec', null],
    ['with an empty spec', {}],
    ['with null rules', { rules: null }],
    ['with no rules in the list', { rules: [] }],
    ['with an empty rule', rules({})],
    [
      'with every source field',
      rules(
        fromSource({
          principals: ['a'],
          requestPrincipals: ['a'],
          namespaces: ['a'],
          ipBlocks: ['1.2.3.4'],
          remoteIpBlocks: ['10.0.0.0/8'],
          trustDomains: ['a*'],
          notPrincipals: ['a'],
          notRequestPrincipals: ['a'],
          notNamespaces: ['a'],
          notIpBlocks: ['::1'],
          notRemoteIpBlocks: ['::/0'],
          notTrustDomains: ['*a'],
        }),
      ),
    ],
    ['with serviceAccounts', rules(fromSource({ serviceAccounts: ['a/b', 'c'], notServiceAccounts: ['d/e.f'] }))],
    [
      'with every operation field',
      rules(
        toOperation({
          hosts: ['a'],
          ports: ['0', '65535', '08080'],
          methods: ['X'],
          paths: ['/a/{*}/{**}'],
          notHosts: ['b'],
          notPorts: ['1'],
          notMethods: ['Y'],
          notPaths: ['/a b'],
        }),
      ),
    ],
    ['with empty lists beside others', rules(fromSource({ principals: ['a'], namespaces: [] }))],
    [
      'with null fields',
      rules({ from: null, to: null, when: null }, fromSource({ principals: ['a'], namespaces: null })),
    ],
    [
      'with stars in all places',
      rules(fromSource({ principals: ['*a*b*'], namespaces: ['*a*'] }), toOperation({ paths: ['/a/*/b'] })),
    ],
    [
      'with CUSTOM and its provider',
      {
        action: 'CUSTOM',
        provider: { name: 'opa' },
        rules: [toOperation({ paths: ['/x'] }), fromSource({ ipBlocks: ['1.2.3.4'] })],
      },
    ],
    ['with AUDIT and no rules', { action: 'AUDIT' }],
    ['with DENY and an empty rule', { action: 'DENY', rules: [{}] }],
    [
      'with targetRefs',
      {
        targetRefs: [
          { kind: 'Service', name: 'a' },
          { kind: 'Service', group: 'core', name: 'a' },
          { kind: 'ServiceEntry', group: 'networking.istio.io', name: 'a' },
          { kind: 'Gateway', group: 'gateway.networking.k8s.io', name: 'a' },
          { kind: 'GatewayClass', group: 'gateway.networking.k8s.io', name: 'a', namespace: '' },
        ],
      },
    ],
    ['with the older targetRef', { targetRef: { kind: 'Service', group: '', name: 'a' } }],
    ['with a label without value', { selector: { matchLabels: { app: '' } } }],
  ])('%s', ([, spec]) => {
    expect(errors(spec)).toEqual([])
  })

  test.for(['source.ip', 'remote.ip', 'destination.ip'])('has addresses for %s', (key) => {
    expect(errors(rules(when(key, ['1.2.3.4', '::1'], ['10.0.0.0/8'])))).toEqual([])
  })

  test.for([
    'source.namespace',
    'source.serviceAccount',
    'source.principal',
    'source.trustDomain',
    'request.auth.principal',
    'request.auth.audiences',
    'request.auth.presenter',
    'connection.sni',
    'request.headers[x-a]',
    'request.auth.claims[a]',
    'request.auth.claims[a][b]',
    'request.auth.claims[a.b/c]',
    'experimental.envoy.filters.network.mysql_proxy[a.b]',
  ])('may ask for %s', (key) => {
    expect(errors(rules(when(key, ['a'])))).toEqual([])
    expect(errors(rules(when(key, [], ['a'])))).toEqual([])
  })

  test('is read from a live export, of either version', () => {
    const metadata = {
      uid: 'x',
      resourceVersion: '1',
      managedFields: [{ fieldsV1: { 'f:spec': { '.': {} } } }],
      creationTimestamp: null,
    }
    for (const apiVersion of ['security.istio.io/v1', 'security.istio.io/v1beta1']) {
      const { policy } = parseAuthorizationPolicy({ ...document({}, metadata), apiVersion, status: {} })
      expect(policy).toEqual({
        namespace: 'shop',
        name: 'p',
        action: 'ALLOW',
        dryRun: false,
        target: { is: 'namespace' },
        rules: [],
      })
    }
  })

  test('lives in the namespace default when it names none', () => {
    expect(parseAuthorizationPolicy({ metadata: { name: 'p' }, spec: {} }).policy?.namespace).toBe('default')
  })
})

describe('Istio refuses', () => {
  const source = 'spec.rules[0].from[0].source'
  const operation = 'spec.rules[0].to[0].operation'
  test.for<[string, Json, string[]]>([
    ['DENY without rules', { action: 'DENY' }, ['rules-missing at spec']],
    ['DENY with no rules in the list', { action: 'DENY', rules: [] }, ['rules-missing at spec']],
    ['CUSTOM without rules', { action: 'CUSTOM', provider: { name: 'a' } }, ['rules-missing at spec']],
    ['CUSTOM without provider', { action: 'CUSTOM', rules: [{}] }, ['missing-field at spec.provider']],
    [
      'CUSTOM with a nameless provider',
      { action: 'CUSTOM', provider: { name: '' }, rules: [{}] },
      ['missing-field at spec.provider'],
    ],
    ['a provider without CUSTOM', { provider: { name: 'a' }, rules: [{}] }, ['provider-not-allowed at spec.provider']],
    ['a source without fields', rules(fromSource({})), [`entry-empty at ${source}`]],
    ['a from without source', rules({ from: [{}] }), [`entry-empty at ${source}`]],
    ['an operation without fields', rules(toOperation({})), [`entry-empty at ${operation}`]],
    ['a to without operation', rules({ to: [{ operation: null }] }), [`entry-empty at ${operation}`]],
    ['a source of empty lists', rules(fromSource({ principals: [] })), [`entry-empty at ${source}`]],
    [
      'serviceAccounts beside namespaces',
      rules(fromSource({ serviceAccounts: ['a/b'], namespaces: ['a'] })),
      [`fields-exclude at ${source}`],
    ],
    [
      'notServiceAccounts beside notPrincipals',
      rules(fromSource({ notServiceAccounts: ['a/b'], notPrincipals: ['a'] })),
      [`fields-exclude at ${source}`],
    ],
    [
      'a ServiceAccount with a star',
      rules(fromSource({ serviceAccounts: ['a/*'] })),
      [`service-account-invalid at ${source}.serviceAccounts[0]`],
    ],
    [
      'a ServiceAccount of three parts',
      rules(fromSource({ serviceAccounts: ['a/b/c'] })),
      [`service-account-invalid at ${source}.serviceAccounts[0]`],
    ],
    [
      'a ServiceAccount without namespace',
      rules(fromSource({ notServiceAccounts: ['/b'] })),
      [`service-account-invalid at ${source}.notServiceAccounts[0]`],
    ],
    [
      'a ServiceAccount without name',
      rules(fromSource({ serviceAccounts: ['a/'] })),
      [`service-account-invalid at ${source}.serviceAccounts[0]`],
    ],
    [
      'a long ServiceAccount',
      rules(fromSource({ serviceAccounts: ['a'.repeat(321)] })),
      [`service-account-invalid at ${source}.serviceAccounts[0]`],
    ],
    [
      '17 serviceAccounts',
      rules(fromSource({ serviceAccounts: Array.from({ length: 17 }, () => 'a') })),
      [`too-many at ${source}.serviceAccounts`],
    ],
    [
      'a trust domain with a slash',
      rules(fromSource({ trustDomains: ['a/b'] })),
      [`trust-domain-invalid at ${source}.trustDomains[0]`],
    ],
    [
      'a trust domain with two stars',
      rules(fromSource({ trustDomains: ['*a*'] })),
      [`wildcard-invalid at ${source}.trustDomains[0]`],
    ],
    [
      'a trust domain with a star inside',
      rules(fromSource({ notTrustDomains: ['a*b'] })),
      [`wildcard-invalid at ${source}.notTrustDomains[0]`],
    ],
    ['a bad address', rules(fromSource({ ipBlocks: ['1.2.3.4.5'] })), [`ip-invalid at ${source}.ipBlocks[0]`]],
    [
      'a bad block',
      rules(fromSource({ notRemoteIpBlocks: ['10.0.0.0/33'] })),
      [`ip-invalid at ${source}.notRemoteIpBlocks[0]`],
    ],
    ['a bad port', rules(toOperation({ ports: ['80', 'http'] })), [`port-invalid at ${operation}.ports[1]`]],
    ['a large port', rules(toOperation({ notPorts: ['65536'] })), [`port-invalid at ${operation}.notPorts[0]`]],
    ['a signed port', rules(toOperation({ ports: ['+80'] })), [`port-invalid at ${operation}.ports[0]`]],
    ['a named path variable', rules(toOperation({ paths: ['/a/{id}'] })), [`path-invalid at ${operation}.paths[0]`]],
    [
      'a template with more behind {**}',
      rules(toOperation({ notPaths: ['/{**}/{*}'] })),
      [`path-template-invalid at ${operation}.notPaths[0]`],
    ],
    [
      'a template that Envoy would refuse',
      rules(toOperation({ paths: ['{*}/x'] })),
      [`path-template-invalid at ${operation}.paths[0]`],
    ],
    ['a condition without key', rules({ when: [{ values: ['a'] }] }), ['missing-field at spec.rules[0].when[0].key']],
    ['a condition with an empty key', rules(when('', ['a'])), ['missing-field at spec.rules[0].when[0].key']],
    ['a condition without values', rules({ when: [{ key: 'source.ip' }] }), ['missing-field at spec.rules[0].when[0]']],
    [
      'a condition with an empty value',
      rules(when('source.principal', [''])),
      ['empty-text at spec.rules[0].when[0].values[0]'],
    ],
    [
      'a condition with an empty notValue',
      rules(when('request.headers[x]', [], [''])),
      ['empty-text at spec.rules[0].when[0].notValues[0]'],
    ],
    [
      'a condition with a bad address',
      rules(when('source.ip', ['a'])),
      ['ip-invalid at spec.rules[0].when[0].values[0]'],
    ],
    [
      'a condition with a bad port',
      rules(when('destination.port', [], ['a'])),
      ['port-invalid at spec.rules[0].when[0].notValues[0]'],
    ],
    ['an unknown condition', rules(when('source.workload', ['a'])), ['condition-unknown at spec.rules[0].when[0].key']],
    [
      'a condition of v1alpha1',
      rules(when('destination.labels[app]', ['a'])),
      ['condition-unknown at spec.rules[0].when[0].key'],
    ],
    [
      'a header condition without name',
      rules(when('request.headers[]', ['a'])),
      ['condition-invalid at spec.rules[0].when[0].key'],
    ],
    [
      'a claim condition without brackets',
      rules(when('request.auth.claims', ['a'])),
      ['condition-invalid at spec.rules[0].when[0].key'],
    ],
    [
      'a wildcard in a label',
      { selector: { matchLabels: { app: 'a*' } } },
      ['label-invalid at spec.selector.matchLabels.app'],
    ],
    [
      'a wildcard in the key of a label',
      { selector: { matchLabels: { 'a*': 'x' } } },
      ['label-invalid at spec.selector.matchLabels["a*"]'],
    ],
    ['an empty label', { selector: { matchLabels: { '': 'x' } } }, ['label-invalid at spec.selector.matchLabels[""]']],
    [
      'selector beside targetRefs',
      { selector: {}, targetRefs: [{ kind: 'Service', name: 'a' }] },
      ['fields-exclude at spec.selector'],
    ],
    [
      'selector beside targetRef',
      { selector: { matchLabels: { a: 'b' } }, targetRef: { kind: 'Service', name: 'a' } },
      ['fields-exclude at spec.selector'],
    ],
    [
      'targetRef beside targetRefs',
      { targetRef: { kind: 'Service', name: 'a' }, targetRefs: [{ kind: 'Service', name: 'a' }] },
      ['fields-exclude at spec.targetRef'],
    ],
    ['a target without name', { targetRefs: [{ kind: 'Service' }] }, ['missing-field at spec.targetRefs[0].name']],
    [
      'a target elsewhere',
      { targetRefs: [{ kind: 'Service', name: 'a', namespace: 'b' }] },
      ['namespace-not-allowed at spec.targetRefs[0].namespace'],
    ],
    [
      'a target of another kind',
      { targetRefs: [{ kind: 'Pod', name: 'a' }] },
      ['target-unknown at spec.targetRefs[0]'],
    ],
    [
      'a target of another group',
      { targetRefs: [{ kind: 'Gateway', group: 'networking.istio.io', name: 'a' }] },
      ['target-unknown at spec.targetRefs[0]'],
    ],
    [
      '17 targets',
      { targetRefs: Array.from({ length: 17 }, () => ({ kind: 'Service', name: 'a' })) },
      ['too-many at spec.targetRefs'],
    ],
    ['513 rules', { rules: Array.from({ length: 513 }, () => ({})) }, ['too-many at spec.rules']],
  ])('%s', ([, spec, expected]) => {
    expect(errors(spec)).toEqual(expected)
  })

  test.for([
    'principals',
    'requestPrincipals',
    'namespaces',
    'trustDomains',
    'serviceAccounts',
    'notPrincipals',
    'notNamespaces',
    'notRequestPrincipals',
  ])('an empty text in %s', (field) => {
    expect(errors(rules(fromSource({ [field]: ['a', ''] })))).toEqual([`empty-text at ${source}.${field}[1]`])
  })

  test.for(['hosts', 'methods', 'paths', 'notHosts', 'notMethods', 'notPaths'])('an empty text in %s', (field) => {
    expect(errors(rules(toOperation({ [field]: [''] })))).toEqual([`empty-text at ${operation}.${field}[0]`])
  })

  test.for([
    'principals',
    'notPrincipals',
    'namespaces',
    'notNamespaces',
    'serviceAccounts',
    'trustDomains',
    'requestPrincipals',
    'notRequestPrincipals',
  ])('%s under CUSTOM', (field) => {
    const spec = { action: 'CUSTOM', provider: { name: 'a' }, rules: [fromSource({ [field]: ['a'] })] }
    expect(errors(spec)).toEqual([`custom-unsupported at ${source}.${field}`])
  })

  test.for([
    'source.namespace',
    'source.serviceAccount',
    'source.trustDomain',
    'source.principal',
    'request.auth.principal',
    'request.auth.claims[a]',
  ])('the condition %s under CUSTOM', (key) => {
    expect(errors({ action: 'CUSTOM', provider: { name: 'a' }, rules: [when(key, ['a'])] })).toEqual([
      'custom-unsupported at spec.rules[0].when[0].key',
    ])
  })

  test('dry-run with another value, and of other actions', () => {
    const annotated = (value: string) => ({ annotations: { 'istio.io/dry-run': value } })
    const place = 'metadata.annotations["istio.io/dry-run"]'
    expect(errors({ rules: [{}] }, annotated('true'))).toEqual([])
    expect(errors({ action: 'DENY', rules: [{}] }, annotated('0'))).toEqual([])
    expect(errors({}, annotated('yes'))).toEqual([`dry-run-invalid at ${place}`])
    expect(errors({ action: 'AUDIT' }, annotated('true'))).toEqual([`dry-run-invalid at ${place}`])
    expect(errors({ action: 'CUSTOM', provider: { name: 'a' }, rules: [{}] }, annotated('true'))).toEqual([
      `dry-run-invalid at ${place}`,
    ])
  })
})

test('an empty from or to is refused, although Istio reads it as anybody', () => {
  for (const field of ['from', 'to']) {
    expect(errors(rules({ [field]: [] }))).toEqual([`empty-list at spec.rules[0].${field}`])
    expect(readAuthorizationPolicy(document(rules({ [field]: [] }))).policy?.rules).toEqual([{}])
  }
})

describe('what cannot be decoded', () => {
  test.for<[Json, string]>([
    [{ rules: {} }, 'wrong-type at spec.rules'],
    [{ rules: [null] }, 'wrong-type at spec.rules[0]'],
    [{ rules: ['x'] }, 'wrong-type at spec.rules[0]'],
    [{ action: 'Deny' }, 'invalid-value at spec.action'],
    [{ action: 1 }, 'invalid-value at spec.action'],
    [rules({ from: [null] }), 'wrong-type at spec.rules[0].from[0]'],
    [rules({ from: {} }), 'wrong-type at spec.rules[0].from'],
    [rules({ when: [null] }), 'wrong-type at spec.rules[0].when[0]'],
    [rules(fromSource({ namespaces: 'shop' })), 'wrong-type at spec.rules[0].from[0].source.namespaces'],
    [rules(toOperation({ ports: [8080] })), 'wrong-type at spec.rules[0].to[0].operation.ports[0]'],
    [rules(toOperation({ methods: [null] })), 'wrong-type at spec.rules[0].to[0].operation.methods[0]'],
    [{ selector: { matchLabels: { version: 1 } } }, 'wrong-type at spec.selector.matchLabels.version'],
    [{ selector: [] }, 'wrong-type at spec.selector'],
    ['x', 'wrong-type at spec'],
    [{ when: [] }, 'unknown-field at spec.when'],
    [{ selector: { matchlabels: {} } }, 'unknown-field at spec.selector.matchlabels'],
    [rules(fromSource({ hosts: ['a'] })), 'unknown-field at spec.rules[0].from[0].source.hosts'],
    [rules({ source: {} }), 'unknown-field at spec.rules[0].source'],
    [rules({ when: [{ key: 'source.ip', value: ['1.2.3.4'] }] }), 'unknown-field at spec.rules[0].when[0].value'],
  ])('%j', ([spec, expected]) => {
    expect(errors(spec)).toContain(expected)
    expect(readAuthorizationPolicy(document(spec)).policy).toBeUndefined()
  })

  test.for<Json>([
    null,
    [],
    'x',
    1,
    {},
    { metadata: {} },
    { metadata: { name: 1 } },
    { apiVersion: 'v1', metadata: { name: 'a' } },
    { kind: 'Pod', metadata: { name: 'a' } },
  ])('the document %j', (value) => {
    expect(parseAuthorizationPolicy(value).policy).toBeUndefined()
  })
})

describe('a mistake', () => {
  const first = (spec: Json): PolicyMistake | undefined => parseAuthorizationPolicy(document(spec)).mistakes[0]

  test('says what was read, what was expected, and the next step', () => {
    expect(first({ action: 'Deny', rules: [{}] })).toMatchObject({
      message: 'spec.action is "Deny", expected ALLOW, DENY, AUDIT or CUSTOM',
      hint: 'did you mean "DENY"?',
    })
    expect(first(rules(fromSource({ hosts: ['a'], principals: ['b'] })))).toMatchObject({
      hint: 'hosts belongs in rules[].to[].operation',
      atKey: true,
    })
    expect(first(rules(fromSource({ ip_blocks: ['a'] })))).toMatchObject({ hint: 'did you mean "ipBlocks"?' })
    expect(first({ when: [] })).toMatchObject({ hint: 'when belongs in rules[]' })
    expect(first(rules(toOperation({ ports: [80] })))).toMatchObject({ hint: 'put it in quotes: "80"' })
    expect(first(rules(when('source.workload', ['a'])))?.hint).toMatch(/serviceAccount/)
    expect(first(rules(when('source.namespaces', ['a'])))?.hint).toBe('did you mean "source.namespace"?')
  })

  test('is told once for each place, and no more than fifty', () => {
    expect(first({ rules: {}, action: 'DENY' })?.code).toBe('wrong-type')
    expect(parseAuthorizationPolicy(document({ rules: {}, action: 'DENY' })).mistakes).toHaveLength(1)
    const many = Array.from({ length: 400 }, () => toOperation({ ports: ['x'] }))
    expect(parseAuthorizationPolicy(document({ rules: many })).mistakes).toHaveLength(50)
  })
})

describe('a DENY rule with only HTTP attributes', () => {
  test.for<[JsonObject, boolean]>([
    [toOperation({ methods: ['GET'] }), true],
    [fromSource({ requestPrincipals: ['*'] }), true],
    [fromSource({ trustDomains: ['a'] }), true],
    [{ ...fromSource({ namespaces: ['a'] }), ...toOperation({ paths: ['/a'] }) }, true],
    [toOperation({ ports: ['80'], paths: ['/a'] }), false],
    [toOperation({ notPorts: ['80'] }), false],
    [fromSource({ ipBlocks: ['1.2.3.4'] }), false],
    [fromSource({ serviceAccounts: ['a'] }), false],
    [when('request.headers[x]', ['a']), false],
    [{}, false],
  ])('%j: warned of %s', ([rule, expected]) => {
    expect(warnings({ action: 'DENY', rules: [rule] }).includes('denies-tcp')).toBe(expected)
    expect(warnings({ rules: [rule] })).toEqual([])
  })
})

test('an empty selector is warned of', () => {
  expect(warnings({ selector: {} })).toEqual(['selector-empty'])
  expect(warnings({ selector: { matchLabels: {} } })).toEqual(['selector-empty'])
  expect(warnings({})).toEqual([])
})

test('a key that Istio takes and cannot compile is warned of', () => {
  expect(warnings(rules(when('request.headersX[a]', ['b'])))).toEqual(['condition-unreadable'])
})

test('unknown conditions can be kept', () => {
  const { policy, mistakes } = parseAuthorizationPolicy(document(rules(when('x', ['a']))), {
    unknownConditions: 'keep',
  })
  expect(policy?.rules).toHaveLength(1)
  expect(mistakes).toMatchObject([{ severity: 'warning', code: 'condition-unknown' }])
})

test('an object where a list is due is told of the dash, an empty text of the star', () => {
  const hints = (spec: Json) => parseAuthorizationPolicy(document(spec)).mistakes.map(({ hint }) => hint)
  expect(hints({ rules: { from: [] } })).toEqual(['begin each item of the list with "- "'])
  expect(hints(rules(when('request.auth.principal', [], [''])))).toEqual([
    'an absent attribute is not "" either: any value is "*", and none is "*" where the field begins with not',
  ])
})
