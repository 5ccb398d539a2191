import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { parseConfig, pathResolver, type Config } from '../../src/config/index.ts'
import { createSigningKey } from '../../src/nkey/index.ts'
import { CONFIG_MODE, spell } from './support.ts'

const at = pathResolver('/etc/nib')

function parse(text: string): Config {
  const result = parseConfig({ file: 'bridge.yaml', text }, at)
  if (!result.ok) throw new Error(spell(result.error))
  return result.value.config
}

function mistakes(text: string): string {
  const result = parseConfig({ file: 'bridge.yaml', text }, at)
  return result.ok ? '' : spell(result.error)
}

/** The sound document with one part exchanged. */
function bent(from: string, to: string): string {
  expect(CONFIG_MODE).toContain(from)
  return CONFIG_MODE.replace(from, to)
}

describe('a sound configuration', () => {
  test('of config mode has absolute paths, numbers for durations, and every default', () => {
    expect(parse(CONFIG_MODE)).toEqual({
      nats: {
        servers: ['nats://nats.nats.svc:4222'],
        connections: 16,
        queueGroup: 'nib',
        credentials: { user: 'bridge', passwordFile: '/etc/nib/secrets/password' },
      },
      callout: {
        mode: 'config',
        account: 'AUTH',
        deadlineMs: 10_000,
        maxPending: 32_768,
        clientTypes: ['nats', 'websocket'],
      },
      keys: { mode: 'config', issuer: [{ seedFile: '/etc/nib/secrets/issuer.nk' }], xkey: [] },
      accounts: ['SHOP'],
      forbiddenAccounts: ['SYS', 'AUTH'],
      trustDomains: { local: 'cluster.local', aliases: [] },
      issuers: [
        {
          kind: 'kubernetes',
          name: 'cluster',
          issuer: 'https://kubernetes.default.svc',
          audiences: ['nats'],
          trustDomain: 'cluster.local',
          keys: { discovery: true },
        },
      ],
      policy: { folders: ['/etc/nib/policy'], rootNamespace: 'istio-system' },
      sessions: { ttlSeconds: 3600, minimumSeconds: 30, jitter: 0.1 },
      admin: { host: '127.0.0.1', port: 9222 },
      questions: {},
      log: { level: 'info' },
      audit: { stdout: true },
    } satisfies Config)
  })

  test('of operator mode names accounts, their keys and their JWTs', () => {
    const [auth, shop] = [createSigningKey('A').publicKey, createSigningKey('A').publicKey]
    const config = parse(
      CONFIG_MODE.replace(
        /callout:[\s\S]*identity:/,
        `callout:
  mode: operator
  account: ${auth}
  accountJwtFile: auth.jwt
  response: [{ seedFile: auth.nk }]
  xkey: [{ seedFile: /keys/x.nk }]
accounts:
  - { name: SHOP, publicKey: ${shop}, jwtFile: shop.jwt, signingKeys: [{ seedFile: one.nk }, { seedFile: two.nk }] }
identity:`,
      ),
    )
    expect(config.callout.mode).toBe('operator')
    expect([config.accounts, config.forbiddenAccounts]).toEqual([['SHOP'], ['SYS', auth]])
    expect(config.keys).toEqual({
      mode: 'operator',
      callout: { publicKey: auth, jwtFile: '/etc/nib/auth.jwt' },
      response: [{ seedFile: '/etc/nib/auth.nk' }],
      xkey: [{ seedFile: '/keys/x.nk' }],
      accounts: [
        {
          name: 'SHOP',
          publicKey: shop,
          jwtFile: '/etc/nib/shop.jwt',
          signingKeys: [{ seedFile: '/etc/nib/one.nk' }, { seedFile: '/etc/nib/two.nk' }],
        },
      ],
    })
  })

  test('may take its policy from a cluster, beside folders or alone', () => {
    const policyOf = (lines: string): Config['policy'] => parse(bent('  folders: [policy]\n', lines)).policy
    const rootNamespace = 'istio-system'
    expect(policyOf('  kubernetes: {}\n')).toEqual({ folders: [], rootNamespace, kubernetes: { status: true } })
    const kubernetes = '{ kubeconfigFile: kubeconfig, context: production, status: false }'
    expect(policyOf(`  folders: [policy]\n  kubernetes: ${kubernetes}\n`)).toEqual({
      folders: ['/etc/nib/policy'],
      rootNamespace,
      kubernetes: { kubeconfigFile: '/etc/nib/kubeconfig', context: 'production', status: false },
    })
  })

  test('may say everything', () => {
    const config = parse(`apiVersion: nats-identity-bridge.dev/v1alpha1
kind: BridgeConfig
nats:
  servers: [tls://a:4222, 'tls://[::1]:4222']
  connections: 4
  queueGroup: bridge
  credentials: { credsFile: bridge.creds }
  tls: { caFile: ca.pem, certFile: tls.crt, keyFile: tls.key, handshakeFirst: true }
callout:
  mode: config
  account: AUTH
  systemAccount: SYSTEM
  issuer: [{ seedFile: a.nk }, { seedFile: b.nk }]
  deadline: 1s500ms
  maxPending: 100
  clients: { types: [mqtt, leafnode] }
accounts: [{ name: SHOP }, { name: BILLING }]
identity:
  trustDomain: shop.example
  trustDomainAliases: [cluster.local]
  issuers:
    - name: other
      kind: kubernetes
      issuer: https://kubernetes.default.svc
      audiences: [nats, nats-bridge]
      trustDomain: other.example
      clockTolerance: 1m
      keys: { url: 'https://api:6443/openid/v1/jwks', caFile: ca.crt, bearerTokenFile: token, refresh: 10m, maxAge: 12h }
    - name: idp
      kind: oidc
      issuer: urn:idp
      audiences: [nats]
      algorithms: [EdDSA]
      types: [at+jwt]
      requiredClaims: [sid]
      maxTokenBytes: 16384
      groupsClaim: realm_access.roles
      keys: { file: jwks.json, refresh: 5s }
    - { name: inline, kind: oidc, issuer: 'https://c', audiences: [nats], keys: { inline: { keys: [{ kty: OKP }] } } }
policy: { folders: [policy, /etc/shared/policy] }
sessions: { ttl: 10m, minimumTtl: 5s, jitter: 0% }
admin:
  listen: '[::]:9223'
  tls: { certFile: admin.crt, keyFile: admin.key, clientCaFile: /roots/ca.crt }
  auditors: [{ serviceAccount: ops/auditor }, { group: sre, issuer: 'https://c' }]
questions:
  nats:
    servers: [tls://a:4222]
    credentials: { credsFile: questions.creds }
    tls: { caFile: ca.pem }
    subjectPrefix: ops.questions
  topologyFile: topology.json
log: { level: debug }
audit: { stdout: false }
`)
    expect(config).toMatchObject({
      nats: {
        servers: ['tls://a:4222', 'tls://[::1]:4222'],
        connections: 4,
        queueGroup: 'bridge',
        credentials: { credsFile: '/etc/nib/bridge.creds' },
        tls: {
          caFile: '/etc/nib/ca.pem',
          certFile: '/etc/nib/tls.crt',
          keyFile: '/etc/nib/tls.key',
          handshakeFirst: true,
        },
      },
      callout: {
        mode: 'config',
        account: 'AUTH',
        deadlineMs: 1500,
        maxPending: 100,
        clientTypes: ['mqtt', 'leafnode'],
      },
      forbiddenAccounts: ['SYSTEM', 'AUTH'],
      trustDomains: { local: 'shop.example', aliases: ['cluster.local'] },
      policy: { folders: ['/etc/nib/policy', '/etc/shared/policy'], rootNamespace: 'istio-system' },
      sessions: { ttlSeconds: 600, minimumSeconds: 5, jitter: 0 },
      admin: {
        host: '::',
        port: 9223,
        tls: { certFile: '/etc/nib/admin.crt', keyFile: '/etc/nib/admin.key', clientCaFile: '/roots/ca.crt' },
        auditors: [{ serviceAccount: { namespace: 'ops', name: 'auditor' } }, { group: 'sre', issuer: 'https://c' }],
      },
      questions: {
        nats: {
          servers: ['tls://a:4222'],
          credentials: { credsFile: '/etc/nib/questions.creds' },
          tls: { caFile: '/etc/nib/ca.pem' },
          subjectPrefix: 'ops.questions',
        },
        topologyFile: '/etc/nib/topology.json',
      },
      log: { level: 'debug' },
      audit: { stdout: false },
    })
    expect(config.issuers).toEqual([
      {
        name: 'other',
        kind: 'kubernetes',
        issuer: 'https://kubernetes.default.svc',
        audiences: ['nats', 'nats-bridge'],
        trustDomain: 'other.example',
        clockToleranceSeconds: 60,
        keys: {
          url: 'https://api:6443/openid/v1/jwks',
          caFile: '/etc/nib/ca.crt',
          bearerTokenFile: '/etc/nib/token',
          refreshSeconds: 600,
          maxAgeSeconds: 43_200,
        },
      },
      {
        name: 'idp',
        kind: 'oidc',
        issuer: 'urn:idp',
        audiences: ['nats'],
        algorithms: ['EdDSA'],
        types: ['at+jwt'],
        requiredClaims: ['sid'],
        maxTokenBytes: 16_384,
        groupsClaim: 'realm_access.roles',
        keys: { file: '/etc/nib/jwks.json', refreshSeconds: 5 },
      },
      {
        name: 'inline',
        kind: 'oidc',
        issuer: 'https://c',
        audiences: ['nats'],
        keys: { inline: { keys: [{ kty: 'OKP' }] } },
      },
    ])
  })
})

function withField(field: string, value: string): string {
  if (field.startsWith('callout')) return bent('account: AUTH', `account: AUTH\n  deadline: ${value}`)
  if (field.startsWith('sessions')) return `${CONFIG_MODE}${field}: ${value} }\n`
  if (field === 'clockTolerance') return bent('[nats]', `[nats]\n      clockTolerance: ${value}`)
  return bent('discovery: true', `discovery: true\n        ${field}: ${value}`)
}

/** Each alone in an otherwise sound document: it is found, where it stands, and nothing is blamed for it besides. */
describe('a single mistake', () => {
  test.for<[string, string, string, string]>([
    ['a misspelt field', 'discovery: true', 'discovery: true\n        cafile: x', '23:9 error unknown-field'],
    ['an http server', 'nats://nats.nats.svc', 'http://nats.nats.svc', '4:13 error server-url-invalid'],
    ['a server without a protocol', 'nats://nats.nats.svc', 'nats.nats.svc', '4:13 error server-url-invalid'],
    ['a login in the server', 'nats://nats', 'nats://u:p@nats', '4:13 error secret-in-config'],
    ['a text for a list', '[nats]', 'nats', '20:18 error wrong-type'],
    ['no audience', '[nats]', '[]', '20:18 error empty-list'],
    ['an empty audience', '[nats]', "['']", '20:19 error text-invalid'],
    ['a symmetric algorithm', '[nats]', '[nats]\n      algorithms: [HS256]', '21:20 error algorithm-refused'],
    ['no algorithm at all', '[nats]', '[nats]\n      algorithms: [none]', '21:20 error algorithm-refused'],
    ['no issuer', '    - name: cluster\n      kind', '    - kind', '17:7 error missing-field'],
    ['a plain-HTTP issuer', 'https://kub', 'http://kub', '19:15 error url-insecure'],
    ['the system account among the accounts', '- name: SHOP', '- name: SYS', '14:11 error account-forbidden'],
    ['the global account', '- name: SHOP', '- name: $G', '14:11 error account-forbidden'],
    ['the callout account', '- name: SHOP', '- name: AUTH', '14:11 error account-forbidden'],
    ['an account twice', '- name: SHOP', '- name: SHOP\n  - name: SHOP', '15:11 error duplicate-value'],
    ['an account as text', '- name: SHOP', '- SHOP', '14:5 error wrong-type'],
    ['a field of the other mode', 'account: AUTH', 'account: AUTH\n  response: []', '11:3 error other-mode'],
    ['another mode', 'mode: config', 'mode: server', '9:9 error invalid-value'],
    ['two ways to log in', 'user: bridge', 'user: bridge\n    credsFile: x', '6:5 error ambiguous'],
    ['a user without password', '    passwordFile: secrets/password\n', '', '6:5 error missing-field'],
    ['two sources of keys', 'discovery: true', 'discovery: true\n        file: x', '22:9 error ambiguous'],
    ['a substitution', 'secrets/issuer.nk', '${KEYS}/issuer.nk', '12:17 error no-substitution'],
    ['a substitution by Kubernetes', 'secrets/issuer.nk', '$(KEYS)/issuer.nk', '12:17 error no-substitution'],
    ['a substitution without braces', '[nats]', '[$NATS_AUDIENCE]', '20:19 error no-substitution'],
    ['the audience of the API server', '[nats]', '[https://kubernetes.default.svc]', '20:19 error audience-refused'],
    ['a line end of old Macs', 'mode: config', 'mode: config # one\r  # two', '9:21 error yaml-syntax'],
    ['a NUL', 'mode: config', 'mode: config # \0', '9:18 error yaml-syntax'],
    ['a seed for a path', 'secrets/issuer.nk', createSigningKey('A').seed, '12:17 error secret-in-config'],
    ['a number for a text', 'user: bridge', 'user: 17', '6:11 error wrong-type'],
    ['a key twice', 'kind: BridgeConfig', 'kind: BridgeConfig\nkind: BridgeConfig', '3:1 error duplicate-key'],
    ['another kind', 'kind: BridgeConfig', 'kind: SubjectPolicy', '2:7 error invalid-value'],
  ])('%s is found where it stands', ([, from, to, expected]) => {
    const found = mistakes(bent(from, to))
    expect(found.split('\n').filter((line) => /^\d/.test(line))).toHaveLength(1)
    expect(found).toContain(expected)
  })

  test('has a next step where there is one', () => {
    expect(mistakes(bent('audiences:', 'audience:'))).toContain('hint: did you mean "audiences"?')
    expect(mistakes(bent('[nats]', 'nats'))).toContain('hint: write it as a list: ["nats"]')
    expect(mistakes(bent('- name: SHOP', '- SHOP'))).toContain('hint: write it as {name: SHOP}')
    expect(mistakes(bent('account: AUTH', 'account: AUTH\n  response: []'))).toContain('declare callout.mode: operator')
  })

  test('of a duration without its unit is told of units, not of quotes', () => {
    const told = mistakes(bent('mode: config\n', 'mode: config\n  deadline: 5\n'))
    expect(told).toContain('callout.deadline is 5, expected a duration')
    expect(told).toContain('hint: write hours, minutes and seconds with their unit: 5s, 2m, 1h30m')
    expect(told).not.toContain('quotes')
  })

  test('of a number is told how such a value is written', () => {
    expect(mistakes(`${CONFIG_MODE}\nsessions: { ttl: 3600, jitter: 0.1 }\nadmin: { listen: 9222 }\n`)).toMatch(
      /ttl is 3600, expected a duration\n +hint: write hours.*\n.*jitter is 0.1, expected a share\n +hint: write it like 10%\n.*listen is 9222, expected host:port\n +hint: write 127/,
    )
  })

  test('of YAML itself is found with its line', () => {
    expect(mistakes('nats:\n  servers: [nats://a:4222\ncallout: 1\n')).toMatch(/^3:1 error yaml-syntax/)
    expect(mistakes(`a: ${'['.repeat(5000)}`)).toMatch(/^1:\d+ error file-too-deep/)
    expect(mistakes(`a: &a [x]\nb: *a\n`)).toContain('alias-unsupported')
  })
})

/** Behind a sound document, on its 25th line. */
describe('who may ask, and where', () => {
  test.for<[string, string, readonly string[]]>([
    ['a key without its certificate', 'admin: { tls: { keyFile: x } }', ['25:10 error missing-field']],
    ['nobody in a list', 'admin: { auditors: [] }', ['25:20 error empty-list']],
    ['everybody by mistake', 'admin: { auditors: [{}] }', ['25:21 error matcher-empty']],
    ['a misspelt auditor', 'admin: { auditors: [{ serviceaccount: a/b }] }', ['25:23 error unknown-field']],
    ['a name without namespace', 'admin: { auditors: [{ serviceAccount: auditor }] }', ['service-account-invalid']],
    ['a misspelt place of questions', 'questions: { nat: {} }', ['25:14 error unknown-field']],
    [
      'several mistakes at once',
      "questions: { nats: { servers: [], credentials: { user: x }, subjectPrefix: 'a.*' } }",
      ['empty-list', 'missing-field', 'subject-prefix-invalid'],
    ],
    [
      'two ways to log in',
      'questions: { nats: { servers: [nats://a], credentials: { credsFile: x, nkeySeedFile: y } } }',
      ['ambiguous: questions.nats.credentials has credsFile and nkeySeedFile'],
    ],
    [
      'a server twice',
      'questions: { nats: { servers: [nats://a, nats://a], credentials: { credsFile: x } } }',
      ['duplicate-value'],
    ],
    ...['$SYS.x', '_INBOX.x', 'a..b', '', 'a b'].map((prefix): [string, string, string[]] => [
      `questions on ${JSON.stringify(prefix)}`,
      `questions: { nats: { servers: [nats://a], credentials: { credsFile: x }, subjectPrefix: '${prefix}' } }`,
      ['subject-prefix-invalid'],
    ]),
  ])('%s is found where it stands', ([, text, expected]) => {
    const found = mistakes(`${CONFIG_MODE}${text}\n`)
    for (const mistake of expected) expect(found).toContain(mistake)
    expect(found.split('\n').filter((line) => /^\d/.test(line))).toHaveLength(expected.length)
  })

  test('tokens in the clear beyond loopback are a warning', () => {
    const warnings = (admin: string): string => {
      const result = parseConfig({ file: 'x', text: `${CONFIG_MODE}admin: ${admin}\n` }, at)
      return spell(result.ok ? result.value.diagnostics : result.error)
    }
    const auditors = 'auditors: [{ group: sre }]'
    const open = warnings(`{ listen: '0.0.0.0:9222', ${auditors} }`)
    expect(open).toContain('25:18 warning admin-insecure: admin.auditors may ask over plain HTTP beyond loopback')
    expect(open).toContain('hint: set admin.tls')
    expect(warnings(`{ listen: '0.0.0.0:9222' }`)).toBe('')
    expect(warnings(`{ listen: '127.0.0.1:9222', ${auditors} }`)).toBe('')
    expect(warnings(`{ ${auditors} }`)).toBe('')
    expect(warnings(`{ listen: '0.0.0.0:9222', tls: { certFile: x, keyFile: y }, ${auditors} }`)).toBe('')
  })
})

describe('the bounds', () => {
  test.for<[string, string[], string[]]>([
    ['callout: { deadline', ['100ms', '1m'], ['99ms', '60001ms']],
    ['sessions: { minimumTtl: 1s, ttl', ['1s', '720h'], ['500ms', '721h']],
    ['sessions: { minimumTtl', ['1s', '1h'], ['999ms', '61m']],
    ['sessions: { jitter', ['0%', '50%'], ['51%', '5']],
    ['clockTolerance', ['1s', '300s'], ['0s', '301s']],
    ['refresh', ['1s', '24h'], ['0s', '25h']],
    ['maxAge', ['1s', '720h'], ['0s', '721h']],
  ])('of %s hold', ([field, inside, outside]) => {
    for (const value of inside) expect(mistakes(withField(field, value)), value).toBe('')
    for (const value of outside) expect(mistakes(withField(field, value)), value).not.toBe('')
  })
})

describe('whatever the document', () => {
  test('parsing answers and never throws', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        parseConfig({ file: 'x', text: stringify(value) }, at)
      }),
    )
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => void parseConfig({ file: 'x', text }, at)))
  })

  test('a part exchanged for anything else is answered and never throws', () => {
    const paths = CONFIG_MODE.split('\n').filter((line) => line.includes(': '))
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.jsonValue({ maxDepth: 2 }), (line, value) => {
        const exchanged = line.replace(/: .*/, `: ${JSON.stringify(value)}`)
        parseConfig({ file: 'x', text: CONFIG_MODE.replace(line, exchanged) }, at)
      }),
    )
  })

  test('a seed in any place is never repeated', () => {
    const { seed } = createSigningKey('A')
    for (const line of CONFIG_MODE.split('\n').filter((text) => text.includes(': '))) {
      for (const value of [seed, `[${seed}]`, `{ password: ${seed} }`, `nats://u:${seed}@h`]) {
        const found = mistakes(CONFIG_MODE.replace(line, line.replace(/: .*/, `: ${value}`)))
        expect(found, line).not.toBe('')
        expect(found, line).not.toContain(seed.slice(4, 24))
      }
    }
  })
})
