import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { nib, type Ran } from '../support/nib.ts'
import { tempFolder } from '../support/temp-folder.ts'

const API = 'apiVersion: nats-identity-bridge.dev/v1alpha1'
const POLICIES = `${process.cwd()}/test/support/shop-policy`

/** @param cases the items of the list, as flow mappings. */
function policyTest(cases: readonly string[], spec = `policies: ${POLICIES}`): string {
  return `${API}\nkind: PolicyTest\nspec:\n  ${spec}\n  cases:\n${cases.map((one) => `    - ${one}\n`).join('')}`
}

const HOLDS = '{ principal: shop/orders, can: publish, subject: shop.orders.created }'
const BREAKS = '{ principal: shop/orders, cannot: publish, subject: shop.orders.created }'

/** Lines by themselves, with single blanks. */
function linesOf({ out }: Ran): string[] {
  return out.split('\n').map((line) => line.replaceAll(/ +/g, ' ').trim())
}

async function run(text: string, ...more: string[]): Promise<Ran> {
  const folder = tempFolder()
  return nib(['test', folder.write('shop.test.yaml', text), ...more])
}

async function results(
  ...cases: string[]
): Promise<{ statement: string; passed: boolean; found: string; note?: string }[]> {
  const ran = await run(policyTest(cases), '--json')
  expect(ran.problems).toBe('')
  const report: { tests: { results: never[] }[] } = JSON.parse(ran.out)
  return report.tests.flatMap((one) => one.results)
}

describe('nib test', () => {
  test('ends with 0 when all holds, and names the rule behind each line', async () => {
    const ran = await run(policyTest([HOLDS, '{ principal: shop/dashboard, cannot: publish, subject: ">" }']))
    expect(ran).toMatchObject({ exitCode: 0, problems: '' })
    expect(linesOf(ran)).toEqual([
      expect.stringMatching(/shop\.test\.yaml snapshot [0-9a-f]{12}$/),
      `✓ shop/orders can publish shop.orders.created SubjectPolicy shop/orders[2] ${POLICIES}/orders.yaml:15`,
      `✓ shop/dashboard cannot publish > SubjectPolicy shop/read-only[0] ${POLICIES}/dashboard.yaml:24`,
      '',
      '2 passed, 0 failed',
      '',
    ])
  })

  test('ends with 1 when something does not hold, and says what was expected, what is, and by which rules', async () => {
    const ran = await run(policyTest([HOLDS, '{ principal: shop/dashboard, cannot: subscribe, subject: shop.> }']))
    expect(ran).toMatchObject({ exitCode: 1, problems: '' })
    expect(linesOf(ran).slice(2)).toEqual([
      `✗ shop/dashboard cannot subscribe shop.> SubjectPolicy shop/dashboard[0] ${POLICIES}/dashboard.yaml:11`,
      expect.stringMatching(/^expected nothing of it .*shop\.test\.yaml:7$/),
      'found a part of it: shop.orders.>',
      `lives in AccountMap shop[0] ${POLICIES}/accounts.yaml:8`,
      `allowed by SubjectPolicy shop/dashboard[0] shop.orders.> ${POLICIES}/dashboard.yaml:11`,
      '',
      '1 passed, 1 failed',
      '',
    ])
  })

  test('asks for each principal and each subject of a case', async () => {
    const list = '{ principal: [shop/web, shop/orders], cannot: publish, subject: [a, b] }'
    expect((await results(list)).map(({ statement }) => statement)).toEqual([
      'shop/web cannot publish a',
      'shop/web cannot publish b',
      'shop/orders cannot publish a',
      'shop/orders cannot publish b',
    ])
  })

  test.for([
    ['{ principal: shop/dashboard, can: subscribe, subject: shop.orders.> }', true],
    ['{ principal: shop/dashboard, can: subscribe, subject: shop.> }', false],
    ['{ principal: shop/dashboard, cannot: subscribe, subject: warehouse.> }', true],
    ['{ principal: shop/payments, can: subscribe, subject: shop.payments.charge, queue: payments }', true],
    ['{ principal: shop/payments, can: subscribe, subject: shop.payments.charge }', false],
    ['{ principal: shop/payments, cannot: subscribe, subject: shop.payments.charge }', false],
    ['{ principal: shop/payments, cannot: subscribe, subject: shop.payments.charge, queue: false }', true],
    ['{ principal: shop/payments, cannot: subscribe, subject: shop.payments.charge, queue: others }', true],
    ['{ principal: https://login.example/anna, groups: [support], can: publish, subject: shop.orders.status }', true],
    ['{ principal: https://login.example/anna, groups: [support], account: SHOP }', true],
    ['{ principal: https://login.example/anna, cannot: login }', true],
    ['{ principal: shop/web, can: login }', true],
    ['{ principal: shop/web, account: STAFF }', false],
    ['{ principal: hr/crawler, refusal: ACCOUNT_NONE }', true],
    ['{ principal: hr/crawler, cannot: login, refusal: ACCOUNT_CONFLICT }', false],
    ['{ principal: hr/crawler, cannot: publish, subject: shop.> }', true],
    ['{ principal: hr/crawler, can: publish, subject: shop.orders.created }', false],
  ] satisfies [string, boolean][])('%s holds: %s', async ([one, holds]) => {
    const [result, ...others] = await results(one)
    expect({ ...result, others }).toMatchObject({ passed: holds, others: [] })
  })

  test('asks for the account beside what can be done in it', async () => {
    const both = '{ principal: shop/orders, account: STAFF, can: publish, subject: shop.orders.created }'
    expect((await results(both)).map(({ statement, passed }) => [statement, passed])).toEqual([
      ['shop/orders lives in account STAFF', false],
      ['shop/orders can publish shop.orders.created', true],
    ])
  })

  test('reads claims as a token has them', async () => {
    const folder = tempFolder()
    const roles = '{ realm_access: { roles: [viewer, operations] } }'
    const people = [
      `{ principal: https://login.example.com/alice, claims: ${roles}, can: subscribe, subject: shop.orders.created }`,
      '{ principal: https://login.example.com/bob, cannot: subscribe, subject: shop.> }',
    ]
    const file = folder.write('t.yaml', policyTest(people, `policies: ${process.cwd()}/deploy/examples/policy`))
    expect(await nib(['test', file])).toMatchObject({ exitCode: 0, problems: '' })
  })

  test('a name that nobody wrote, and nearly did, is told beside what it cannot do', async () => {
    const [result, stranger] = await results(
      '{ principal: shop/odrers, cannot: publish, subject: shop.orders.created }',
      '{ principal: shop/cleaner, cannot: publish, subject: shop.orders.created }',
    )
    expect(result).toMatchObject({ passed: true, note: 'no document names shop/odrers; did you mean shop/orders?' })
    expect(stranger).not.toHaveProperty('note')
  })

  test('finds policies from the folder of the test, in several folders, and elsewhere when told', async () => {
    const folder = tempFolder()
    const [accounts, grants] = ['accounts.yaml', 'orders.yaml'].map((name) =>
      readFileSync(`${POLICIES}/${name}`, 'utf8'),
    )
    folder.write('a/accounts.yaml', accounts ?? '')
    folder.write('b/orders.yaml', grants ?? '')
    const file = folder.write('tests/t.yaml', policyTest([HOLDS], 'policies: [../a, ../b/orders.yaml]'))
    expect((await nib(['test', file])).exitCode).toBe(0)
    const elsewhere = folder.write('tests/elsewhere.yaml', policyTest([HOLDS], 'policies: ./nowhere'))
    expect((await nib(['test', elsewhere])).exitCode).toBe(2)
    expect((await nib(['test', elsewhere, '-p', POLICIES])).exitCode).toBe(0)
    expect((await nib(['test', elsewhere, '-p', '-'], { input: `${accounts}\n---\n${grants}` })).exitCode).toBe(0)
  })

  test('reads standard input once for all tests, each in its own mesh', async () => {
    const folder = tempFolder()
    const files = ['cluster.local', 'shop.example'].map((name) => {
      const one = `{ principal: spiffe://${name}/ns/shop/sa/orders, account: SHOP }`
      return folder.write(`${name}.yaml`, policyTest([one], `trustDomain: ${name}`))
    })
    const input = readFileSync(`${POLICIES}/accounts.yaml`, 'utf8')
    expect(await nib(['test', ...files, '-p', '-'], { input })).toMatchObject({ exitCode: 0, problems: '' })
  })

  test('reads every document of a file, and every file once', async () => {
    const folder = tempFolder()
    const file = folder.write('t.yaml', `${policyTest([HOLDS])}---\n${policyTest([BREAKS])}`)
    const other = folder.write('u.yaml', policyTest([HOLDS]))
    const ran = await nib(['test', file, other, file, '--json'])
    expect(JSON.parse(ran.out)).toMatchObject({ passed: 2, failed: 1, diagnostics: [] })
  })

  test('a test may lie among the policies', async () => {
    const folder = tempFolder()
    folder.write('accounts.yaml', readFileSync(`${POLICIES}/accounts.yaml`, 'utf8'))
    const file = folder.write('t.yaml', policyTest(['{ principal: shop/orders, account: SHOP }'], 'policies: .'))
    expect(await nib(['test', file])).toMatchObject({ exitCode: 0, problems: '' })
  })

  test('trust domains may be named', async () => {
    const spec = `policies: ${POLICIES}\n  trustDomain: shop.example\n  trustDomainAliases: [old.example]`
    const same = '{ principal: [shop/orders, spiffe://old.example/ns/shop/sa/orders], account: SHOP }'
    const other = '{ principal: spiffe://cluster.local/ns/shop/sa/orders, cannot: login }'
    expect(await run(policyTest([same, other], spec))).toMatchObject({ exitCode: 0 })
  })
})

describe('nib test --coverage', () => {
  test('lists the rules that are behind no assertion, with their place', async () => {
    const ran = await run(
      policyTest([HOLDS, '{ principal: shop/dashboard, cannot: publish, subject: ">" }']),
      '--coverage',
    )
    expect(ran.exitCode).toBe(0)
    const lines = linesOf(ran)
    expect(lines).toContain('coverage 3 of 10 rules, 30 %')
    expect(lines).toContain(`SubjectPolicy shop/payments[0] ${POLICIES}/payments.yaml:11`)
    expect(lines.join('\n')).not.toMatch(/^SubjectPolicy shop\/orders\[2\]/m)
  })

  test('puts together what several tests of one policy exercise', async () => {
    const folder = tempFolder()
    const files = [HOLDS, '{ principal: shop/web, can: publish, subject: shop.orders.create }'].map((one, i) =>
      folder.write(`${i}.yaml`, policyTest([one])),
    )
    const ran = await nib(['test', ...files, '--coverage', '--json'])
    expect(JSON.parse(ran.out)).toMatchObject({ coverage: { exercised: 3, total: 10, percent: 30 } })
  })

  test('fails when less than asked for is exercised', async () => {
    expect((await run(policyTest([HOLDS]), '--fail-under', '20')).exitCode).toBe(0)
    const under = await run(policyTest([HOLDS]), '--fail-under', '21')
    expect(under).toMatchObject({ exitCode: 1, problems: 'nib: error: the coverage of 20 % is under 21 %\n' })
    for (const wrong of ['101', 'x', '-1']) {
      expect(await run(policyTest([HOLDS]), '--fail-under', wrong)).toMatchObject({ exitCode: 2, out: '' })
    }
  })
})

describe('a broken test', () => {
  test.for([
    ['{ principal: shop orders, can: publish, subject: a }', '6:20 principal-invalid'],
    ['{ principal: [shop/orders, x], can: publish, subject: a }', '6:34 principal-invalid'],
    ['{ principal: 5, can: publish, subject: a }', '6:20 wrong-type'],
    ['{ principal: [], can: publish, subject: a }', '6:20 empty-list'],
    ['{ can: publish, subject: a }', '6:7 missing-field'],
    ['{ principal: shop/orders, can: publish, subject: a..b }', '6:56 pattern-invalid'],
    ['{ principal: shop/orders, can: publish, subject: [a, b.>.c] }', '6:60 pattern-invalid'],
    ['{ principal: shop/orders, can: publish }', '6:7 missing-field'],
    ['{ principal: shop/orders }', '6:7 case-empty'],
    ['{ principal: shop/orders, can: pubish, subject: a }', '6:38 invalid-value'],
    ['{ principals: shop/orders, can: publish, subject: a }', '6:9 unknown-field'],
    ['{ principal: shop/orders, can: publish, cannot: publish, subject: a }', '6:47 case-contradictory'],
    ['{ principal: shop/orders, can: login, subject: a }', '6:45 case-contradictory'],
    ['{ principal: shop/orders, can: publish, subject: a, queue: q }', '6:59 case-contradictory'],
    ['{ principal: shop/orders, can: subscribe, subject: a, queue: [q] }', '6:68 queue-invalid'],
    ['{ principal: shop/orders, can: subscribe, subject: a, queue: true }', '6:68 queue-invalid'],
    ['{ principal: shop/orders, account: A, cannot: login }', '6:33 case-contradictory'],
    ['{ principal: shop/orders, account: A, refusal: ACCOUNT_NONE }', '6:33 case-contradictory'],
    ['{ principal: shop/orders, can: login, refusal: ACCOUNT_NONE }', '6:45 case-contradictory'],
    ['{ principal: shop/orders, refusal: TOKEN_EXPIRED }', '6:42 invalid-value'],
    ['{ principal: shop/orders, groups: [a], can: publish, subject: a }', '6:33 case-contradictory'],
    ['{ principal: shop/orders, claims: {a: b}, can: publish, subject: a }', '6:33 case-contradictory'],
  ] satisfies [string, string][])('%s is refused at %s, and nothing is run', async ([one, mistake]) => {
    const ran = await run(policyTest([one]), '--json')
    expect(ran.exitCode).toBe(2)
    const { diagnostics, tests }: { diagnostics: { line: number; column: number; code: string }[]; tests: [] } =
      JSON.parse(ran.out)
    expect(diagnostics.map(({ line, column, code }) => `${line}:${column} ${code}`)).toEqual([mistake])
    expect(tests).toEqual([])
  })

  test.for([
    ['a file that is not there', undefined, 'does not exist'],
    ['an empty file', '', 'holds no document'],
    ['another kind', `${API}\nkind: AccountMap\nspec: {}\n`, 'kind is "AccountMap", expected PolicyTest'],
    ['no policies', `${API}\nkind: PolicyTest\nspec: {cases: [${HOLDS}]}\n`, 'write spec.policies, or give --policies'],
    ['no cases', `${API}\nkind: PolicyTest\nspec: {policies: ${POLICIES}, cases: []}\n`, 'spec.cases is an empty list'],
    ['bad YAML', `${API}\nkind: [PolicyTest\n`, 'not valid YAML'],
  ] satisfies [string, string | undefined, string][])('%s ends with 2', async ([, text, said]) => {
    const folder = tempFolder()
    const ran = await nib(['test', text === undefined ? folder.at('none.yaml') : folder.write('t.yaml', text)])
    expect(ran).toMatchObject({ exitCode: 2, out: '' })
    expect(ran.problems).toContain(said)
  })

  test('of policies that are broken is told, and the rest still runs', async () => {
    const folder = tempFolder()
    folder.write('p/accounts.yaml', readFileSync(`${POLICIES}/accounts.yaml`, 'utf8'))
    folder.write('p/broken.yaml', `${API}\nkind: SubjectPolicy\nmetadata: {name: b, namespace: n}\nspec: {}\n`)
    const file = folder.write('t.yaml', policyTest(['{ principal: shop/orders, account: SHOP }'], 'policies: p'))
    const ran = await nib(['test', file])
    expect(ran.exitCode).toBe(2)
    expect(ran.problems).toContain('spec.principals is missing')
    expect(ran.out).toContain('1 passed, 0 failed')
  })
})

describe('nib test --junit', () => {
  test('writes every result and every error for a CI system', async () => {
    const folder = tempFolder()
    const file = folder.write(
      't.yaml',
      policyTest(['{ name: mine, principal: shop/web, can: publish, subject: [shop.orders.create, a] }']),
    )
    const broken = folder.write('u.yaml', policyTest(['{ principal: shop/orders }']))
    const report = folder.at('report.xml')
    expect((await nib(['test', file, broken, '--junit', report])).exitCode).toBe(2)
    const xml = readFileSync(report, 'utf8').replaceAll(`${folder.path}/`, '').replaceAll(`${process.cwd()}/`, '')
    const golden = new URL('../golden/cli/junit.xml', import.meta.url)
    if (process.env['REFRESH_GOLDEN'] === '1') writeFileSync(golden, xml)
    expect(xml).toBe(readFileSync(golden, 'utf8'))
  })

  test('writes to standard output instead of the text', async () => {
    const folder = tempFolder()
    const file = folder.write('t.yaml', policyTest([HOLDS]))
    const report = folder.at('report.xml')
    await nib(['test', file, '--junit', report])
    expect(await nib(['test', file, '--junit', '-'])).toEqual({
      exitCode: 0,
      out: readFileSync(report, 'utf8'),
      problems: '',
    })
    expect(existsSync('-')).toBe(false)
    const both = await nib(['test', file, '--junit', '-', '--json'])
    expect(both.exitCode).toBe(2)
    expect(both.problems).toContain('both write to standard output')
  })

  test('says so when the report cannot be written', async () => {
    const folder = tempFolder()
    const file = folder.write('t.yaml', policyTest([HOLDS]))
    const ran = await nib(['test', file, '--junit', folder.at('no/such/report.xml')])
    expect(ran.exitCode).toBe(2)
    expect(ran.problems).toContain('cannot write')
  })
})

const ISTIO = `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: orders, namespace: shop }
spec:
  selector: { matchLabels: { app: orders } }
  rules:
    - from: [{ source: { principals: [cluster.local/ns/shop/sa/web] } }]
      to: [{ operation: { methods: [POST], paths: [/orders] } }]
    - from: [{ source: { requestPrincipals: ['https://login.example/*'] } }]
      when: [{ key: 'request.headers[x-team]', values: [support] }]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: no-admin, namespace: shop }
spec:
  action: DENY
  rules:
    - to: [{ operation: { paths: [/admin/*], hosts: [orders.shop], ports: ['8080'] } }]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: waypoint, namespace: shop }
spec:
  targetRefs: [{ kind: Service, group: '', name: stock }]
  rules: [{ from: [{ source: { ipBlocks: [10.0.0.0/8] } }] }]
`

const TO_ORDERS = 'workload: { namespace: shop, labels: { app: orders } }'

describe('assertions about HTTP', () => {
  async function ask(cases: readonly string[], ...more: string[]): Promise<Ran> {
    const folder = tempFolder()
    folder.write('p/accounts.yaml', readFileSync(`${POLICIES}/accounts.yaml`, 'utf8'))
    folder.write('p/istio.yaml', ISTIO)
    return nib(['test', folder.write('t.yaml', policyTest(cases, 'policies: p')), ...more])
  }

  test.for([
    [
      `{ http: { ${TO_ORDERS}, principal: shop/web, method: POST, path: /orders }, is: allow, by: 'shop/orders[0]' }`,
      true,
    ],
    [
      `{ http: { ${TO_ORDERS}, principal: cluster.local/ns/shop/sa/web, method: POST, path: /orders }, is: allow }`,
      true,
    ],
    [`{ http: { ${TO_ORDERS}, principal: shop/web, method: POST, path: '/a/../orders?x=1' }, is: allow }`, true],
    [`{ http: { ${TO_ORDERS}, method: POST, path: /orders }, is: deny, by: no-allow-match }`, true],
    [`{ http: { ${TO_ORDERS}, principal: shop/web, path: /orders }, is: allow }`, false],
    [
      `{ http: { ${TO_ORDERS}, principal: shop/web, method: POST, path: /orders }, is: allow, by: 'shop/orders[1]' }`,
      false,
    ],
    [
      `{ http: { ${TO_ORDERS}, claims: { iss: https://login.example, sub: anna }, headers: { X-Team: support } }, is: allow, by: 'ns[shop]-policy[orders]-rule[1]' }`,
      true,
    ],
    [`{ http: { ${TO_ORDERS}, claims: { iss: https://login.example, sub: anna } }, is: deny }`, true],
    [
      `{ http: { ${TO_ORDERS}, principal: shop/web, path: /admin/x, host: orders.shop, port: 8080 }, is: deny, by: 'shop/no-admin[0]' }`,
      true,
    ],
    [
      '{ http: { workload: { namespace: shop, labels: { app: other } }, path: /x }, is: allow, by: no-allow-policy }',
      true,
    ],
    ['{ http: { workload: { namespace: shop, waypointFor: stock }, sourceIp: 10.1.2.3 }, is: allow }', true],
    ['{ http: { workload: { namespace: shop, waypointFor: stock }, sourceIp: 192.168.0.1 }, is: allow }', false],
    [`{ http: { ${TO_ORDERS}, transport: tcp, port: 4222, principal: shop/web }, is: deny }`, true],
  ] satisfies [string, boolean][])('%s holds: %s', async ([one, holds]) => {
    const ran = await ask([one])
    expect(ran).toMatchObject({ exitCode: holds ? 0 : 1, problems: '' })
  })

  test('are asked of each workload by itself', async () => {
    const of = (app: string): string => `{ http: { workload: { namespace: shop, labels: { app: ${app} } } }, is: deny }`
    const ran = await ask([of('orders'), of('other'), of('orders')])
    expect(linesOf(ran).filter((line) => /^[✓✗]/.test(line))).toEqual([
      '✓ GET / to shop (app=orders): deny no-allow-match',
      '✗ GET / to shop (app=other): deny no-allow-policy',
      '✓ GET / to shop (app=orders): deny no-allow-match',
    ])
  })

  test('are shown with the rule that decides, for each method and path', async () => {
    const ran = await ask([
      `{ http: { ${TO_ORDERS}, principal: shop/web, method: [POST, PUT], path: /orders }, is: allow }`,
    ])
    expect(linesOf(ran).slice(1, 5)).toEqual([
      expect.stringMatching(
        /^✓ POST \/orders to shop \(app=orders\) from shop\/web: allow AuthorizationPolicy shop\/orders\[0\] .*istio\.yaml:7$/,
      ),
      '✗ PUT /orders to shop (app=orders) from shop/web: allow no-allow-match',
      expect.stringMatching(/^expected allow /),
      'found deny: no rule of the ALLOW policies matches',
    ])
  })

  test('make the rules of AuthorizationPolicies count for coverage', async () => {
    const account = '{ principal: shop/orders, account: SHOP }'
    const http = `{ http: { ${TO_ORDERS}, principal: shop/web, method: POST, path: /orders }, is: allow }`
    expect(JSON.parse((await ask([account], '--coverage', '--json')).out)).toMatchObject({ coverage: { total: 1 } })
    const { coverage }: { coverage: { rules: { origin: { name: string; rule: number }; exercised: boolean }[] } } =
      JSON.parse((await ask([account, http], '--coverage', '--json')).out)
    expect(coverage.rules.map(({ origin, exercised }) => `${origin.name}[${origin.rule}] ${exercised}`)).toEqual([
      'shop[0] true',
      'no-admin[0] false',
      'orders[0] true',
      'orders[1] false',
      'waypoint[0] false',
    ])
  })

  test.for([
    [`{ http: { ${TO_ORDERS} } }`, '6:7 case-empty'],
    [`{ http: { ${TO_ORDERS} }, is: allowed }`, '6:79 invalid-value'],
    [`{ http: { ${TO_ORDERS} }, is: allow, by: orders }`, '6:90 rule-invalid'],
    [`{ http: { ${TO_ORDERS} }, is: allow, principal: shop/web }`, '6:86 case-contradictory'],
    [`{ http: { ${TO_ORDERS}, principal: https://login.example/anna }, is: allow }`, '6:84 principal-invalid'],
    [`{ http: { ${TO_ORDERS}, sourceIp: here }, is: allow }`, '6:83 address-invalid'],
    [`{ http: { workload: { labels: { app: a } } }, is: allow }`, '6:17 missing-field'],
    ['{ principal: shop/orders, account: SHOP, is: allow }', '6:48 case-contradictory'],
    [`{ http: { ${TO_ORDERS} }, is: allow, by: no-allow-match }`, '6:86 case-contradictory'],
    [`{ http: { ${TO_ORDERS} }, is: deny, by: no-allow-policy }`, '6:85 case-contradictory'],
  ] satisfies [string, string][])('%s is refused at %s', async ([one, mistake]) => {
    const ran = await ask([one], '--json')
    expect(ran.exitCode).toBe(2)
    const { diagnostics }: { diagnostics: { line: number; column: number; code: string }[] } = JSON.parse(ran.out)
    expect(diagnostics.map(({ line, column, code }) => `${line}:${column} ${code}`)).toEqual([mistake])
  })

  test('a policy among the tests is one mistake', async () => {
    const ran = await nib(['test', `${POLICIES}/accounts.yaml`])
    expect(ran.exitCode).toBe(2)
    expect(ran.problems.match(/error:/g)).toHaveLength(1)
    expect(ran.problems).toContain('kind is "AccountMap", expected PolicyTest')
  })

  test('ask a waypoint by its name', async () => {
    const folder = tempFolder()
    folder.write('p/accounts.yaml', readFileSync(`${POLICIES}/accounts.yaml`, 'utf8'))
    const policy = (name: string) => `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: no-admin, namespace: shop }
spec:
  action: DENY
  targetRefs: [{ kind: Gateway, group: gateway.networking.k8s.io, name: ${name} }]
  rules: [{ to: [{ operation: { paths: [/admin] } }] }]
`
    const cases = ['', ', waypointName: other'].map(
      (more) => `{ http: { workload: { namespace: shop, waypointFor: orders${more} }, path: /admin }, is: deny }`,
    )
    const file = folder.write('t.yaml', policyTest(cases, 'policies: p'))
    for (const name of ['waypoint', 'other']) {
      folder.write('p/istio.yaml', policy(name))
      expect((await nib(['test', file])).out).toContain('1 passed, 1 failed')
    }
    const mistaken = [
      '{ http: { workload: { namespace: shop, waypointFor: orders, labels: { a: b } } }, is: deny }',
      '{ http: { workload: { namespace: shop, waypointName: other } }, is: deny }',
    ]
    const ran = await nib(['test', folder.write('t.yaml', policyTest(mistaken, 'policies: p'))])
    expect(ran.exitCode).toBe(2)
    expect(ran.problems.match(/case-contradictory/g)).toHaveLength(2)
  })

  test('are not made of policies that cannot be read', async () => {
    const folder = tempFolder()
    folder.write('p/istio.yaml', ISTIO.replace('action: DENY', 'action: DENIES'))
    folder.write('p/accounts.yaml', readFileSync(`${POLICIES}/accounts.yaml`, 'utf8'))
    const http = `{ http: { ${TO_ORDERS}, principal: shop/web, path: /orders }, is: deny }`
    const ran = await nib(['test', folder.write('t.yaml', policyTest([http], 'policies: p'))])
    expect(ran).toMatchObject({ exitCode: 2, out: '' })
    expect(ran.problems.split('\n').filter((line) => line.includes('istio.yaml'))).toHaveLength(1)
  })
})
