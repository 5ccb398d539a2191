import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { runCommand } from '../../src/cli/program.ts'

interface Ran {
  readonly exitCode: number
  readonly out: string
  readonly problems: string
}

async function nib(...argv: string[]): Promise<Ran> {
  let out = ''
  let problems = ''
  const exitCode = await runCommand(argv, {
    out: { write: (text) => (out += text) },
    problems: { write: (text) => (problems += text) },
    env: {},
  })
  return { exitCode, out, problems }
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'nib-cli-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

const SHOP = 'test/support/shop-policy'

describe('nib why', () => {
  test('names the rule that denies, and where it is written', async () => {
    const ran = await nib('why', 'shop/dashboard', 'publish', 'shop.payments.refund', '-p', SHOP)
    expect(ran).toEqual({
      exitCode: 1,
      problems: '',
      out: [
        'denied  spiffe://cluster.local/ns/shop/sa/dashboard publish shop.payments.refund',
        'account  SHOP',
        '',
        '           rule                             pattern  written in',
        'lives in   AccountMap shop[0]                        test/support/shop-policy/accounts.yaml:8',
        'denied by  SubjectPolicy shop/read-only[0]  >        test/support/shop-policy/dashboard.yaml:24',
        '',
        'to grant it  SubjectPolicy shop/read-only[0] denies it: whoever owns that must change it first; then write SubjectPolicy shop/dashboard-publish-shop-payments-refund, a new document',
        '',
      ].join('\n'),
    })
  })

  test('names the rule that allows, and ends with 0', async () => {
    const ran = await nib('why', 'shop/orders', 'publish', 'shop.orders.created', '-p', SHOP, '--json')
    expect(ran.exitCode).toBe(0)
    expect(JSON.parse(ran.out)).toMatchObject({
      allowed: true,
      account: 'SHOP',
      reasons: [
        { part: 'account', origin: { kind: 'AccountMap' } },
        { part: 'allow', origin: { kind: 'SubjectPolicy', name: 'orders', rule: 2 }, pattern: 'shop.orders.created' },
      ],
    })
  })

  test('knows a principal by every name it has', async () => {
    for (const name of [
      'shop/orders',
      'system:serviceaccount:shop:orders',
      'spiffe://cluster.local/ns/shop/sa/orders',
    ]) {
      const ran = await nib('why', name, 'publish', 'shop.orders.created', '-p', SHOP, '--json')
      expect(JSON.parse(ran.out)).toMatchObject({
        principal: 'spiffe://cluster.local/ns/shop/sa/orders',
        allowed: true,
      })
    }
    const anna = await nib(
      'why',
      'https://login.example/anna',
      'publish',
      'shop.orders.status',
      '-p',
      SHOP,
      '--group',
      'support',
    )
    expect(anna.exitCode).toBe(0)
  })

  test('says why there is no login at all', async () => {
    const ran = await nib('why', 'hr/crawler', 'publish', 'shop.orders.created', '-p', SHOP)
    expect(ran.exitCode).toBe(1)
    expect(ran.out).toContain('no login: ACCOUNT_NONE, no AccountMap entry matches the principal')
    // What a rule says or does not say of the subject is not the reason.
    expect((await nib('why', 'hr/crawler', 'publish', 'no.such', '-p', SHOP)).out).not.toContain('no rule speaks')
  })

  test('says so when no rule speaks of the subject, and only then', async () => {
    const ask = async (subject: string) => (await nib('why', 'shop/orders', 'publish', subject, '-p', SHOP)).out
    const nothing = 'no rule speaks of this subject: nothing granted means nothing allowed'
    expect(await ask('shop.no.such')).toMatch(new RegExp(`^lives in .*\n${nothing}$`, 'm'))
    expect(await ask('shop.orders.created')).not.toContain(nothing)
    expect((await nib('why', 'shop/dashboard', 'publish', 'shop.payments.refund', '-p', SHOP)).out).not.toContain(
      nothing,
    )
  })

  test('shows what a queue group changes', async () => {
    const ask = (...more: string[]) =>
      nib('why', 'shop/payments', 'subscribe', 'shop.payments.charge', '-p', SHOP, ...more)
    expect((await ask()).exitCode).toBe(1)
    expect((await ask('-q', 'payments')).exitCode).toBe(0)
    expect((await ask('-q', 'others')).exitCode).toBe(1)
  })

  test('tells a whole subscription from one that the server only fills in part', async () => {
    const ask = (subject: string) => nib('why', 'shop/dashboard', 'subscribe', subject, '-p', SHOP, '--json')
    expect(JSON.parse((await ask('shop.orders.>')).out)).not.toHaveProperty('partly')
    expect(JSON.parse((await ask('shop.orders.*')).out)).not.toHaveProperty('partly')
    const folderOfOne = folder()
    writeFileSync(
      join(folderOfOne, 'policy.yaml'),
      `apiVersion: nats-identity-bridge.dev/v1alpha1
kind: AccountMap
metadata: { name: a }
spec: { accounts: [{ account: A, principals: [{ namespace: n }] }] }
---
apiVersion: nats-identity-bridge.dev/v1alpha1
kind: SubjectPolicy
metadata: { name: p, namespace: n }
spec: { principals: [{ namespace: n }], grants: [{ subscribe: [a.*, b.>] }] }
---
apiVersion: nats-identity-bridge.dev/v1alpha1
kind: SubjectPolicy
metadata: { name: d, namespace: n }
spec: { action: DENY, principals: [{ namespace: n }], grants: [{ subscribe: [b.secret.>] }] }
`,
    )
    for (const subject of ['a.>', 'b.>']) {
      const ran = await nib('why', 'n/x', 'subscribe', subject, '-p', folderOfOne, '--json')
      expect(JSON.parse(ran.out)).toMatchObject({ allowed: true, partly: true })
    }
  })

  test.for([
    [['why', 'shop orders', 'publish', 'a', '-p', SHOP], 'principal "shop orders": expected ns/name, a SPIFFE ID'],
    [['why', 'shop/orders', 'publish', 'a.*', '-p', SHOP], 'subject "a.*"'],
    [['why', 'shop/orders', 'publish', 'a..b', '-p', SHOP], 'subject "a..b"'],
    [['why', 'shop/orders', 'read', 'a', '-p', SHOP], 'Allowed choices are publish, subscribe'],
    [['why', 'shop/orders', 'publish', 'a'], 'no policies were given'],
    [['why', 'shop/orders', 'publish', 'a', '-p', 'no-such-folder'], 'no-such-folder'],
    [
      ['why', 'shop/orders', 'publish', 'a', '-p', SHOP, '--claim', 'role'],
      'claim "role" is not written as path=value',
    ],
    [['why', 'shop/orders', 'publish', 'a', '-p', SHOP, '--trust-domain', 'Not One'], 'trust domain "Not One"'],
    [['frobnicate'], "unknown command 'frobnicate'"],
  ] satisfies [string[], string][])('refuses %j with exit code 2 and says what was expected', async ([argv, said]) => {
    const ran = await nib(...argv)
    expect(ran.exitCode).toBe(2)
    expect(ran.problems).toContain(said)
    expect(ran.out).toBe('')
  })
})

describe('nib what-can', () => {
  test('lists every entry with the rule behind it', async () => {
    const ran = await nib('what-can', 'shop/orders', '-p', SHOP)
    expect(ran.exitCode).toBe(0)
    expect(ran.out).toMatch(
      /publish +allow +shop\.orders\.created +SubjectPolicy shop\/orders\[2\] test\/support\/shop-policy\/orders\.yaml:15/,
    )
    expect(ran.out).toMatch(/subscribe +allow +_INBOX_[0-9a-f]{32}\.> +own inbox/)
    expect(ran.out).toContain('may answer requests: 1 reply each, within 10 s')
  })

  test('prints, as JSON, exactly the lists that the user JWT carries', async () => {
    const ran = await nib('what-can', 'shop/payments', '-p', SHOP, '--json')
    expect(JSON.parse(ran.out)).toMatchObject({
      account: 'SHOP',
      permissions: {
        pub: { allow: [], deny: ['>'] },
        sub: { allow: ['shop.payments.charge payments', 'shop.payments.refund payments'], deny: [] },
        resp: { max: 1, ttl: 10_000_000_000 },
      },
    })
  })
})

describe('nib keys', () => {
  test('writes a seed that only its owner reads, and prints the public key alone', async () => {
    const file = join(folder(), 'issuer.nk')
    const made = await nib('keys', 'make', 'account', '-o', file)
    const seed = readFileSync(file, 'utf8').trim()
    expect(made.out).toMatch(/^A[A-Z2-7]{55}\n$/)
    expect(seed).toMatch(/^SA/)
    expect(made.out + made.problems).not.toContain(seed)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const shown = await nib('keys', 'show', file)
    expect(shown.out).toBe(`${made.out.trim()}  account   ${file}\n`)
    expect(shown.out).not.toContain(seed)
  })

  test('never overwrites a key', async () => {
    const file = join(folder(), 'xkey.nk')
    await nib('keys', 'make', 'xkey', '-o', file)
    const before = readFileSync(file, 'utf8')
    const again = await nib('keys', 'make', 'xkey', '-o', file)
    expect(again.exitCode).toBe(1)
    expect(again.problems).toContain('exists already')
    expect(readFileSync(file, 'utf8')).toBe(before)
  })

  test('shows both keys of a file that is in the middle of a rotation', async () => {
    const [first, second, both] = ['1.nk', '2.nk', 'both.nk'].map((name) => join(folder(), name)) as [
      string,
      string,
      string,
    ]
    const made = [await nib('keys', 'make', 'account', '-o', first), await nib('keys', 'make', 'account', '-o', second)]
    writeFileSync(both, `${readFileSync(first, 'utf8')}\n${readFileSync(second, 'utf8')}`)
    const shown = await nib('keys', 'show', both)
    expect(shown.out).toBe(made.map(({ out }) => `${out.trim()}  account   ${both}\n`).join(''))
    writeFileSync(both, `${readFileSync(first, 'utf8')}SAAB-not-a-seed\n`)
    expect((await nib('keys', 'show', both)).problems).toContain('seed 2 of 2')
  })

  test('in a file that is named for policy by mistake is not repeated', async () => {
    const file = join(folder(), 'issuer.nk')
    await nib('keys', 'make', 'account', '-o', file)
    const seed = readFileSync(file, 'utf8').trim()
    for (const command of [
      ['compile', '-p', file],
      ['lint', '-p', file],
      ['why', 'a/b', 'publish', 'c', '-p', file],
      ['test', file],
    ]) {
      const { out, problems } = await nib(...command)
      expect(out + problems).toContain('(hidden)')
      expect(out + problems).not.toContain(seed.slice(0, 20))
    }
  })

  test('says what is wrong with a file, without repeating it', async () => {
    const file = join(folder(), 'broken.nk')
    writeFileSync(file, 'SAAB-not-a-seed')
    const shown = await nib('keys', 'show', file, '/no/such/file')
    expect(shown.exitCode).toBe(1)
    expect(shown.problems).toContain('damaged')
    expect(shown.problems).toContain('/no/such/file: cannot be read')
    expect(shown.problems).not.toContain('not-a-seed')
    expect((await nib('keys', 'make', 'rsa', '-o', file)).exitCode).toBe(2)
  })
})

describe('nib server-config', () => {
  test.for(['config', 'operator'])('writes everything for %s mode, secrets for their owner alone', async (mode) => {
    const out = join(folder(), 'nats')
    const ran = await nib('server-config', '-m', mode, '-a', 'SHOP', '-o', out, '--json')
    expect(ran.exitCode).toBe(0)
    const written: { files: { name: string; secret: boolean }[] } = JSON.parse(ran.out)
    for (const { name, secret } of written.files) {
      expect(existsSync(join(out, name))).toBe(true)
      if (secret) expect(statSync(join(out, name)).mode & 0o077).toBe(0)
    }
    expect(written.files.map(({ name }) => name)).toEqual(expect.arrayContaining(['nats-server.conf', 'bridge.yaml']))
    expect(readFileSync(join(out, 'nats-server.conf'), 'utf8')).not.toMatch(/\bS[AUXON][A-Z2-7]{50}/)
  })

  test('overwrites nothing', async () => {
    const out = join(folder(), 'nats')
    await nib('server-config', '-a', 'SHOP', '-o', out)
    const again = await nib('server-config', '-a', 'SHOP', '-o', out)
    expect(again.exitCode).toBe(1)
    expect(again.problems).toContain('exists already')
  })

  test('refuses what makes no sense', async () => {
    const out = join(folder(), 'nats')
    expect((await nib('server-config', '-a', 'SYS', '-o', out)).exitCode).toBe(2)
    expect((await nib('server-config', '-a', 'SHOP', '-o', out, '--listen', 'nowhere')).exitCode).toBe(2)
    expect((await nib('server-config', '-a', 'SHOP', '-o', out, '--tls-cert', 'x')).exitCode).toBe(2)
    expect(existsSync(out)).toBe(false)
  })
})

describe('help', () => {
  test('is short, has an example, and ends with 0', async () => {
    const ran = await nib('why', '--help')
    expect(ran.exitCode).toBe(0)
    expect(ran.out).toContain('Example:\n  nib why shop/orders publish shop.orders.created --policies ./policy')
    expect((await nib('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})
