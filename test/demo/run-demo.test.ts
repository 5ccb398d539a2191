import { existsSync, readdirSync } from 'node:fs'
import { expect, onTestFinished, test, vi } from 'vitest'
import { why } from '../../src/audit/why.ts'
import { runDemo, type RunDemoOptions } from '../../src/demo/run-demo.ts'
import { displayWidth } from '../../src/lib/table.ts'
import { captureOutput, type CapturedOutput } from '../support/captured-output.ts'
import { describeOnNatsServer } from '../support/nats-server.ts'
import { tempFolder } from '../support/temp-folder.ts'

interface Line {
  readonly who: string
  readonly tried: string
  readonly agrees: boolean
  readonly forecast: { readonly allowed: boolean; readonly because: string; readonly code?: string }
  readonly outcome: {
    readonly allowed?: boolean
    readonly said: string
    readonly account?: string
    readonly code?: string
  }
  readonly http?: { readonly operation: string; readonly allowed: boolean }
}

interface Report {
  readonly lines: number
  readonly agreeing: number
  readonly attempts: readonly Line[]
  readonly edit: {
    readonly snapshotBefore: string
    readonly snapshotAfter: string
    readonly inForceAfterMs: number
    readonly attemptBefore: Line
    readonly attemptsAfter: readonly Line[]
  }
}

interface Ended extends CapturedOutput {
  readonly code: number
}

async function demo(options: Partial<RunDemoOptions> = {}): Promise<Ended> {
  const captured = captureOutput()
  const code = await runDemo({
    output: captured.output,
    version: 'test',
    json: false,
    stay: false,
    operator: false,
    interrupted: new AbortController().signal,
    ...options,
  })
  return { ...captured, code }
}

function reportOf({ out }: Ended): Report {
  return JSON.parse(out())
}

function find(lines: readonly Line[], who: string, tried: string): Line {
  const line = lines.find((one) => one.who === who && one.tried === tried)
  if (line === undefined) throw new Error(`nobody called ${who} tried to ${tried}`)
  return line
}

describeOnNatsServer('the demo', () => {
  test.each([
    ['config', true],
    ['config', false],
    ['operator', true],
    ['operator', false],
  ] as const)('agrees on every line in %s mode (sealed: %s)', async (mode, sealed) => {
    const ended = await demo({ json: true, operator: mode === 'operator', sealed })
    const report = reportOf(ended)
    expect([...report.attempts, ...report.edit.attemptsAfter].filter(({ agrees }) => !agrees)).toEqual([])
    expect(ended.code).toBe(0)
    expect(ended.problems()).toBe('')
    expect(report).toMatchObject({ mode, sealed, lines: 33, agreeing: 33 })
    expect(find(report.attempts, 'shop/orders', 'log in').outcome.account).toBe('SHOP')
  })

  test('shows what it promises: deliveries, replies, and every way to be refused', async () => {
    const { attempts, edit } = reportOf(await demo({ json: true }))
    const said = (who: string, tried: string): string => find(attempts, who, tried).outcome.said
    expect(said('shop/orders', 'publish shop.orders.created')).toBe('dashboard got it')
    expect(said('shop/web', 'request shop.orders.create')).toBe('reply from orders')
    expect(said('shop/web', 'publish shop.orders.created')).toBe('permission violation')
    expect(said('shop/payments', 'respond shop.payments.charge')).toBe('in queue payments')
    expect(said('shop/payments', 'subscribe shop.payments.charge')).toBe('permission violation')
    expect(said('shop/dashboard', 'subscribe >')).toBe('permission violation')
    // Not the lack of a grant, but the DENY, and the ceiling over a grant.
    expect(find(attempts, 'shop/dashboard', 'publish shop.payments.refund').forecast.because).toBe('dashboard.yaml:24')
    expect(find(attempts, 'shop/dashboard', 'subscribe warehouse.stock').forecast.because).toBe('ceiling.yaml:7')
    expect(attempts.filter(({ who }) => who === 'intruders').map(({ outcome }) => outcome.code)).toEqual([
      'ACCOUNT_NONE',
      'TOKEN_SIGNATURE',
      'TOKEN_ISSUER_UNKNOWN',
      'TOKEN_EXPIRED',
      'TOKEN_AUDIENCE',
      'CREDENTIAL_MISSING',
    ])
    expect(edit.attemptBefore.http).toMatchObject({ operation: 'POST /refunds', allowed: false })
    expect(edit.attemptsAfter.at(-1)?.http).toMatchObject({ operation: 'POST /refunds', allowed: true })
    expect(edit.attemptBefore.outcome.said).toBe('permission violation')
    expect(edit.attemptsAfter.map(({ outcome }) => outcome.said)).toEqual([
      'let in, account SHOP',
      'reply from payments',
    ])
    expect(edit.snapshotAfter).not.toBe(edit.snapshotBefore)
    expect(edit.inForceAfterMs).toBeGreaterThan(0)
  })

  test('is one table that fits 80 columns, ends with a summary, and has no colour outside a terminal', async () => {
    const { out, code } = await demo()
    expect(code).toBe(0)
    const lines = out().split('\n')
    expect(lines.filter((line) => displayWidth(line) > 80)).toEqual([])
    expect(out()).not.toContain('\u001b')
    const rows = lines.filter((line) => /^ [✓✗] /.test(line))
    const header = lines.find((line) => line.includes('the policy said')) ?? ''
    const column = (line: string): string => line.slice(header.indexOf('the server did')).trim()
    // The last three belong to the edit, which has a table of its own.
    expect(rows.slice(0, -3).map(column)).toEqual(expect.arrayContaining(['let in, account SHOP', 'login refused']))
    expect(rows.slice(0, -3).filter((row) => row[header.indexOf('the server did') - 1] !== ' ')).toEqual([])
    expect(rows).toHaveLength(31 + 3)
    expect(out()).toMatch(/✓ All 33 lines agree: .* \(\d+\.\d s\)/)
    expect(out()).not.toContain('✗')
  })

  test('ends with 1, and marks the line, when the policy lies about one subject', async () => {
    const liar: typeof why = (snapshot, decision, question) => {
      const answer = why(snapshot, decision, question)
      return question.subject.text === 'shop.payments.refunds' && question.action === 'publish'
        ? { ...answer, allowed: !answer.allowed }
        : answer
    }
    const { out, code } = await demo({ why: liar })
    expect(code).toBe(1)
    expect(out()).toMatch(/^ ✗ request shop\.payments\.refunds +no .* reply from payments$/m)
    expect(out()).toContain('✗ 1 of 33 lines disagree')
    expect(out().match(/^ ✗/gm)).toHaveLength(1)
  })

  test('agrees with no line that was tried when the policy lies about everything', async () => {
    const liar: typeof why = (snapshot, decision, question) => {
      const answer = why(snapshot, decision, question)
      return { ...answer, allowed: !answer.allowed }
    }
    const { attempts } = reportOf(await demo({ why: liar, json: true }))
    const agreeing = attempts.filter(({ who, tried, agrees }) => agrees && who !== 'intruders' && tried !== 'log in')
    expect(agreeing).toEqual([])
  })

  test('goes on with --stay, says how to connect, and stops at Ctrl-C', async () => {
    const interruption = new AbortController()
    onTestFinished(() => interruption.abort())
    const captured = captureOutput()
    const ended = runDemo({
      output: captured.output,
      version: 'test',
      json: false,
      stay: true,
      operator: false,
      interrupted: interruption.signal,
    })
    await vi.waitFor(() => expect(captured.out()).toContain('Logins appear below'), { timeout: 20_000 })
    const policy = /policy +(\S+)/.exec(captured.out().slice(captured.out().indexOf('the bridge is ready')))?.[1] ?? ''
    expect(existsSync(policy)).toBe(true)
    interruption.abort()
    expect(await ended).toBe(0)
    expect(existsSync(policy)).toBe(false)
  })

  test('stops in the middle when it is interrupted, and leaves nothing behind', async () => {
    const { path: folder } = tempFolder()
    vi.stubEnv('TMPDIR', folder)
    onTestFinished(() => void vi.unstubAllEnvs())
    const interruption = new AbortController()
    const asked: typeof why = (...question) => {
      expect(readdirSync(folder)).not.toEqual([])
      interruption.abort()
      return why(...question)
    }
    const { code, out, problems } = await demo({ interrupted: interruption.signal, why: asked })
    expect(code).toBe(130)
    expect(out() + problems()).toBe('')
    expect(readdirSync(folder)).toEqual([])
  })
})
