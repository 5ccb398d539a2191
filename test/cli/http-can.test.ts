import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { runCommand } from '../../src/cli/program.ts'

interface Ran {
  readonly exitCode: number
  readonly out: string
  readonly problems: string
}

async function nib(argv: readonly string[], chunks: readonly (string | Uint8Array)[] = []): Promise<Ran> {
  let out = ''
  let problems = ''
  const exitCode = await runCommand(['http', 'can', ...argv], {
    out: { write: (text) => (out += text) },
    problems: { write: (text) => (problems += text) },
    input: async function* input() {
      yield* chunks
    },
    env: {},
  })
  return { exitCode, out, problems }
}

function folder(files: Readonly<Record<string, string>>): string {
  const path = mkdtempSync(join(tmpdir(), 'nib-http-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text)
  return path
}

const ORDERS = `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: orders
  namespace: shop
spec:
  selector:
    matchLabels: {app: orders}
  rules:
    - to: [{operation: {paths: [/healthz]}}]
    - from: [{source: {serviceAccounts: [cart]}}]
      to: [{operation: {methods: [POST], paths: ['/orders', '/orders/*']}}]
---
apiVersion: v1
kind: Service
metadata: {name: orders, namespace: shop}
`
const NO_DELETE = `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: no-delete, namespace: istio-system}
spec:
  action: DENY
  rules: [{to: [{operation: {methods: [DELETE], ports: ['8080']}}]}]
`
const WORKLOAD = ['-n', 'shop', '-l', 'app=orders']
const CART = ['--principal', 'cluster.local/ns/shop/sa/cart', '--method', 'POST']

describe('nib http can', () => {
  test('allows, and says which rule does and where it is written', async () => {
    const path = folder({ 'orders.yaml': ORDERS, 'root.yaml': NO_DELETE })
    const ran = await nib(['-p', path, ...WORKLOAD, ...CART, '--path', '/x/../orders/7?y=1'])
    expect(ran).toEqual({
      exitCode: 0,
      problems: '',
      out: [
        `allow  by ns[shop]-policy[orders]-rule[1]  ${path}/orders.yaml:11`,
        'path   /orders/7  (policies compare the normalised path without query)',
        '',
        'action  policy                  rules that match  written in',
        `ALLOW   shop/orders             1                 ${path}/orders.yaml:4`,
        `DENY    istio-system/no-delete  -                 ${path}/root.yaml:3`,
        '',
      ].join('\n'),
    })
  })

  test('denies with 1', async () => {
    const path = folder({ 'orders.yaml': ORDERS })
    const ran = await nib(['-p', path, ...WORKLOAD, '--path', '/orders'])
    expect(ran.exitCode).toBe(1)
    expect(ran.out).toMatch(/^deny {2}no rule of the ALLOW policies matches\n/)
  })

  test('answers machines', async () => {
    const path = folder({ 'orders.yaml': ORDERS, 'root.yaml': NO_DELETE })
    const ran = await nib(['-p', path, ...WORKLOAD, '--method', 'DELETE', '--port', '8080', '--json'])
    expect(ran.exitCode).toBe(1)
    expect(JSON.parse(ran.out)).toEqual({
      decision: 'deny',
      decidedBy: 'ns[istio-system]-policy[no-delete]-rule[0]',
      workload: { namespace: 'shop', labels: { app: 'orders' } },
      path: '/',
      selected: [
        {
          action: 'ALLOW',
          namespace: 'shop',
          name: 'orders',
          dryRun: false,
          matching: [],
          file: `${path}/orders.yaml`,
          line: 4,
        },
        {
          action: 'DENY',
          namespace: 'istio-system',
          name: 'no-delete',
          dryRun: false,
          matching: [0],
          file: `${path}/root.yaml`,
          line: 3,
        },
      ],
      losses: [],
    })
  })

  test('names the workload it was asked of, where nobody else did or nothing selects it', async () => {
    const path = folder({ 'orders.yaml': ORDERS, 'root.yaml': NO_DELETE })
    const unnamed = await nib(['-p', path])
    expect(unnamed.out).toContain(
      'note   asked of the workload in namespace default without labels: -n and -l name another\n',
    )
    expect((await nib(['-p', path, ...WORKLOAD])).out).not.toContain('asked of')
    const alone = ['-p', folder({ 'orders.yaml': ORDERS })]
    const nothing = 'no policy selects the workload in namespace'
    expect((await nib(alone)).out).toContain(`${nothing} default without labels: -n and -l name another\n`)
    expect((await nib([...alone, '-n', 'shop', '-l', 'app=a,tier=b'])).out).toContain(
      `${nothing} shop with labels app=a,tier=b\n`,
    )
    expect((await nib([...alone, '-n', 'shop', '--waypoint-for', 'orders'])).out).toContain(
      'no policy selects the waypoint waypoint in namespace shop for service orders\n',
    )
    expect(JSON.parse((await nib([...alone, '--waypoint-for', 'orders', '--json'])).out)).toMatchObject({
      workload: { namespace: 'default', waypoint: { name: 'waypoint', service: 'orders' } },
    })
  })

  test('tells of a TCP port what is lost there', async () => {
    const ran = await nib(['-p', folder({ 'orders.yaml': ORDERS }), ...WORKLOAD, '--transport', 'tcp'])
    expect(ran.exitCode).toBe(1)
    expect(ran.out).toContain('ns[shop]-policy[orders]-rule[0] is dropped, as it has what cannot be asked here: paths')
  })

  test('takes a trust domain and its aliases, claims, headers and addresses', async () => {
    const path = folder({
      'p.yaml': `kind: AuthorizationPolicy
apiVersion: security.istio.io/v1
metadata: {name: p, namespace: shop}
spec:
  rules:
    - from: [{source: {principals: [td1/ns/a/sa/b], remoteIpBlocks: [1.2.3.0/24], ipBlocks: [10.0.0.1]}}]
      when:
        - {key: 'request.auth.claims[realm][roles]', values: [admin]}
        - {key: 'request.auth.claims[role]', values: [dev]}
        - {key: 'request.headers[x-a]', values: [b=c]}
        - {key: connection.sni, values: [s]}
`,
    })
    const flags = [
      '--trust-domain',
      'td1',
      '--alias',
      'old',
      '--principal',
      'spiffe://old/ns/a/sa/b',
      '--header',
      'X-A=b=c',
    ]
    const more = [
      '--claims',
      '{"realm":{"roles":["admin"]}}',
      '--claim',
      'role=dev',
      '--sni',
      's',
      '--source-ip',
      '10.0.0.1',
    ]
    const ran = await nib(['-p', path, '-n', 'shop', ...flags, ...more, '--remote-ip', '1.2.3.4'])
    expect(ran).toMatchObject({ exitCode: 0, problems: '' })
    expect((await nib(['-p', path, '-n', 'shop', ...flags, ...more])).exitCode).toBe(1)
  })

  test('decides as a waypoint', async () => {
    const path = folder({
      'p.yaml': ORDERS.replace(/selector:\n.*\n/, 'targetRefs: [{kind: Service, group: "", name: orders}]\n'),
    })
    expect((await nib(['-p', path, '-n', 'shop', '--waypoint-for', 'orders', '--path', '/healthz'])).out).toMatch(
      /rule\[0\]/,
    )
    expect((await nib(['-p', path, '-n', 'shop', '--waypoint-for', 'cart', '--path', '/x'])).out).toMatch(
      /no policy selects/,
    )
    expect((await nib(['-p', path, ...WORKLOAD, '--path', '/x'])).out).toMatch(/1 more policy does not select/)
  })

  test('decides as a waypoint by its own policies too, whatever it is called', async () => {
    const gateway = (name: string) =>
      NO_DELETE.replace('namespace: istio-system', 'namespace: shop').replace(
        'spec:',
        `spec:\n  targetRefs: [{kind: Gateway, group: gateway.networking.k8s.io, name: ${name}}]`,
      )
    const ask = async (path: string, ...more: string[]) =>
      (
        await nib([
          '-p',
          path,
          '-n',
          'shop',
          '--waypoint-for',
          'orders',
          '--method',
          'DELETE',
          '--port',
          '8080',
          ...more,
        ])
      ).exitCode
    const usual = folder({ 'p.yaml': gateway('waypoint') })
    expect(await ask(usual)).toBe(1)
    expect(await ask(usual, '--waypoint-name', 'other')).toBe(0)
    expect(await ask(folder({ 'p.yaml': gateway('other') }))).toBe(0)
    expect(await ask(folder({ 'p.yaml': gateway('other') }), '--waypoint-name', 'other')).toBe(1)
    const request = { method: 'DELETE', destPort: 8080 }
    const lines = [{ service: 'orders' }, { service: 'orders', name: 'other' }].map((waypoint) =>
      JSON.stringify({ workload: { namespace: 'shop', waypoint }, request }),
    )
    const ran = await nib(['--batch', '-p', usual], [`${lines.join('\n')}\n`])
    expect(ran.out.split('\n').map((text) => text.slice(0, 20))).toEqual([
      '{"decision":"deny","',
      '{"decision":"allow",',
      '',
    ])
  })

  test('knows a caller by every name it has', async () => {
    const path = folder({ 'orders.yaml': ORDERS })
    const ask = async (principal: string, ...more: string[]) =>
      (await nib(['-p', path, ...WORKLOAD, '--principal', principal, '--method', 'POST', '--path', '/orders', ...more]))
        .exitCode
    for (const name of ['shop/cart', 'cluster.local/ns/shop/sa/cart', 'spiffe://cluster.local/ns/shop/sa/cart']) {
      expect([name, await ask(name)]).toEqual([name, 0])
    }
    expect(await ask('web/cart')).toBe(1)
    const td = ['--trust-domain', 'td1']
    expect(await ask('shop/cart', ...td)).toBe(await ask('td1/ns/shop/sa/cart', ...td))
  })

  test('tells what dry-run policies would change', async () => {
    const path = folder({
      'p.yaml': NO_DELETE.replace(
        'namespace: istio-system',
        'namespace: istio-system, annotations: {istio.io/dry-run: "true"}',
      ),
    })
    const ran = await nib(['-p', path, '--method', 'DELETE', '--port', '8080'])
    expect(ran.exitCode).toBe(0)
    expect(ran.out).toContain('with the dry-run policies in force: deny, by ns[istio-system]-policy[no-delete]-rule[0]')
  })

  test('reads policies from standard input', async () => {
    const ran = await nib(['-p', '-', ...WORKLOAD, '--path', '/healthz'], [ORDERS])
    expect(ran.out).toContain('<stdin>:10')
  })
})

describe('nib http can refuses with 2', () => {
  test.for<[string, string, RegExp]>([
    [
      'a policy that Istio refuses',
      ORDERS.replace('serviceAccounts: [cart]', 'serviceAccounts: ["*"]'),
      /orders.yaml:11:\d+[^]*ServiceAccount has no wildcards/,
    ],
    ['an unknown field', ORDERS.replace('paths: [/healthz]', 'path: [/healthz]'), /did you mean "paths"/],
    ['broken YAML', ORDERS.replace('spec:', 'spec: ]'), /error/],
    ['a duplicate key', ORDERS.replace('  name: orders\n', '  name: orders\n  name: other\n'), /duplicate-key/],
    ['a policy written twice', `${ORDERS}\n---\n${ORDERS}`, /written twice, first in/],
    ['a misspelt kind', ORDERS.replace('AuthorizationPolicy', 'AuthorisationPolicy'), /kind-unknown/],
    ['another apiVersion', ORDERS.replace('security.istio.io/v1', 'security.istio.io/v2'), /api-version-unknown/],
  ])('%s', async ([, text, expected]) => {
    const ran = await nib(['-p', folder({ 'orders.yaml': text }), ...WORKLOAD])
    expect(ran.exitCode).toBe(2)
    expect(ran.out).toBe('')
    expect(ran.problems).toMatch(expected)
  })

  test.for<[string[], RegExp]>([
    [[], /no policies were given/],
    [['-p', '/no/such/folder'], /folder-unreadable/],
    [['-p', 'POLICY', '-l', 'app'], /label "app" is not written as key=value/],
    [['-p', 'POLICY', '--header', 'x'], /header "x" is not written as name=value/],
    [['-p', 'POLICY', '--port', '99999'], /port "99999"/],
    [['-p', 'POLICY', '--claims', '[]'], /--claims is no JSON object/],
    [['-p', 'POLICY', '--claim', 'x'], /claim "x" is not written as path=value/],
    [['-p', 'POLICY', '--principal', 'web'], /--principal "web" is no workload/],
    [['-p', 'POLICY', '--principal', 'https://idp.example/ann'], /--principal "[^"]*" is no workload/],
    [['-p', 'POLICY', '--principal', 'shop/web', '--trust-domain', 'Ü X'], /trust domain "Ü X"/],
    [['-p', 'POLICY', '--alias', 'Ü X'], /trust domain "Ü X"/],
    [['-p', 'POLICY', '-n', 'shop', '-l', 'app=orders', '--waypoint-for', 'orders'], /--labels are of a workload/],
    [['-p', 'POLICY', '-n', 'shop', '--waypoint-name', 'w'], /--waypoint-name names the waypoint of a service/],
    [['--batch', '--path', '/x'], /--path is for one request/],
    [['--batch', '--method', 'GET'], /--method is for one request/],
    [['--batch', '--port', '80'], /--port is for one request/],
    [['--batch', '--principal', 'shop/web'], /--principal is for one request/],
    [['-p', 'POLICY', '--source-ip', 'x'], /--source-ip "x" is no IP address/],
    [['-p', 'POLICY', '--transport', 'udp'], /Allowed choices are http, tcp/],
    [['-p', '-', '--batch'], /standard input holds the lines/],
    [['--nonsense'], /unknown option/],
  ])('%j', async ([argv, expected]) => {
    const path = folder({ 'orders.yaml': ORDERS })
    const ran = await nib(argv.map((word) => (word === 'POLICY' ? path : word)))
    expect([ran.exitCode, ran.out]).toEqual([2, ''])
    expect(ran.problems).toMatch(expected)
  })
})

const POLICY = {
  metadata: { name: 'p', namespace: 'shop' },
  spec: { rules: [{ to: [{ operation: { methods: ['GET'] } }] }] },
}
const line = (request: object, rest: object = {}) =>
  JSON.stringify({ policies: [POLICY], workload: { namespace: 'shop', labels: {} }, ...rest, request })
const ALLOWED = '{"decision":"allow","decidedBy":"ns[shop]-policy[p]-rule[0]"}'
const DENIED = '{"decision":"deny","decidedBy":"no-allow-match"}'

async function batch(
  lines: readonly string[],
  argv: readonly string[] = [],
): Promise<Ran & { readonly lines: string[] }> {
  const ran = await nib(['--batch', ...argv], [lines.map((text) => `${text}\n`).join('')])
  return { ...ran, lines: ran.out.split('\n').slice(0, -1) }
}

describe('nib http can --batch', () => {
  test('answers each line, in order', async () => {
    const ran = await batch([
      line({ method: 'GET' }),
      line({ method: 'PUT' }),
      line({ path: '/%00' }),
      line({}, { policies: [] }),
    ])
    expect(ran).toMatchObject({ exitCode: 0, problems: '' })
    expect(ran.lines).toEqual([
      ALLOWED,
      DENIED,
      '{"decision":"deny","decidedBy":"bad-request"}',
      '{"decision":"allow","decidedBy":"no-allow-policy"}',
    ])
  })

  test('goes on behind a line that it cannot answer, and ends with 2', async () => {
    const bad: [string, RegExp][] = [
      ['nonsense', /no JSON/],
      ['[]', /no JSON object/],
      ['{"request":', /no JSON/],
      [line({ method: 1 }), /request.method is 1, expected text/],
      [line({ destPort: '80' }), /request.destPort is "80"/],
      [line({ sourceIp: 'x' }), /request.sourceIp is "x"/],
      [line({ headers: [['a']] }), /request.headers\[0\]/],
      [line({ headers: {} }), /request.headers is an object/],
      [line({ claims: [] }), /request.claims/],
      [line({ pathh: '/' }), /did you mean "path"/],
      [line({}, { transport: 'udp' }), /transport/],
      [line({}, { mesh: { trustDomains: 'x' } }), /did you mean "trustDomain"/],
      [line({}, { workload: {} }), /workload.namespace is missing/],
      [line({}, { policies: {} }), /policies is an object/],
      [line({}, { policies: [POLICY, { metadata: {} }] }), /policies\[1\]: metadata.name is missing/],
      [
        line({}, { policies: [{ ...POLICY, spec: { rules: [{ to: [{ operation: { paths: ['{*}/x'] } }] }] } }] }),
        /Envoy refuses/,
      ],
      ['{"request":{}}', /no --policies folder/],
      [JSON.stringify({ policies: [] }), /no "request"/],
      [`{"note":${'['.repeat(50_000)}${']'.repeat(50_000)},"request":{}}`, /./],
      [`{ "request" : {}, "policies": ${'['.repeat(50_000)}${']'.repeat(50_000)}}`, /./],
    ]
    const ran = await batch(bad.flatMap(([text]) => [text, line({ method: 'GET' })]))
    expect(ran.exitCode).toBe(2)
    expect(ran.lines).toHaveLength(bad.length * 2)
    for (const [index, [, expected]] of bad.entries()) {
      const answer = JSON.parse(ran.lines[index * 2] ?? '') as { error: string; line: number }
      expect(answer.line).toBe(index * 2 + 1)
      expect(answer.error).toMatch(expected)
      expect(ran.lines[index * 2 + 1]).toBe(ALLOWED)
    }
  })

  test('reads a line the same, whatever the order of its members', async () => {
    const request = { method: 'GET', headers: [['x', '"request":']] }
    const parts: [string, unknown][] = [
      ['policies', [POLICY]],
      ['workload', { namespace: 'shop', labels: { '"request":': '"request":' } }],
      ['transport', 'http'],
      ['request', request],
      ['note', '"request":'],
    ]
    const orders = parts.map((_, shift) => Object.fromEntries([...parts.slice(shift), ...parts.slice(0, shift)]))
    const texts = orders.flatMap((value) => [
      JSON.stringify(value),
      JSON.stringify(value, undefined, 1).replaceAll('\n', ' '),
    ])
    expect((await batch([...texts, ...texts])).lines).toEqual([...texts, ...texts].map(() => ALLOWED))
  })

  test('keeps policies, mesh, workload and transport of lines apart', async () => {
    const other = { ...POLICY, spec: { rules: [{ to: [{ operation: { methods: ['PUT'] } }] }] } }
    const principal = 'spiffe://td1/ns/shop/sa/a'
    const byPrincipal = {
      ...POLICY,
      spec: { rules: [{ from: [{ source: { principals: ['cluster.local/ns/shop/sa/a'] } }] }] },
    }
    const ran = await batch([
      line({ method: 'GET' }),
      line({ method: 'GET' }, { policies: [other] }),
      line({ method: 'GET' }, { workload: { namespace: 'web', labels: {} } }),
      line({ method: 'GET' }, { transport: 'tcp' }),
      line({ principal }, { policies: [byPrincipal] }),
      line({ principal }, { policies: [byPrincipal], mesh: { trustDomain: 'td1' } }),
      line({ method: 'GET' }),
    ])
    expect(ran.lines).toEqual([
      ALLOWED,
      DENIED,
      '{"decision":"allow","decidedBy":"no-allow-policy"}',
      DENIED,
      DENIED,
      ALLOWED,
      ALLOWED,
    ])
  })

  test('takes what a line leaves out from the flags', async () => {
    const path = folder({ 'orders.yaml': ORDERS })
    const ran = await batch(
      ['{"request":{"path":"/healthz"}}', '{"request":{}}', line({ method: 'GET' })],
      ['-p', path, ...WORKLOAD],
    )
    expect(ran.lines).toEqual(['{"decision":"allow","decidedBy":"ns[shop]-policy[orders]-rule[0]"}', DENIED, ALLOWED])
  })

  test('evaluates what only the webhook would refuse as proxies get it', async () => {
    const policy = { ...POLICY, spec: { action: 'DENY', rules: [{ when: [{ key: 'no.such', values: ['x'] }] }] } }
    expect((await batch([line({}, { policies: [policy] })])).lines).toEqual([
      '{"decision":"allow","decidedBy":"no-allow-policy"}',
    ])
  })

  test('finds lines wherever the chunks end, within characters too', async () => {
    const text = `${line({ method: 'GET', headers: [['x', 'ä€😀']] })}\r\n${line({ method: 'PUT' })}`
    const bytes = new TextEncoder().encode(text)
    for (const size of [1, 2, 3, 7, 64]) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
        bytes.slice(index * size, (index + 1) * size),
      )
      const ran = await nib(['--batch'], chunks)
      expect(ran).toEqual({ exitCode: 0, problems: '', out: `${ALLOWED}\n${DENIED}\n` })
    }
  })

  test('answers an empty line as well, so that answers stay in step', async () => {
    const ran = await nib(['--batch'], [`\n${line({ method: 'GET' })}\n  \r\n${line({ method: 'PUT' })}\n`])
    expect(ran).toEqual({
      exitCode: 2,
      problems: '',
      out: `{"error":"the line is empty","line":1}\n${ALLOWED}\n{"error":"the line is empty","line":3}\n${DENIED}\n`,
    })
  })

  test('refuses a line without end and goes on', async () => {
    const piece = 'x'.repeat(1_048_576)
    const ran = await nib(['--batch'], [...Array.from({ length: 20 }, () => piece), `\n${line({ method: 'GET' })}`])
    expect(ran.exitCode).toBe(2)
    expect(ran.out).toBe(`{"error":"the line is too long","line":1}\n${ALLOWED}\n`)
  })
})
