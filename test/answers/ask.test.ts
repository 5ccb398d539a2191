import { expect, test } from 'vitest'
import { answerText } from '../../src/answers/answer.ts'
import { answer, type Engine } from '../../src/answers/ask.ts'
import type { AskedPolicy } from '../../src/answers/policy.ts'
import type { PlanAsked, Question } from '../../src/answers/question.ts'
import { createCompiler } from '../../src/compile/index.ts'
import { createDecide } from '../../src/policy/decide.ts'
import type { Snapshot } from '../../src/policy/snapshot.ts'
import { sha256Hex } from '../../src/serve/sha256.ts'
import { pattern } from '../support/policy-arbitraries.ts'

const OURS = 'apiVersion: nats-identity-bridge.dev/v1alpha1'

function policy(publish: string): string {
  return `${OURS}
kind: AccountMap
metadata: { name: accounts }
spec: { accounts: [{ account: SHOP, principals: [{ namespace: shop }] }] }
---
${OURS}
kind: SubjectPolicy
metadata: { name: all, namespace: shop }
spec: { principals: [{ namespace: shop }], grants: [{ publish: ['${publish}'] }] }
`
}

function account(name: string): string {
  return `---\napiVersion: v1\nkind: ServiceAccount\nmetadata: { name: ${name}, namespace: shop }\n`
}

const compile = createCompiler({
  trustDomains: { local: 'cluster.local', aliases: [] },
  forbiddenAccounts: [],
  hash: sha256Hex,
})
const engine: Engine = { decide: createDecide(sha256Hex), compile }

function asked(text: string): AskedPolicy {
  const { snapshot, ...beside } = compile([{ file: 'policy.yaml', text }])
  if (snapshot === undefined) throw new Error(JSON.stringify(beside))
  return { snapshot, ...beside }
}

function plan(text: string): PlanAsked {
  return { ask: 'plan', candidate: [{ file: 'candidate.yaml', text }] }
}

function names(question: Question, of: AskedPolicy): string[] {
  const answered = answer(question, of, engine)
  if (!answered.ok) throw new Error(answered.error.message)
  if (answered.value.ask === 'plan') return answered.value.changes.map(({ principal }) => principal)
  return answered.value.ask === 'who-can' ? answered.value.holders.map(({ principal }) => principal) : []
}

test('who can is sorted once for a snapshot, and anew when other ServiceAccounts exist', () => {
  const before = asked(policy('a.>') + account('one'))
  let reads = 0
  const { model, ...rest } = before.snapshot
  const snapshot: Snapshot = {
    ...rest,
    get model() {
      reads += 1
      return model
    },
  }
  const question = { ask: 'who-can', action: 'publish', pattern: pattern('a.b') } as const
  const one = names(question, { ...before, snapshot })
  const readsAtFirst = reads
  expect(names(question, { ...before, snapshot })).toEqual(one)
  expect(reads - readsAtFirst).toBeLessThan(readsAtFirst / 2)
  expect(one).toContain('spiffe://cluster.local/ns/shop/sa/one')
  const grown = [...before.serviceAccounts, { namespace: 'shop', name: 'two' }]
  expect(names(question, { ...before, snapshot, serviceAccounts: grown })).toContain(
    'spiffe://cluster.local/ns/shop/sa/two',
  )
})

test('a plan speaks of ServiceAccounts of both sides', () => {
  const of = asked(policy('a') + account('one'))
  expect(names(plan(policy('b') + account('two')), of)).toEqual([
    'spiffe://cluster.local/ns/shop/sa/one',
    'spiffe://cluster.local/ns/shop/sa/two',
    'any ServiceAccount of namespace shop',
  ])
  expect(names(plan(policy('a') + account('two')), of)).toEqual([])
})

test('a candidate that would not be put in force is no plan, and its diagnostics say why', () => {
  const answered = answer(
    plan(`${OURS}\nkind: AccountMap\nmetadata: { name: a }\nspec: {}\n`),
    asked(policy('a')),
    engine,
  )
  expect(answered).toMatchObject({
    ok: false,
    error: {
      code: 'candidate-refused',
      message: expect.stringMatching(/^the candidate would not be put in force: candidate\.yaml:4: /),
      diagnostics: [{ severity: 'error', file: 'candidate.yaml', line: 4 }],
    },
  })
})

test('of an account that nobody lives in there is no review', () => {
  const answered = answer({ ask: 'review', account: 'SHPO' }, asked(policy('a')), engine)
  expect(answered).toMatchObject({ ok: false, error: { code: 'question-invalid', hint: 'did you mean "SHOP"?' } })
})

test('the same question has the same bytes, whoever asks it and when', () => {
  const questions: Question[] = [
    { ask: 'who-can', action: 'publish', pattern: pattern('>') },
    { ask: 'drift' },
    { ask: 'review', account: 'SHOP' },
    plan(policy('b')),
  ]
  for (const question of questions) {
    const [first, second] = [0, 1].map(() => answer(question, asked(policy('a') + account('one')), engine))
    if (first?.ok !== true || second?.ok !== true) throw new Error('no answer')
    expect(answerText(first.value)).toBe(answerText(second.value))
    expect(answerText(first.value)).toMatch(/^\{\n {2}"ask": "[a-z-]+",\n[^]*\n\}\n$/)
  }
})
