/** What no command takes, and that whoever asked for JSON is told so in JSON, in one shape. */
import { describe, expect, test } from 'vitest'
import { nib } from '../support/nib.ts'
import { tempFolder } from '../support/temp-folder.ts'

const SHOP = ['-p', 'deploy/demo/policy']
const NOWHERE = ['-p', '/no/such/folder']

function broken(): string {
  const text = `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: a, namespace: a }
spec: { rules: [{ from: [] }], action: NO }
---
apiVersion: nats-identity-bridge.dev/v1alpha1
kind: SubjectCeiling
metadata: { name: a }
spec: { principals: [{ namespace: a }], publish: [a..b] }
`
  return tempFolder().write('p.yaml', text)
}

describe('--json gives one shape of failure', () => {
  test.for<[string, string[]]>([
    ['folder-unreadable', ['lint', ...NOWHERE]],
    ['folder-unreadable', ['http', 'can', ...NOWHERE]],
    ['folder-unreadable', ['why', 'shop/a', 'publish', 'a', ...NOWHERE]],
    ['folder-unreadable', ['what-can', 'shop/a', ...NOWHERE]],
    ['folder-unreadable', ['who-can', 'publish', 'a', ...NOWHERE]],
    ['folder-unreadable', ['review', 'SHOP', ...NOWHERE]],
    ['folder-unreadable', ['drift', ...NOWHERE]],
    ['folder-unreadable', ['plan', '/no/such/folder', ...SHOP]],
    ['folder-unreadable', ['compile', ...NOWHERE]],
    ['file-unreadable', ['test', '/no/such/file']],
    ['', ['lint']],
    ['', ['why', 'x', 'publish', 'a', ...SHOP]],
    ['', ['what-can', 'x', ...SHOP]],
    ['', ['compile', '--principal', 'x', ...SHOP]],
    ['', ['http', 'can', '--principal', 'x', ...SHOP]],
    ['', ['why', 'shop/a', 'read', 'a', ...SHOP]],
    ['', ['test', '--nonsense', 'x']],
    ['', ['keys', 'show', '/no/such/file']],
    ['', ['keys', 'make', 'nonsense', '-o', '/no/such/file']],
    ['', ['server-config', '-a', 'A', '-o', '/no/such/folder', '--listen', 'nonsense']],
    ['', ['why', 'shop/a', 'publish', 'a', '--bridge', 'nonsense']],
    ['', ['nonsense']],
  ])('%s of nib %j', async ([code, argv]) => {
    const ran = await nib([...argv, '--json'])
    expect(ran.exitCode).toBeGreaterThan(0)
    expect(ran.problems).not.toBe('')
    const { error, diagnostics } = JSON.parse(ran.out)
    expect(error).toMatchObject({
      code: expect.stringMatching(/^[a-z]+(-[a-z]+)*$/),
      message: expect.stringMatching(/./),
    })
    expect(Object.keys(error).filter((name) => !['code', 'message', 'hint'].includes(name))).toEqual([])
    expect(diagnostics).toEqual(
      code === '' ? [] : expect.arrayContaining([expect.objectContaining({ code, severity: 'error' })]),
    )
  })

  test.for<string[]>([['why', 'shop/a', 'publish', 'a'], ['what-can', 'shop/a'], ['http', 'can'], ['compile']])(
    'of policies that are broken, to nib %j',
    async (argv) => {
      const ran = await nib([...argv, '-p', broken(), '--json'])
      expect(ran.exitCode).toBe(2)
      const { error, diagnostics } = JSON.parse(ran.out)
      expect(error.code).toMatch(/refused/)
      expect(diagnostics.length).toBeGreaterThan(0)
      expect(ran.problems).toContain('error:')
    },
  )

  test('and a person reads it on stderr alone', async () => {
    const ran = await nib(['why', 'x', 'publish', 'a', ...SHOP])
    expect(ran.out).toBe('')
    expect(ran.problems).toMatch(/^nib: error: principal "x"/)
  })
})

describe('a flag that has no meaning is refused', () => {
  const ANNA = 'https://login.example/anna'
  test.for<[string[], string]>([
    [['why', 'shop/web', 'publish', 'a', '-q', 'q', ...SHOP], 'queue groups are for subscribers'],
    [['why', 'shop/web', 'subscribe', 'a', '-q', '', ...SHOP], 'queue group is empty'],
    [['why', 'shop/web', 'subscribe', 'a', '-q', 'q 1', ...SHOP], 'queue group "q 1" has blanks in it'],
    [['why', 'shop/web', 'publish', 'a', '--claim', 'a=b', ...SHOP], 'is a workload'],
    [['why', 'shop/web', 'publish', 'a', '--claims', '{"a":"b"}', ...SHOP], 'is a workload'],
    [['what-can', 'shop/web', '--group', 'g', ...SHOP], 'is a workload'],
    [['what-can', ANNA, '--claims', '[]', ...SHOP], '--claims is no JSON object'],
    [['what-can', ANNA, '--claims', '{', ...SHOP], '--claims is no JSON object'],
    [['compile', '--principal', 'shop/web', '--group', 'g', ...SHOP], 'these principals are workloads'],
    [['compile', '--principal', 'shop/web', '--claim', 'a=b', ...SHOP], 'these principals are workloads'],
    [['compile', '--claim', 'a=b', ...SHOP], 'no principal is named'],
    [['compile', '--server-version', '2.9.0', ...SHOP], 'nats-server has auth_callout since 2.10.0'],
    [['server-config', '-a', 'A', '-o', '/no/such/folder', '--server-version', '2.9.0'], 'since 2.10.0'],
  ])('nib %j', async ([argv, said]) => {
    const ran = await nib(argv)
    expect([ran.exitCode, ran.out]).toEqual([2, ''])
    expect(ran.problems).toContain(said)
  })
})

describe('a slip of the pen is answered with', () => {
  test.for<[string, string[], string]>([
    ['the page of that command', ['why', 'shop/web', 'publish', ...SHOP], 'nib why --help shows what it takes'],
    ['the page of that subcommand', ['keys', 'make', 'account'], 'nib keys make --help shows what it takes'],
    ['the commands there are', ['nonsense'], 'nib --help lists the commands'],
    ['the commands there are, also where help was asked', ['help', 'nonsense'], 'nib --help lists the commands'],
    ['the commands of that group', ['keys', 'nonsense'], 'nib keys --help lists the commands'],
    ['the flag that was meant, where another seems missing', ['serve', '--confg', 'a'], 'did you mean "--config"?'],
    ['the same with a value behind =', ['compile', '--polices=a'], 'there is no --polices: did you mean "--policies"?'],
    ['the word that was meant', ['why', 'shop/web', 'pubish', 'a', ...SHOP], "'pubish' is no action"],
  ])('%s: nib %j', async ([, argv, said]) => {
    const ran = await nib(argv)
    expect([ran.exitCode, ran.out]).toEqual([2, ''])
    expect(ran.problems).toMatch(/^nib: error: [^]*\nnib: hint: .*\n$/)
    expect(ran.problems).toContain(said)
    const { error } = JSON.parse((await nib([...argv, '--json'])).out)
    expect(`${error.message} ${error.hint}`).toContain(said)
  })

  test('the help alone where a group is called without a command', async () => {
    const { problems, exitCode } = await nib(['http'])
    expect(exitCode).toBe(2)
    expect(problems).toMatch(/^Usage: nib http /)
    expect(problems).not.toMatch(/error|hint/)
  })

  test.for<[string[], string]>([
    [['dev', '--port', '99999'], 'write a number from 1 to 65535'],
    [['dev', '--port', '12x'], 'write a number from 1 to 65535'],
    [['dev', '--port', ''], 'write a number from 1 to 65535'],
    [['server-config', '-o', '/no/such/folder'], 'for example --account SHOP'],
    [['server-config', '-a', 'A', '-o', '/no/such/folder', '--listen', 'a:99999'], 'a port up to 65535'],
  ])('what is expected: nib %j', async ([argv, said]) => {
    const ran = await nib(argv)
    expect([ran.exitCode, ran.out]).toEqual([2, ''])
    expect(ran.problems).toContain(said)
  })

  test('what to do where a folder cannot be made', async () => {
    const ran = await nib(['server-config', '-a', 'A', '-o', tempFolder().write('file', '')])
    expect(ran.exitCode).toBe(1)
    expect(ran.problems).toMatch(/cannot be made\nnib: hint: name one that is no file/)
  })
})

test('the first page of help has the exit codes, and no line of an error', async () => {
  const { out, problems, exitCode } = await nib(['--help'])
  expect([exitCode, problems]).toEqual([0, ''])
  expect(out).toContain('Exit codes: 0')
})

test('a claim may have any name, a dot in it too', async () => {
  const policies = tempFolder().write(
    'p.yaml',
    `apiVersion: nats-identity-bridge.dev/v1alpha1
kind: AccountMap
metadata: { name: a }
spec: { accounts: [{ account: A, principals: [{ issuer: https://login.example }] }] }
---
apiVersion: nats-identity-bridge.dev/v1alpha1
kind: SubjectPolicy
metadata: { name: p, namespace: a }
spec:
  principals: [{ issuer: https://login.example, claims: { 'https://ns.example/roles': admin } }]
  grants: [{ publish: [a] }]
`,
  )
  const claims = ['--claims', '{"https://ns.example/roles":["admin"]}', '-p', policies]
  const anna = 'https://login.example/anna'
  expect((await nib(['why', anna, 'publish', 'a', ...claims])).exitCode).toBe(0)
  expect((await nib(['why', anna, 'publish', 'a', '-p', policies])).exitCode).toBe(1)
  expect((await nib(['what-can', anna, ...claims])).out).toContain('SubjectPolicy a/p[0]')
  const compiled = JSON.parse((await nib(['compile', '--principal', anna, '--json', ...claims])).out)
  expect(compiled.principals[0].pub.allow).toContain('a')
})
