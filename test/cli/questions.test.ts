/** Each question as a person types it, asked of the demo shop's policy. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { answerText } from '../../src/answers/answer.ts'
import { answer } from '../../src/answers/ask.ts'
import { parseQuestion } from '../../src/answers/parse-question.ts'
import type { QuestionText } from '../../src/answers/question.ts'
import { compileOptionsOf } from '../../src/cli/load-snapshot.ts'
import { createCompiler } from '../../src/compile/index.ts'
import { createDecide } from '../../src/policy/decide.ts'
import { sha256Hex } from '../../src/serve/sha256.ts'
import { readPolicyFolders } from '../../src/sources/index.ts'
import { nib } from '../support/nib.ts'
import { tempFolder } from '../support/temp-folder.ts'

const SHOP = 'deploy/demo/policy'
const MESH = { trustDomain: 'cluster.local', alias: [], rootNamespace: 'istio-system' }

/** The shop's policy, edited. */
function shopWith(file: string, edit: (text: string) => string): string {
  const folder = tempFolder().path
  cpSync(SHOP, folder, { recursive: true })
  const path = join(folder, file)
  const before = readFileSync(path, 'utf8')
  const after = edit(before)
  expect(after).not.toBe(before)
  writeFileSync(path, after)
  return folder
}

async function expectedJson({ ask, body }: QuestionText): Promise<string> {
  const texts = await readPolicyFolders([SHOP])
  const compile = createCompiler(compileOptionsOf(MESH))
  const question = parseQuestion(ask, body, MESH)
  const { snapshot, ...beside } = compile(texts.ok ? texts.value : [])
  if (!question.ok || snapshot === undefined) throw new Error('nothing to ask')
  const given = answer(question.value, { snapshot, ...beside }, { decide: createDecide(sha256Hex), compile })
  if (!given.ok) throw new Error(given.error.message)
  return answerText(given.value)
}

describe('--json prints the answer and nothing else', () => {
  const WEB = 'spiffe://cluster.local/ns/shop/sa/web'
  test.for<[string[], QuestionText]>([
    [
      ['who-can', 'subscribe', 'shop.>', '-q', 'orders'],
      { ask: 'who-can', body: { action: 'subscribe', pattern: 'shop.>', queue: 'orders' } },
    ],
    [['what-can', 'shop/web'], { ask: 'what-can', body: { principal: WEB } }],
    [
      ['why', 'shop/web', 'publish', 'shop.payments.refund'],
      { ask: 'why', body: { principal: WEB, action: 'publish', subject: 'shop.payments.refund' } },
    ],
    [['drift'], { ask: 'drift', body: {} }],
    [['review', 'SHOP'], { ask: 'review', body: { account: 'SHOP' } }],
  ])('nib %j', async ([argv, question]) => {
    const ran = await nib([...argv, '-p', SHOP, '--json'])
    expect(ran.out).toBe(await expectedJson(question))
    expect(JSON.parse(ran.out)).toMatchObject({ ask: question.ask })
  })
})

describe('nib who-can', () => {
  test('names who is known and describes who is not, with the rule behind each', async () => {
    const ran = await nib(['who-can', 'publish', 'shop.orders.1001.status', '-p', SHOP])
    expect(ran.exitCode).toBe(0)
    expect(ran.out).toMatch(
      /sa\/web +SHOP .*AuthorizationPolicy shop\/orders\[0\].* deploy\/demo\/policy\/http\.yaml:12/,
    )
    expect(ran.out).toContain('any end user in group support')
    expect(ran.out).not.toContain('dashboard')
  })

  test('answers with nobody, and that is no failure', async () => {
    const ran = await nib(['who-can', 'publish', 'warehouse.>', '-p', SHOP, '--json'])
    expect(ran.exitCode).toBe(0)
    expect(JSON.parse(ran.out)).toMatchObject({ holders: [] })
  })

  test('gives spreadsheets a line for each right', async () => {
    const ran = await nib(['who-can', 'subscribe', 'shop.payments.*', '-p', SHOP, '--csv'])
    const [head = '', ...rows] = ran.out.trimEnd().split(/\r?\n/)
    expect(head).toMatch(/^action,pattern,queue,principal,/)
    expect(rows.length).toBeGreaterThan(0)
    expect(rows.every((row) => row.startsWith('subscribe,shop.payments.*,'))).toBe(true)
  })

  test('takes what is known of streams from a file', async () => {
    const file = tempFolder().at('topology.json')
    writeFileSync(file, JSON.stringify({ accounts: { SHOP: { jetStream: false, imports: [], exports: [] } } }))
    const ask = (...more: string[]) => nib(['who-can', 'publish', 'shop.orders.created', '-p', SHOP, '--json', ...more])
    expect(JSON.parse((await ask()).out)).toMatchObject({ complete: false })
    expect(JSON.parse((await ask('--topology', file)).out)).toMatchObject({ complete: true, gaps: [] })
    writeFileSync(file, '{"accounts": {"SHOP": {"stream": []}}}')
    const refused = await ask('--topology', file)
    expect(refused.exitCode).toBe(2)
    expect(JSON.parse(refused.out)).toMatchObject({ error: { code: 'topology-refused' }, diagnostics: [] })
    expect(refused.problems).toContain('topology.json is no topology: accounts.SHOP')
  })
})

describe('nib what-can', () => {
  function tokenFile(claims: object): string {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const file = tempFolder().at('token.jwt')
    writeFileSync(file, `${part({ alg: 'RS256', kid: 'a' })}.${part(claims)}.c2lnbmF0dXJl\n`)
    return file
  }

  test('reads the holder off a token, and says that nothing of it is proven', async () => {
    const anna = tokenFile({ iss: 'https://login.example', sub: 'anna', groups: ['support'], exp: 1 })
    const ran = await nib(['what-can', '--token-file', anna, '-p', SHOP, '--json'])
    expect(ran.exitCode).toBe(0)
    expect(ran.problems).toContain('the token was decoded, not verified')
    expect(JSON.parse(ran.out)).toMatchObject({ principal: 'https://login.example/anna', account: 'SHOP' })
    const other = await nib(['what-can', '--token-file', anna, '--groups-claim', 'roles', '-p', SHOP])
    expect(other.exitCode).toBe(1)
    expect(other.out).toContain('ACCOUNT_NONE')
  })

  test('knows the ServiceAccount of a token', async () => {
    const claims = {
      iss: 'https://kubernetes.default.svc',
      sub: 'system:serviceaccount:shop:orders',
      'kubernetes.io': { namespace: 'shop', serviceaccount: { name: 'orders', uid: 'u1' } },
    }
    const ran = await nib(['what-can', '--token-file', tokenFile(claims), '-p', SHOP, '--json'])
    expect(JSON.parse(ran.out)).toMatchObject({ principal: 'spiffe://cluster.local/ns/shop/sa/orders' })
    const legacy = await nib(['what-can', '--token-file', tokenFile({ iss: 'x', sub: claims.sub }), '-p', SHOP])
    expect(legacy).toMatchObject({ exitCode: 2, out: '' })
    expect(legacy.problems).toContain('the kubernetes.io claim is missing or incomplete')
  })

  test('tells nothing of a token that names nobody', async () => {
    const file = tempFolder().at('token.jwt')
    writeFileSync(file, 'SECRET.SECRET')
    const ran = await nib(['what-can', '--token-file', file, '-p', SHOP])
    expect(ran).toMatchObject({ exitCode: 2, out: '' })
    expect(ran.problems).toContain('the token names nobody')
    expect(ran.problems).not.toContain('SECRET')
  })

  test('wants one principal', async () => {
    const none = await nib(['what-can', '-p', SHOP])
    expect(none.problems).toContain('no principal is named')
    const file = tokenFile({ iss: 'https://login.example', sub: 'anna' })
    const two = await nib(['what-can', 'shop/web', '--token-file', file, '-p', SHOP])
    expect(two.problems).toContain('a token says who its holder is')
    expect([none.exitCode, two.exitCode]).toEqual([2, 2])
  })
})

describe('nib plan', () => {
  const granted = (): string =>
    shopWith('orders.yaml', (text) => text.replace('shop.orders.created]', 'shop.orders.created, shop.orders.closed]'))

  test('ends with 0 where nothing changes, in words and as JSON', async () => {
    expect(await nib(['plan', SHOP, '-p', SHOP])).toEqual({ exitCode: 0, out: 'no change\n', problems: '' })
    expect(JSON.parse((await nib(['plan', SHOP, '-p', SHOP, '--json'])).out)).toMatchObject({
      ask: 'plan',
      changes: [],
    })
  })

  test('ends with 2 where somebody gains, and names the rule', async () => {
    const ran = await nib(['plan', granted(), '-p', SHOP])
    expect(ran.exitCode).toBe(2)
    expect(ran.out).toMatch(/\+ +publish +shop\.orders\.closed .*SubjectPolicy shop\/orders\[0\]/)
    expect((await nib(['plan', granted(), '-p', SHOP, '--fail-on', 'widen'])).exitCode).toBe(2)
  })

  test('with --fail-on widen, who only loses may', async () => {
    const folder = granted()
    expect((await nib(['plan', SHOP, '-p', folder])).exitCode).toBe(2)
    expect((await nib(['plan', SHOP, '-p', folder, '--fail-on', 'widen'])).exitCode).toBe(0)
  })

  test('ends with 1 where there is no answer, so that no gate takes that for a change', async () => {
    const broken = shopWith('accounts.yaml', (text) => text.replace('account: SHOP', 'acount: SHOP'))
    const refused = await nib(['plan', broken, '-p', SHOP])
    expect(refused).toMatchObject({ exitCode: 1, out: '' })
    expect(refused.problems).toContain('unknown field "acount"')
    expect(refused.problems).toContain('nib: error: the candidate would not be put in force')
    for (const argv of [
      ['plan', 'no-such-folder', '-p', SHOP],
      ['plan', SHOP, '-p', 'no-such-folder'],
      ['plan', SHOP],
      ['plan'],
      ['plan', SHOP, '-p', SHOP, '--fail-on', 'never'],
      ['plan', '-', '-p', '-'],
    ]) {
      expect({ argv, ...(await nib(argv)) }).toMatchObject({ argv, exitCode: 1, out: '' })
    }
  })

  test('takes the candidate from a pipe', async () => {
    const input = readFileSync(join(granted(), 'orders.yaml'), 'utf8')
    const ran = await nib(['plan', '-', '-p', join(SHOP, 'orders.yaml')], { input })
    expect(ran).toMatchObject({ exitCode: 0, problems: '' })
    expect(ran.out).toContain('no change for anybody')
  })
})

describe('nib drift', () => {
  test('ends with 0 where HTTP and NATS agree, and notes what no one may call', async () => {
    const ran = await nib(['drift', '-p', SHOP])
    expect(ran).toMatchObject({ exitCode: 0, problems: '' })
    expect(ran.out).toContain('no differences between HTTP and NATS (2 services)')
    expect(ran.out).toContain('shop.payments.refund')
  })

  test('ends with 1 where they differ, and names the rules of both sides', async () => {
    const folder = shopWith('orders.yaml', (text) => text.replace('[shop.orders.created]', '[shop.payments.>]'))
    const ran = await nib(['drift', '-p', folder])
    expect(ran.exitCode).toBe(1)
    expect(ran.out).toContain('NATS gives more  POST /refunds  publish shop.payments.refund')
    expect(ran.out).toMatch(/NATS +SubjectPolicy shop\/orders\[0\] /)
  })

  test('ends with 2 where there is no answer', async () => {
    expect(await nib(['drift', '-p', 'no-such-folder'])).toMatchObject({ exitCode: 2, out: '' })
    const none = await nib(['drift'])
    expect(none).toMatchObject({ exitCode: 2, out: '' })
    expect(none.problems).toContain('name their folder: --policies ./policy')
  })
})

describe('nib review', () => {
  test('writes markdown, with the day it is told', async () => {
    const ran = await nib(['review', 'SHOP', '-p', SHOP, '--date', '2026-11-21'])
    expect(ran.exitCode).toBe(0)
    expect(ran.out).toMatch(/^# Access review of account `SHOP`\n\nDay 2026-11-21\. /)
    expect(ran.out).toContain('### `spiffe://cluster.local/ns/shop/sa/dashboard`')
  })

  test('or a line for each right', async () => {
    const ran = await nib(['review', 'SHOP', '-p', SHOP, '--csv'])
    expect(ran.out).toMatch(/^account,principal,/)
    expect(ran.out.split('\n').filter((line) => line.includes('/sa/web')).length).toBe(3)
  })

  test('knows the account that was meant', async () => {
    const ran = await nib(['review', 'SHPO', '-p', SHOP])
    expect(ran).toMatchObject({ exitCode: 2, out: '' })
    expect(ran.problems).toContain('no AccountMap places anybody in account "SHPO"\nnib: hint: did you mean "SHOP"?')
  })
})

describe('hostile questions', () => {
  const DEEP = Array.from({ length: 1000 }).fill('*').join('.')
  test.for<[string, string[]]>([
    ['1,000 wildcards', ['who-can', 'subscribe', DEEP]],
    ['a subject of 64 KB', ['who-can', 'publish', 'a'.repeat(65_536)]],
    ['control characters', ['why', 'shop/web', 'publish', 'a\u001b[2J']],
    ['a queue for a publisher', ['who-can', 'publish', 'a', '-q', 'q']],
    ['a principal of 64 KB', ['what-can', `spiffe://a/${'b'.repeat(65_536)}`]],
    ['an account with a line end', ['review', 'A\nB']],
    ['two forms of output', ['who-can', 'publish', 'a', '--csv', '--json']],
  ])('%s: refused with a short line and exit code 2', async ([, argv]) => {
    const ran = await nib([...argv, '-p', SHOP])
    expect(ran.exitCode).toBe(2)
    expect(ran.out.length).toBeLessThan(600)
    expect(ran.out).not.toContain('"ask"')
    expect(ran.problems).toMatch(/^nib: error: /)
    expect(ran.problems.length).toBeLessThan(600)
    // eslint-disable-next-line no-control-regex
    expect(ran.problems).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/)
  })
})

test.for(['who-can', 'what-can', 'why', 'review', 'plan', 'drift'])('nib %s --help has an example', async (command) => {
  const ran = await nib([command, '--help'])
  expect(ran).toMatchObject({ exitCode: 0, problems: '' })
  expect(ran.out).toMatch(new RegExp(`Examples?:\\n  nib ${command} `))
  expect(ran.out).toContain('--json')
})
