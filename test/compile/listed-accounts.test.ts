/** Accounts that the bridge's configuration does not list: told where the AccountMap names them, before anybody is refused. */
import { expect, test } from 'vitest'
import { compile, type Compilation } from '../../src/compile/index.ts'
import { API_VERSION, OPTIONS } from './support.ts'

const CALLOUT = 'AAB5JFYQVAM4VQHNJRVDDN4RWKQZEWJHBMBYSDFEOVLG6WLOJNNJLLWF'

function compiled(account: string, listed?: readonly string[]): Compilation {
  const text = `apiVersion: ${API_VERSION}
kind: AccountMap
metadata: { name: accounts }
spec:
  accounts:
    - { account: SHOP, principals: [{ namespace: shop }] }
    - account: ${account}
      principals: [{ namespace: bold }]
`
  // As in operator mode: the callout account is known by its key alone.
  const options = {
    ...OPTIONS,
    forbiddenAccounts: ['SYS', CALLOUT],
    ...(listed === undefined ? {} : { accounts: listed }),
  }
  return compile([{ file: 'accounts.yaml', text }], options)
}

test('the callout account by its name, which only its key is known of, is one that nobody is let into', () => {
  const { diagnostics, snapshot } = compiled('AUTH', ['SHOP', 'LAB'])
  expect(snapshot).toBeDefined()
  expect(diagnostics).toEqual([
    {
      severity: 'warning',
      code: 'account-unlisted',
      message:
        'spec.accounts[1].account is "AUTH", which the bridge\'s configuration does not list: each login that it places there is refused with ACCOUNT_FORBIDDEN',
      hint: 'name an account of its list, which holds SHOP or LAB; or add it to accounts in bridge.yaml, if clients belong there',
      kind: 'AccountMap',
      name: 'accounts',
      rule: 1,
      file: 'accounts.yaml',
      line: 7,
      column: 16,
    },
  ])
})

test('a name that is almost one of the list is said to be', () => {
  expect(compiled('LAP', ['SHOP', 'LAB']).diagnostics).toMatchObject([
    { code: 'account-unlisted', hint: expect.stringMatching(/^did you mean "LAB"\?/) },
  ])
})

test.each([
  ['an account of the list', 'LAB', ['SHOP', 'LAB']],
  ['any account, where no list is known', 'LAB', undefined],
])('%s is nothing to tell', (_case, account, listed) => {
  expect(compiled(account, listed).diagnostics).toEqual([])
})

test('what may never be named stays an error, and is told once', () => {
  expect(compiled(CALLOUT, ['SHOP']).diagnostics).toMatchObject([{ severity: 'error', code: 'account-forbidden' }])
})
