import { describe, expect, test } from 'vitest'
import { compile } from '../../src/compile/index.ts'
import { namesIn } from '../../src/dev/policy-names.ts'
import { SHOP_POLICY_FOLDER } from '../../src/dev/shop-policy.ts'
import { sha256Hex } from '../../src/serve/sha256.ts'
import { readPolicyFolders } from '../../src/sources/index.ts'

describe('names in a policy', () => {
  test('are its accounts, its spelled-out local workloads and its groups of people, each once', () => {
    const text = `
apiVersion: nats-identity-bridge.dev/v1alpha1
kind: AccountMap
metadata: {name: all}
spec:
  accounts:
    - {account: B, principals: [{serviceAccount: b/x}, {serviceAccount: '*/any'}, {group: system:authenticated}]}
    - {account: A, principals: [{serviceAccount: a/y}, {group: support}, {serviceAccount: far/away, trustDomain: other.org}]}
---
apiVersion: nats-identity-bridge.dev/v1alpha1
kind: SubjectPolicy
metadata: {name: one, namespace: a}
spec:
  principals: [{serviceAccount: a/y}, {serviceAccount: c/z}, {group: support}]
  grants: [{publish: [a]}]
`
    const options = { trustDomains: { local: 'cluster.local', aliases: [] }, forbiddenAccounts: [], hash: sha256Hex }
    const { snapshot, diagnostics } = compile([{ file: 'p.yaml', text }], options)
    expect(diagnostics).toEqual([])
    expect(snapshot && namesIn(snapshot)).toEqual({
      accounts: ['A', 'B'],
      serviceAccounts: [
        { namespace: 'a', name: 'y' },
        { namespace: 'b', name: 'x' },
        { namespace: 'c', name: 'z' },
      ],
      groups: ['support'],
    })
  })
})

describe('names in an AuthorizationPolicy', () => {
  test('are workloads as well, once a route makes it matter', () => {
    const text = `
apiVersion: nats-identity-bridge.dev/v1alpha1
kind: AccountMap
metadata: {name: all}
spec: {accounts: [{account: A, principals: [{authenticated: true}]}]}
---
apiVersion: nats-identity-bridge.dev/v1alpha1
kind: SubjectRoute
metadata: {name: orders, namespace: shop}
spec:
  workload: {labels: {app: orders}, serviceAccount: orders}
  routes: [{subject: shop.orders, method: GET, path: /orders}]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: orders, namespace: shop}
spec:
  rules:
    - from:
        - source: {principals: [cluster.local/ns/shop/sa/web, other/ns/shop/sa/far, 'cluster.local/ns/tools/*']}
        - source: {serviceAccounts: [admin]}
`
    const options = { trustDomains: { local: 'cluster.local', aliases: [] }, forbiddenAccounts: [], hash: sha256Hex }
    const { snapshot } = compile([{ file: 'p.yaml', text }], options)
    expect(snapshot && namesIn(snapshot).serviceAccounts.map(({ name }) => name)).toEqual(['admin', 'orders', 'web'])
  })
})

describe('the example policy', () => {
  test('compiles, and says only which operation nobody may do yet', async () => {
    const texts = await readPolicyFolders([SHOP_POLICY_FOLDER])
    const options = {
      trustDomains: { local: 'cluster.local', aliases: [] },
      forbiddenAccounts: ['AUTH'],
      hash: sha256Hex,
    }
    expect(texts.ok && compile(texts.value, options)).toMatchObject({
      diagnostics: [{ severity: 'info', code: 'route-nobody' }],
      snapshot: {},
    })
  })
})
