/** Policy files held against the bridge.yaml that shall read them, where its keys are not. */
import { expect, test } from 'vitest'
import { createSigningKey } from '../../src/nkey/index.ts'
import { nib } from '../support/nib.ts'
import { tempFolder } from '../support/temp-folder.ts'

const [AUTH, SHOP] = [createSigningKey('A').publicKey, createSigningKey('A').publicKey]

const BRIDGE = `apiVersion: nats-identity-bridge.dev/v1alpha1
kind: BridgeConfig
nats: { servers: ['nats://localhost:4222'], credentials: { credsFile: bridge.creds } }
callout: { mode: operator, account: ${AUTH}, response: [{ seedFile: auth.nk }] }
accounts: [{ name: SHOP, publicKey: ${SHOP}, signingKeys: [{ seedFile: shop.nk }] }]
identity:
  trustDomain: shop.example
  issuers:
    - { name: cluster, kind: kubernetes, issuer: 'https://k8s.example', audiences: [nats], keys: { file: jwks.json } }
policy: { folders: [policy] }
`

function policyIn(account: string): string {
  return `apiVersion: nats-identity-bridge.dev/v1alpha1
kind: AccountMap
metadata: { name: accounts }
spec:
  accounts:
    - { account: ${account}, principals: [{ serviceAccount: shop/orders }] }
`
}

function files(account: string, bridge = BRIDGE): readonly string[] {
  const folder = tempFolder()
  return ['-p', folder.write('policy.yaml', policyIn(account)), '-c', folder.write('bridge.yaml', bridge)]
}

test('compile tells of accounts that the bridge does not list, and whom it refuses there', async () => {
  const { out, exitCode } = await nib(['compile', ...files('AUTH'), '--json'])
  expect(exitCode).toBe(0)
  expect(JSON.parse(out)).toMatchObject({
    diagnostics: [{ severity: 'warning', code: 'account-unlisted', line: 6 }],
    principals: [{ principal: 'spiffe://shop.example/ns/shop/sa/orders', refusal: 'ACCOUNT_FORBIDDEN' }],
  })
  const good = await nib(['compile', ...files('SHOP'), '--json'])
  expect(JSON.parse(good.out)).toMatchObject({ diagnostics: [], principals: [{ account: 'SHOP' }] })
})

test('lint tells of them too, and of those that no policy may name', async () => {
  const codes = async (account: string): Promise<string[]> => {
    const { out } = await nib(['lint', ...files(account), '--json'])
    const { findings }: { findings: { code: string }[] } = JSON.parse(out)
    return findings.map(({ code }) => code).filter((code) => code.startsWith('account'))
  }
  expect(await codes('AUTH')).toEqual(['account-unlisted'])
  expect(await codes(AUTH)).toEqual(['account-forbidden'])
  expect(await codes('SHOP')).toEqual([])
})

test.for(['compile', 'lint'])('%s says what is wrong with the configuration, and judges nothing', async (command) => {
  const broken = await nib([command, ...files('SHOP', BRIDGE.replace('mode: operator', 'mode: other'))])
  expect(broken).toMatchObject({ exitCode: 2, out: '' })
  expect(broken.problems).toMatch(/bridge\.yaml:4:\d+/)
  const [policies = '', folder = ''] = files('SHOP')
  const absent = await nib([command, policies, folder, '-c', 'no-bridge.yaml'])
  expect(absent).toMatchObject({ exitCode: 2, out: '' })
  expect(absent.problems).toContain('no-bridge.yaml')
  const twice = await nib([command, ...files('SHOP'), '--trust-domain', 'shop.example'])
  expect(twice.exitCode).toBe(2)
  expect(twice.problems).toContain('cannot be used with option')
})
