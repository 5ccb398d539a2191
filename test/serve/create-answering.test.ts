/** Answers about accounts that the bridge places nobody in: they say what its logins say. */
import { expect, test } from 'vitest'
import type { Ask } from '../../src/answers/question.ts'
import { createCompiler } from '../../src/compile/index.ts'
import { answeringWith } from '../../src/serve/create-answering.ts'
import { sha256Hex } from '../../src/serve/sha256.ts'

const OURS = 'apiVersion: nats-identity-bridge.dev/v1alpha1'
const POLICY = `${OURS}
kind: AccountMap
metadata: { name: accounts }
spec: { accounts: [{ account: LAB, principals: [{ namespace: lab }] }] }
---
${OURS}
kind: SubjectPolicy
metadata: { name: all, namespace: lab }
spec: { principals: [{ namespace: lab }], grants: [{ publish: [lab.in] }] }
`

const SETTINGS = {
  trustDomains: { local: 'cluster.local', aliases: [] },
  rootNamespace: 'istio-system',
  forbiddenAccounts: ['SYS', 'AUTH'],
}

function ask(accounts: readonly string[], question: Ask, body: object): unknown {
  const texts = [{ file: 'lab.yaml', text: POLICY }]
  const { snapshot } = createCompiler({ ...SETTINGS, accounts, hash: sha256Hex })(texts)
  const answering = answeringWith({ ...SETTINGS, accounts })
  answering.follow({ snapshotId: snapshot?.id ?? '', texts, objects: [] })
  const { text } = answering.answer({ ask: question, body: new TextEncoder().encode(JSON.stringify(body)) })
  return JSON.parse(new TextDecoder().decode(text))
}

const WHY = { principal: 'lab/tool', action: 'publish', subject: 'lab.in' }

test('why names the account, the refusal and the two ways out', () => {
  expect(ask(['SHOP'], 'why', WHY)).toMatchObject({
    allowed: false,
    refusal: 'ACCOUNT_FORBIDDEN',
    account: 'LAB',
    reasons: [{ part: 'account', origin: { kind: 'AccountMap', name: 'accounts', line: 4 } }, { part: 'allow' }],
    remedy: {
      summary:
        'first list account LAB in accounts of bridge.yaml, if clients belong there; or let AccountMap accounts[0] place it in an account that is listed',
      steps: [],
    },
  })
  expect(ask(['SHOP', 'LAB'], 'why', WHY)).toMatchObject({ allowed: true, account: 'LAB' })
})

test('what-can and who-can speak of nobody who is refused', () => {
  expect(ask(['SHOP'], 'what-can', { principal: 'lab/tool' })).toMatchObject({
    refusal: 'ACCOUNT_FORBIDDEN',
    entries: [],
  })
  expect(ask(['SHOP'], 'who-can', { action: 'publish', pattern: 'lab.in' })).toMatchObject({ holders: [] })
})

test('a plan says who would be refused, and where the candidate names the account', () => {
  const candidate = [{ file: 'candidate.yaml', text: POLICY.replace('account: LAB', 'account: OPS') }]
  expect(ask(['LAB'], 'plan', { candidate })).toMatchObject({
    diagnostics: [{ code: 'account-unlisted', file: 'candidate.yaml', line: 4 }],
    changes: [{ before: { account: 'LAB' }, after: { refusal: 'ACCOUNT_FORBIDDEN' }, login: 'lost' }],
  })
})
