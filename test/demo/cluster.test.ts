/** The demo with a real API server: the same play, with the policy applied to a cluster that issues the tokens as well. */
import { expect, onTestFinished, test, vi } from 'vitest'
import { runDemo } from '../../src/demo/run-demo.ts'
import { captureOutput } from '../support/captured-output.ts'
import { describeOnKubernetes } from '../support/kubernetes.ts'

interface Report {
  readonly kubernetes: string
  readonly attempts: readonly Line[]
  readonly edit: { readonly attemptBefore: Line; readonly attemptsAfter: readonly Line[] }
}

interface Line {
  readonly who: string
  readonly tried: string
  readonly agrees: boolean
  readonly forecast: { readonly because: string }
  readonly outcome: { readonly said: string; readonly code?: string }
  readonly http?: { readonly allowed: boolean }
}

const PLAIN = {
  version: 'test',
  json: true,
  stay: false,
  operator: false,
  cluster: true,
  interrupted: new AbortController().signal,
}

describeOnKubernetes('the demo with a cluster', () => {
  test('agrees on every line, and a kubectl apply changes an answer and a login', { timeout: 90_000 }, async () => {
    const captured = captureOutput()
    expect(await runDemo({ ...PLAIN, output: captured.output })).toBe(0)
    expect(captured.problems()).toBe('')
    const { kubernetes, attempts, edit }: Report = JSON.parse(captured.out())
    expect(kubernetes).toMatch(/^1\.\d+\.\d+$/)
    expect([...attempts, ...edit.attemptsAfter].filter(({ agrees }) => !agrees)).toEqual([])
    expect(attempts.filter(({ who }) => who === 'intruders').map(({ outcome }) => outcome.code)).toEqual([
      'ACCOUNT_NONE',
      'TOKEN_SIGNATURE',
      'TOKEN_ISSUER_UNKNOWN',
      'TOKEN_EXPIRED',
      'TOKEN_AUDIENCE',
      'CREDENTIAL_MISSING',
    ])
    // Objects of the cluster, not files.
    expect(attempts.find(({ tried }) => tried === 'request shop.orders.create')?.forecast.because).toBe('ap/orders')
    expect(edit.attemptBefore).toMatchObject({ http: { allowed: false }, outcome: { said: 'permission violation' } })
    expect(edit.attemptsAfter.at(-1)).toMatchObject({
      http: { allowed: true },
      outcome: { said: 'reply from payments' },
    })
  })
})

test('the demo with a cluster says how to get one where there is none', async () => {
  vi.stubEnv('NIB_KUBERNETES_ASSETS', '/nowhere')
  onTestFinished(() => void vi.unstubAllEnvs())
  const { output, problems, out } = captureOutput()
  expect(await runDemo({ ...PLAIN, output })).toBe(1)
  expect(problems()).toContain('nib dev --fetch-only --kubernetes')
  expect(out()).toBe('')
})
