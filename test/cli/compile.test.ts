import { describe, expect, test } from 'vitest'
import { userClaims } from '../../src/issue/index.ts'
import { loadSnapshot } from '../../src/cli/load-snapshot.ts'
import { sha256Hex } from '../../src/serve/sha256.ts'
import { parsePrincipal } from '../../src/answers/principal-text.ts'
import { createDecide } from '../../src/policy/decide.ts'
import { nib } from '../support/nib.ts'
import { tempFolder } from '../support/temp-folder.ts'

const SHOP = 'test/support/shop-policy'
const API = 'apiVersion: nats-identity-bridge.dev/v1alpha1'

const ACCOUNTS = `${API}
kind: AccountMap
metadata: { name: a }
spec: { accounts: [{ account: A, principals: [{ namespace: n }] }] }
`

function policy(name: string, spec: string): string {
  return `---\n${API}\nkind: SubjectPolicy\nmetadata: { name: ${name}, namespace: n }\nspec: ${spec}\n`
}

const GRANT = policy('p', '{ principals: [{ serviceAccount: n/x }], grants: [{ publish: [a] }] }')

interface Compiled {
  readonly snapshot: string | null
  readonly diagnostics: { severity: string; code: string; file?: string; line?: number; column?: number }[]
  readonly principals: {
    principal: string
    account?: string
    refusal?: string
    pub?: object
    sub?: object
    resp?: object
  }[]
  readonly patterns?: { description: string }[]
}

async function compileJson(...argv: string[]): Promise<Compiled> {
  const { out, problems } = await nib(['compile', '--json', ...argv])
  expect(problems).toBe('')
  return JSON.parse(out)
}

describe('nib compile', () => {
  test('shows each principal that the documents name, its account and its permissions', async () => {
    const ran = await nib(['compile', '-p', SHOP])
    expect(ran).toMatchObject({ exitCode: 0, problems: '' })
    expect(ran.out).toMatch(/^snapshot {2}[0-9a-f]{64}\n/)
    expect(ran.out).toContain(
      [
        'spiffe://cluster.local/ns/shop/sa/payments',
        '  account           SHOP',
        '  publish    deny   >',
        '  subscribe  allow  shop.payments.charge payments',
        '                    shop.payments.refund payments',
        '  respond           1 reply each, within 10 s',
        '',
      ].join('\n'),
    )
    expect(ran.out).toContain(
      [
        'principals that are described, not named',
        '  group support   AccountMap shop[0], SubjectPolicy shop/support[0]',
        '  namespace shop  AccountMap shop[0], SubjectCeiling shop',
        '',
      ].join('\n'),
    )
  })

  test('gives, as JSON, exactly what the user JWT carries', async () => {
    const { snapshot, diagnostics, principals } = await compileJson('-p', SHOP)
    const loaded = await loadSnapshot([SHOP], {
      trustDomain: 'cluster.local',
      trustDomainAliases: [],
      rootNamespace: 'istio-system',
    })
    if (!loaded.ok) throw new Error('the shop does not compile')
    expect({ snapshot, diagnostics }).toEqual({ snapshot: loaded.value.snapshot.id, diagnostics: [] })
    expect(principals.map(({ principal }) => principal.split('/').at(-1))).toEqual([
      'dashboard',
      'orders',
      'payments',
      'web',
    ])
    for (const { principal: name, account, ...permissions } of principals) {
      const principal = parsePrincipal(name, { trustDomain: 'cluster.local', claims: {}, groups: [] })
      if (!principal.ok) throw new Error(principal.error)
      const decision = createDecide(sha256Hex)(loaded.value.snapshot, principal.value)
      if (decision.effect === 'deny') throw new Error(decision.code)
      const claims = userClaims({
        decisionId: 'd',
        userNkey: 'U',
        principalName: name,
        permissions: decision.permissions.filtering,
        issuedAt: 0,
        expiresAt: 1,
        issuer: 'A',
        placement: { mode: 'config', account: decision.account },
      })
      const jwt: { aud: string; nats: { pub: object; sub: object; resp?: object } } = JSON.parse(claims)
      const { pub, sub, resp } = jwt.nats
      expect({ account, ...permissions }).toEqual({ account: jwt.aud, pub, sub, ...(resp && { resp }) })
    }
  })

  test('answers for the principals that are asked for, whether or not a document names them', async () => {
    const asked = ['shop/web', 'hr/crawler', 'https://login.example/anna']
    const { principals, patterns } = await compileJson('-p', SHOP, '--principal', ...asked, '--group', 'support')
    expect(patterns).toBeUndefined()
    expect(principals).toEqual([
      expect.objectContaining({ principal: 'spiffe://cluster.local/ns/shop/sa/web', account: 'SHOP' }),
      { principal: 'spiffe://cluster.local/ns/hr/sa/crawler', refusal: 'ACCOUNT_NONE' },
      expect.objectContaining({
        principal: 'https://login.example/anna',
        account: 'SHOP',
        pub: { allow: ['shop.orders.status'], deny: [] },
      }),
    ])
    const ran = await nib(['compile', '-p', SHOP, '--principal', 'hr/crawler'])
    expect(ran).toMatchObject({ exitCode: 0 })
    expect(ran.out).toContain('refused  ACCOUNT_NONE: no AccountMap entry matches the principal')
  })

  test('gives less for a server that does not filter, and says what', async () => {
    const folder = tempFolder()
    const deny = policy('d', '{ action: DENY, principals: [{ namespace: n }], grants: [{ subscribe: [a.b.>] }] }')
    const grant = policy('p', '{ principals: [{ serviceAccount: n/x }], grants: [{ subscribe: [a.>] }] }')
    folder.write('p.yaml', ACCOUNTS + grant + deny)
    const now = await compileJson('-p', folder.path)
    const then = await compileJson('-p', folder.path, '--server-version', '2.10.0')
    expect(now.principals[0]).toMatchObject({ sub: { allow: ['a.>'], deny: ['a.b.>'] } })
    expect(now.principals[0]).not.toHaveProperty('shortfalls')
    expect(then.principals[0]).toMatchObject({ shortfalls: [expect.objectContaining({ pattern: 'a.>' })] })
    expect(then.principals[0]!.sub).not.toEqual(now.principals[0]!.sub)
    expect((await nib(['compile', '-p', folder.path, '--server-version', '2.10.0'])).out).toContain('given less')
  })

  test('reads a folder, several, a single file, and standard input alike', async () => {
    const folder = tempFolder()
    const accounts = folder.write('one/accounts.yaml', ACCOUNTS)
    folder.write('two/grant.yaml', GRANT)
    const one = await compileJson('-p', folder.path)
    const several = await compileJson('-p', folder.at('one'), '-p', folder.at('two/grant.yaml'))
    const piped = await nib(['compile', '--json', '-p', '-'], { input: ACCOUNTS + GRANT })
    const both = await nib(['compile', '--json', '-p', accounts, '-p', '-'], { input: GRANT })
    expect(one.principals).toHaveLength(1)
    for (const other of [several, JSON.parse(piped.out), JSON.parse(both.out)]) {
      expect(other).toMatchObject({ snapshot: one.snapshot, principals: one.principals })
    }
  })

  test('knows the ServiceAccounts that lie beside the policies, in lists too', async () => {
    const folder = tempFolder()
    const object = (kind: string, name: string): string =>
      `apiVersion: v1\nkind: ${kind}\nmetadata: { name: ${name}, namespace: n }\n`
    const list =
      'apiVersion: v1\nkind: List\nitems:\n  - { apiVersion: v1, kind: ServiceAccount, metadata: { name: z } }\n'
    const others = [object('ServiceAccount', 'y'), object('ConfigMap', 'c'), list].join('---\n')
    folder.write('p.yaml', `${ACCOUNTS}${GRANT}---\n${others}`)
    const { principals } = await compileJson('-p', folder.path)
    expect(principals.map(({ principal, account = 'none' }) => `${principal.split('/ns/')[1]} ${account}`)).toEqual([
      'default/sa/z none',
      'n/sa/x A',
      'n/sa/y A',
    ])
  })

  test('names a mistake in what is piped by its line', async () => {
    const ran = await nib(['compile', '--json', '-p', '-'], { input: ACCOUNTS.replace('accounts:', 'acounts:') })
    expect(ran.exitCode).toBe(2)
    const { diagnostics }: Compiled = JSON.parse(ran.out)
    expect(diagnostics.map(({ file, line, code }) => `${file}:${line} ${code}`)).toContain('<stdin>:4 unknown-field')
    expect(await nib(['compile', '-p', '-'], { input: ' \n' })).toMatchObject({
      exitCode: 2,
      problems: expect.stringContaining('standard input is empty'),
    })
  })

  test('a broken grant ends with 2, and what is sound is still shown', async () => {
    const folder = tempFolder()
    folder.write('a.yaml', ACCOUNTS + GRANT)
    folder.write('b.yaml', policy('b', '{ principals: [{ namespace: n }], grants: [{ publish: [a..b] }] }'))
    const ran = await nib(['compile', '-p', folder.path])
    expect(ran.exitCode).toBe(2)
    expect(ran.out).toContain('publish    allow  a\n')
    expect(ran.problems).toBe(
      [
        `${folder.at('b.yaml')}:5:62: error: spec.grants[0].publish[0] "a..b" is no subject pattern: a subject has no empty tokens: no "." first or last, no ".." [pattern-invalid]`,
        `${' '.repeat(folder.at('b.yaml:5:62').length)}         hint: remove the extra dot`,
        '',
      ].join('\n'),
    )
  })

  test('documents that give no snapshot end with 2, and with no principals', async () => {
    const folder = tempFolder()
    const deny = policy('d', '{ action: DENY, principals: [{ namespace: n }], grants: [{ publish: [a..b] }] }')
    folder.write('p.yaml', ACCOUNTS + GRANT + deny)
    const ran = await nib(['compile', '--json', '-p', folder.path])
    expect(ran.exitCode).toBe(2)
    expect(JSON.parse(ran.out)).toMatchObject({
      snapshot: null,
      principals: [],
      diagnostics: [{ severity: 'error', code: 'pattern-invalid', file: folder.at('p.yaml') }],
    })
    expect(JSON.parse(ran.out)).toMatchObject({ error: { code: 'policies-refused' } })
    const said = await nib(['compile', '-p', folder.path])
    expect(said.out).toBe('nothing is in force: these documents give no snapshot\n')
    expect((await nib(['compile', '-p', folder.at('nowhere')])).exitCode).toBe(2)
  })

  test('a warning ends with 2 only when it is asked to', async () => {
    const folder = tempFolder()
    folder.write('p.yaml', GRANT)
    const ask = (...more: string[]) => nib(['compile', '-p', folder.path, ...more])
    expect(await ask()).toMatchObject({
      exitCode: 0,
      problems: expect.stringMatching(/^warning: .* \[no-accounts\]$/m),
    })
    expect((await ask('--strict')).exitCode).toBe(2)
    expect((await nib(['compile', '-p', SHOP, '--strict'])).exitCode).toBe(0)
  })

  test('is coloured on a terminal only', async () => {
    const folder = tempFolder()
    folder.write('p.yaml', GRANT)
    const shown = await nib(['compile', '-p', folder.path], { isTTY: true })
    const piped = await nib(['compile', '-p', folder.path])
    expect(shown.out + shown.problems).toContain('\u001b[')
    expect(piped.out + piped.problems).not.toContain('\u001b[')
    expect(shown.problems.replaceAll(/\u001b\[\d+m/g, '')).toBe(piped.problems)
  })

  test.for([
    [['compile'], "required option '-p, --policies"],
    [['compile', '-p', SHOP, '--principal', 'shop orders'], 'principal "shop orders": expected ns/name'],
    [['compile', '-p', SHOP, '--server-version', 'new'], 'server version "new": expected a version'],
    [['compile', '-p', SHOP, '--trust-domain', 'Not One'], 'trust domain "Not One"'],
    [['compile', '-p', SHOP, '--claim', 'role'], 'claim "role" is not written as path=value'],
  ] satisfies [string[], string][])('refuses %j with exit code 2 and says what was expected', async ([argv, said]) => {
    const ran = await nib(argv)
    expect(ran).toMatchObject({ exitCode: 2, out: '' })
    expect(ran.problems).toContain(said)
  })

  test('has help with examples', async () => {
    expect((await nib(['compile', '--help'])).out).toContain('helm template ./chart | nib compile -p - --strict')
  })
})

function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = tempFolder()
  for (const [name, text] of Object.entries(files)) folder.write(name, text)
  return folder.path
}

describe('what permission lists cannot say', () => {
  const documents = {
    'a.yaml':
      ACCOUNTS + policy('p', '{ principals: [{ serviceAccount: n/x }], grants: [{ subscribe: [y.*, y.a.b] }] }'),
  }

  test('is told with the principal and the rule, and is no success where all must be right', async () => {
    const folder = folderOf(documents)
    const ran = await nib(['compile', '-p', folder])
    expect(ran.exitCode).toBe(0)
    expect(ran.problems).toMatch(
      /a\.yaml:9: warning: "y\.\*" is not given to spiffe:\/\/cluster\.local\/ns\/n\/sa\/x: [^]*SubjectPolicy n\/p\[0\]/,
    )
    expect((await nib(['compile', '-p', folder, '--strict'])).exitCode).toBe(2)
    const { diagnostics } = await compileJson('-p', folder)
    expect(diagnostics).toMatchObject([{ severity: 'warning', code: 'given-less', name: 'p', rule: 0 }])
  })

  test('names policy, rule and route where HTTP policies say it', async () => {
    const folder = folderOf({
      'a.yaml': `${ACCOUNTS}---
${API}
kind: SubjectRoute
metadata: { name: r, namespace: n }
spec:
  workload: { labels: { app: o }, serviceAccount: o }
  routes: [{ subject: 'o.{id}.get', method: GET, path: '/orders/{id}' }]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: a, namespace: n }
spec: { rules: [{ from: [{ source: { principals: [cluster.local/ns/n/sa/web] } }] }] }
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: d, namespace: n }
spec: { action: DENY, rules: [{ to: [{ operation: { notPaths: [/orders/7] } }] }] }
${policy('g', '{ principals: [{ serviceAccount: n/web }], grants: [{ publish: [o.>] }] }')}`,
    })
    const { diagnostics } = await compileJson('-p', folder)
    expect(diagnostics.filter(({ code }) => code === 'given-less')).toMatchObject([
      {
        kind: 'AuthorizationPolicy',
        name: 'd',
        rule: 0,
        message: expect.stringContaining('AuthorizationPolicy n/d[0] through SubjectRoute n/r[0]'),
      },
    ])
  })

  test('is nothing where nothing is short', async () => {
    expect((await compileJson('-p', SHOP)).diagnostics).toEqual([])
  })
})

test('limits are shown, and those that leave nothing say so', async () => {
  const folder = folderOf({
    'a.yaml':
      ACCOUNTS +
      policy(
        'p',
        '{ principals: [{ namespace: n }], limits: { maxSession: 10m, connectionTypes: [nats, websocket] } }',
      ) +
      policy('q', '{ principals: [{ serviceAccount: n/m }], limits: { connectionTypes: [mqtt] } }'),
  })
  const { out } = await nib(['compile', '-p', folder, '--principal', 'n/x', 'n/m'])
  expect(out).toMatch(/limits +sessions of at most 600 s\n +connections over nats, websocket\n/)
  expect(out).toMatch(/connections over nothing: every login is refused/)
  const can = await nib(['what-can', 'n/x', '-p', folder])
  expect(can.out).toContain('limited to sessions of at most 600 s\nlimited to connections over nats, websocket\n')
})
