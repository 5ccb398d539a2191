/** Field by field: what a value matches. `yes` and `no` are what the request has there. */
import { describe, expect, test } from 'vitest'
import type { RequestFacts } from '../../src/istio/index.ts'
import type { JsonObject } from '../../src/lib/json.ts'
import { allows, fromSource, toOperation, when } from './ask.ts'

interface Row {
  readonly values: readonly string[]
  readonly yes?: readonly (string | undefined)[]
  readonly no?: readonly (string | undefined)[]
}

function check(
  rows: readonly Row[],
  rule: (values: readonly string[]) => JsonObject,
  ask: (text: string) => RequestFacts,
) {
  test.for(rows)('$values', ({ values, yes = [], no = [] }) => {
    const hit = (text: string | undefined) => allows(rule(values), text === undefined ? {} : ask(text))
    expect(yes.filter((text) => !hit(text))).toEqual([])
    expect(no.filter(hit)).toEqual([])
  })
}

describe('principals', () => {
  const rows: Row[] = [
    {
      values: ['td/ns/a/sa/b'],
      yes: ['spiffe://td/ns/a/sa/b'],
      no: ['spiffe://td/ns/a/sa/bc', 'td/ns/a/sa/b', undefined],
    },
    { values: ['*'], yes: ['spiffe://td/ns/a/sa/b', 'td', 'https://x'], no: [undefined, ''] },
    {
      values: ['td/ns/a/*'],
      yes: ['spiffe://td/ns/a/sa/b', 'spiffe://td/ns/a/'],
      no: ['spiffe://td/ns/a', 'td/ns/a/sa/b'],
    },
    {
      values: ['*/sa/b'],
      yes: ['spiffe://td/ns/a/sa/b', 'spiffe:///sa/b'],
      no: ['x://td/ns/a/sa/b', 'spiffe://td/sa/bb'],
    },
    { values: ['*mid*'], yes: ['spiffe://td/xmid*'], no: ['spiffe://td/mid', 'spiffe://td/midx'] },
    { values: ['td/ns/*/sa/b'], yes: ['spiffe://td/ns/*/sa/b'], no: ['spiffe://td/ns/a/sa/b'] },
    { values: ['spiffe://td/ns/a/sa/b'], no: ['spiffe://td/ns/a/sa/b'] },
    { values: ['a', 'td/x'], yes: ['spiffe://a', 'spiffe://td/x'], no: ['spiffe://b'] },
    { values: ['TD/ns/a/sa/b'], no: ['spiffe://td/ns/a/sa/b'] },
  ]
  check(
    rows,
    (principals) => fromSource({ principals }),
    (principal) => ({ principal }),
  )
  check(
    rows,
    (values) => when('source.principal', values),
    (principal) => ({ principal }),
  )
})

describe('namespaces', () => {
  const rows: Row[] = [
    {
      values: ['a'],
      yes: ['spiffe://td/ns/a/sa/b', 'spiffe://td/x/ns/a/sa/b', 'spiffe://td/ns/z/sa/ns/a/q'],
      no: ['spiffe://td/ns/a', 'spiffe://td/ns/ab/sa/b', 'spiffe://td/ns/xa/sa/b', undefined],
    },
    {
      values: ['a*'],
      yes: ['spiffe://td/ns/abc/sa/b', 'spiffe://td/ns/a/sa/b', 'spiffe://td/ns/a/x/y'],
      no: ['spiffe://td/ns/b/sa/a'],
    },
    { values: ['*a'], yes: ['spiffe://td/ns/xa/sa/b', 'spiffe://td/ns/x/sa/a/b'], no: ['spiffe://td/ns/ab/x/b'] },
    { values: ['a*b*c'], yes: ['spiffe://td/ns/abc/x', 'spiffe://td/ns/a-b-c/x'], no: ['spiffe://td/ns/acb/x'] },
    { values: ['*'], yes: ['spiffe://td/ns/a/x', 'spiffe://td/ns//'], no: ['spiffe://td/ns/a', 'td'] },
    { values: ['a.b'], yes: ['spiffe://td/ns/a.b/x'], no: ['spiffe://td/ns/axb/x'] },
  ]
  check(
    rows,
    (namespaces) => fromSource({ namespaces }),
    (principal) => ({ principal }),
  )
  check(
    rows,
    (values) => when('source.namespace', values),
    (principal) => ({ principal }),
  )
})

describe('serviceAccounts', () => {
  const rows: Row[] = [
    {
      values: ['a/b'],
      yes: [
        'spiffe://td/ns/a/sa/b',
        'spiffe://other/x/ns/a/sa/b',
        'spiffe://td/ns/a/more/sa/b',
        'spiffe://td/ns/a/sa/b/more',
      ],
      no: [
        'spiffe://td/ns/a/sa/bc',
        'spiffe://td/ns/a/sa/b/',
        'spiffe://td/ns/ab/sa/b',
        'spiffe:///ns/a/sa/b',
        'spiffe://td/ns/a/xsa/b',
        'spiffe://td/ns/a//sa/b',
        undefined,
      ],
    },
    { values: ['b'], yes: ['spiffe://td/ns/shop/sa/b'], no: ['spiffe://td/ns/a/sa/b'] },
    { values: ['a/b.c'], yes: ['spiffe://td/ns/a/sa/b.c'], no: ['spiffe://td/ns/a/sa/bxc'] },
  ]
  check(
    rows,
    (serviceAccounts) => fromSource({ serviceAccounts }),
    (principal) => ({ principal }),
  )
  check(
    rows,
    (values) => when('source.serviceAccount', values),
    (principal) => ({ principal }),
  )

  test('a bare name in a root policy means the root namespace', () => {
    expect(allows(fromSource({ serviceAccounts: ['b'] }), { principal: 'spiffe://td/ns/istio-system/sa/b' })).toBe(
      false,
    )
  })
})

describe('trustDomains', () => {
  const rows: Row[] = [
    {
      values: ['td'],
      yes: ['spiffe://td/ns/a/sa/b', 'spiffe://td/'],
      no: ['spiffe://td', 'spiffe://tdx/ns', 'td/ns', undefined],
    },
    { values: ['*'], yes: ['spiffe://td', 'spiffe://'], no: ['td', 'https://td/x'] },
    { values: ['t*'], yes: ['spiffe://t/x', 'spiffe://tdx/y'], no: ['spiffe://td', 'spiffe://xt/y'] },
    {
      values: ['*.com'],
      yes: ['spiffe://a.com/x', 'spiffe://.com/x'],
      no: ['spiffe://acom/x', 'spiffe://a.com', 'spiffe://a/b.com/x'],
    },
  ]
  check(
    rows,
    (trustDomains) => fromSource({ trustDomains }),
    (principal) => ({ principal }),
  )
  check(
    rows,
    (values) => when('source.trustDomain', values),
    (principal) => ({ principal }),
  )
})

describe('hosts', () => {
  check(
    [
      {
        values: ['api.example.com'],
        yes: ['api.example.com', 'API.Example.com'],
        no: ['api.example.com:443', 'api.example.com.', undefined],
      },
      { values: ['API.example.COM'], yes: ['api.example.com'] },
      { values: ['*.example.com'], yes: ['x.EXAMPLE.com', '.example.com'], no: ['example.com', 'x.example.com:80'] },
      {
        values: ['api.example.com*'],
        yes: ['api.example.com:80', 'api.example.com.evil.org'],
        no: ['xapi.example.com'],
      },
      { values: ['*'], yes: ['x', ''], no: [undefined] },
      { values: ['\u212Aube'], no: ['kube'] },
    ],
    (hosts) => toOperation({ hosts }),
    (host) => ({ host }),
  )
  test('notHosts is passed by a port', () => {
    expect(allows(toOperation({ notHosts: ['api.example.com'] }), { host: 'api.example.com:80' })).toBe(true)
  })
})

describe('methods', () => {
  check(
    [
      { values: ['GET'], yes: ['GET'], no: ['get', 'GETS', 'HEAD'] },
      { values: ['*'], yes: ['GET', 'X-Y'] },
      { values: ['P*'], yes: ['POST', 'P'], no: ['GET'] },
      { values: ['*T'], yes: ['GET', 'POST'], no: ['PUTS'] },
    ],
    (methods) => toOperation({ methods }),
    (method) => ({ method }),
  )
})

describe('paths', () => {
  check(
    [
      {
        values: ['/orders'],
        yes: ['/orders', '/orders?x=1', '/x/../orders', '/orders#f', '/%6frders'],
        no: ['/orders/', '/Orders', '/orders;v=1'],
      },
      { values: ['/orders/*'], yes: ['/orders/', '/orders/1/2'], no: ['/orders', '/ordersx'] },
      { values: ['*.json'], yes: ['/a.json', '/.json'], no: ['/a.json/', '/ajson'] },
      { values: ['*'], yes: ['/', '/x'] },
      { values: ['orders/*'], no: ['/orders/1', '/orders/'] },
      { values: ['/a/*/b'], yes: ['/a/*/b'], no: ['/a/x/b'] },
      { values: ['*/admin/*'], yes: ['/x/admin/*'], no: ['/x/admin/y'] },
      { values: ['/c%41d', '/e|f', '/i/../j', '/k?x=1'], no: ['/c%41d', '/cAd', '/e|f', '/i/../j', '/j', '/k?x=1'] },
      { values: ['/e%7Cf'], yes: ['/e|f', '/e%7Cf'], no: ['/e%7cf'] },
    ],
    (paths) => toOperation({ paths }),
    (path) => ({ path }),
  )
})

describe('headers', () => {
  const rule = (values: readonly string[]) => when('request.headers[X-Team]', values)
  check(
    [
      { values: ['a'], yes: ['a', ' a\t'], no: ['A', 'a,b', '', undefined] },
      { values: ['*'], yes: ['', 'x'], no: [undefined] },
      { values: ['a*'], yes: ['a', 'ab'], no: ['', 'ba'] },
      { values: ['*b'], yes: ['b', 'ab'], no: [''] },
    ],
    rule,
    (value) => ({ headers: [['x-team', value]] }),
  )

  test('are matched line by line', () => {
    const headers = [['x-team', 'tenant'] as const, ['X-TEAM', 'guest'] as const]
    expect(allows(rule(['guest']), { headers })).toBe(true)
    expect(allows(rule(['tenant']), { headers })).toBe(true)
    expect(allows(rule(['tenant,guest']), { headers })).toBe(false)
    expect(allows(when('request.headers[x-team]', [], ['guest']), { headers })).toBe(false)
  })

  test('that Envoy knows by name are joined with a comma', () => {
    const asks = (values: string[]) => when('request.headers[User-Agent]', values)
    const headers = [['user-agent', 'a'] as const, ['User-Agent', 'b'] as const, ['user-agent', 'c'] as const]
    expect(allows(asks(['a,b,c']), { headers })).toBe(true)
    expect(allows(asks(['a']), { headers })).toBe(false)
    expect(
      allows(when('request.headers[cookie]', ['b']), {
        headers: [
          ['cookie', 'a'],
          ['cookie', 'b'],
        ],
      }),
    ).toBe(true)
  })

  test('of one connection are seen by no policy', () => {
    for (const name of ['te', 'connection', 'upgrade', 'x-envoy-internal'])
      expect(allows(when(`request.headers[${name}]`, ['*']), { headers: [[name, 'x']] })).toBe(false)
  })

  test('Host and :authority are one, in the case in which it came', () => {
    for (const name of ['Host', 'host', ':authority']) {
      const asks = when(`request.headers[${name}]`, ['Api.example.com'])
      expect(allows(asks, { host: 'Api.example.com' })).toBe(true)
      expect(allows(asks, { host: 'api.example.com' })).toBe(false)
      expect(allows(asks, { headers: [['Host', 'Api.example.com']] })).toBe(true)
    }
  })

  test(':path has the query, :method the method', () => {
    expect(allows(when('request.headers[:path]', ['/a?x=1']), { path: '/b/../%61?x=1' })).toBe(true)
    expect(allows(when('request.headers[:path]', ['/a']), { path: '/a?x=1' })).toBe(false)
    expect(allows(when('request.headers[:method]', ['PUT']), { method: 'PUT' })).toBe(true)
  })
})

describe('ports', () => {
  check(
    [
      { values: ['8080'], yes: ['8080'], no: ['80', undefined] },
      { values: ['08080'], yes: ['8080'] },
      { values: ['0'], yes: ['0'], no: ['8080'] },
    ],
    (ports) => toOperation({ ports }),
    (port) => ({ destPort: Number(port) }),
  )
})

describe('addresses', () => {
  const rows: Row[] = [
    { values: ['10.1.2.3'], yes: ['10.1.2.3'], no: ['10.1.2.4', undefined] },
    { values: ['10.1.2.3/8'], yes: ['10.200.0.1'], no: ['11.0.0.1', '::ffff:10.1.2.3'] },
    { values: ['0.0.0.0/0'], yes: ['1.2.3.4'], no: ['::1'] },
    { values: ['::/0'], yes: ['::1'], no: ['1.2.3.4'] },
    { values: ['2001:db8::/33'], yes: ['2001:db8:7fff::1'], no: ['2001:db8:8000::1'] },
  ]
  check(
    rows,
    (ipBlocks) => fromSource({ ipBlocks }),
    (sourceIp) => ({ sourceIp, remoteIp: '9.9.9.9' }),
  )
  check(
    rows,
    (values) => when('source.ip', values),
    (sourceIp) => ({ sourceIp }),
  )
  check(
    rows,
    (remoteIpBlocks) => fromSource({ remoteIpBlocks }),
    (remoteIp) => ({ sourceIp: '9.9.9.9', remoteIp }),
  )
  check(
    rows,
    (values) => when('remote.ip', values),
    (remoteIp) => ({ remoteIp }),
  )
  check(
    rows,
    (values) => when('destination.ip', values),
    (destIp) => ({ destIp }),
  )

  test('remote.ip is what the client says last, else the peer', () => {
    const rule = fromSource({ remoteIpBlocks: ['1.2.3.4'] })
    const headers = [['X-Forwarded-For', '9.9.9.9, 1.2.3.4'] as const]
    expect(allows(rule, { sourceIp: '5.5.5.5', headers })).toBe(true)
    expect(allows(rule, { sourceIp: '1.2.3.4' })).toBe(true)
    expect(allows(rule, { sourceIp: '1.2.3.4', headers: [['x-forwarded-for', '7.7.7.7']] })).toBe(false)
  })
})

describe('connection.sni', () => {
  check(
    [
      { values: ['a.example.com'], yes: ['a.example.com', 'A.example.com'], no: ['b', undefined] },
      { values: ['*.example.com'], yes: ['a.example.com'], no: ['example.com'] },
      { values: ['*'], yes: ['x'], no: [undefined] },
    ],
    (values) => when('connection.sni', values),
    (sni) => ({ sni }),
  )
})

describe('what is absent', () => {
  test.for([
    fromSource({ notPrincipals: ['*'] }),
    fromSource({ notNamespaces: ['a'] }),
    fromSource({ notServiceAccounts: ['a/b'] }),
    fromSource({ notTrustDomains: ['*'] }),
    fromSource({ notRequestPrincipals: ['*'] }),
    fromSource({ notIpBlocks: ['0.0.0.0/0'] }),
    fromSource({ notRemoteIpBlocks: ['0.0.0.0/0'] }),
    toOperation({ notHosts: ['*'] }),
    toOperation({ notPorts: ['80'] }),
    when('request.auth.claims[a]', [], ['*']),
    when('request.auth.audiences', [], ['*']),
    when('connection.sni', [], ['*']),
    when('request.headers[x]', [], ['*']),
    when('destination.ip', [], ['0.0.0.0/0']),
    when('experimental.envoy.filters.network.mysql_proxy[db]', [], ['*']),
  ])('satisfies every not: %j', (rule) => {
    expect(allows(rule, {})).toBe(true)
  })

  test('is matched by nothing positive', () => {
    expect(allows(when('experimental.envoy.filters.network.mysql_proxy[db]', ['*']), {})).toBe(false)
    expect(allows(fromSource({ requestPrincipals: ['*'] }), {})).toBe(false)
  })
})
