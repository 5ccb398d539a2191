/** A slip of the pen in an AuthorizationPolicy must not make it disappear: it may be the DENY. */
import { describe, expect, test } from 'vitest'
import { readAuthorizationPolicies } from '../../src/compile/index.ts'
import { codesOf, compileText } from './support.ts'

const ACCOUNTS = `apiVersion: nats-identity-bridge.dev/v1alpha1
kind: AccountMap
metadata: { name: accounts }
spec: { accounts: [{ account: SHOP, principals: [{ namespace: shop }] }] }
---
`

function deny(envelope: string): string {
  return `${envelope}
metadata: { name: nobody, namespace: shop }
spec: { action: DENY, rules: [{}] }
`
}

describe('a DENY that may be meant for Istio keeps the last good policy in force', () => {
  test.for([
    ['a group cut short', 'apiVersion: security.istio/v1\nkind: AuthorizationPolicy', 'api-version-unknown'],
    ['no version', 'apiVersion: security.istio.io\nkind: AuthorizationPolicy', 'api-version-unknown'],
    ['another group of Istio', 'apiVersion: networking.istio.io/v1\nkind: AuthorizationPolicy', 'api-version-unknown'],
    ['two letters swapped', 'apiVersion: security.isito.io/v1\nkind: AuthorizationPolicy', 'api-version-unknown'],
    ['the core group', 'apiVersion: v1\nkind: AuthorizationPolicy', 'api-version-unknown'],
    ['a version alone', 'apiVersion: v1beta1\nkind: AuthorizationPolicy', 'api-version-unknown'],
    ['a group without dots', 'apiVersion: security/v1\nkind: AuthorizationPolicy', 'api-version-unknown'],
    ['both misspelt', 'apiVersion: securty.istio.io/v1\nkind: AuthorisationPolicy', 'api-version-unknown'],
    ['a list', 'apiVersion: security.istio/v1\nkind: AuthorizationPolicyList', 'api-version-unknown'],
    ['a version that is none', 'apiVersion: security.istio.io/v2\nkind: AuthorizationPolicy', 'api-version-unknown'],
    ['a misspelt kind', 'apiVersion: security.istio.io/v1\nkind: AuthorisationPolicy', 'kind-unknown'],
    ['another kind', 'apiVersion: security.istio.io/v1\nkind: AuthPolicy', 'kind-unknown'],
    ['no kind', 'apiVersion: security.istio.io/v1', 'missing-field'],
    ['no apiVersion', 'kind: AuthorizationPolicy', 'missing-field'],
    ['a misspelt apiVersion', 'apiversion: security.istio.io/v1\nkind: AuthorizationPolicy', 'missing-field'],
  ] as const)('%s', ([, envelope, code]) => {
    const text = deny(envelope)
    const compilation = compileText(`${ACCOUNTS}${text}`)
    expect(codesOf(compilation)).toEqual([code])
    expect(compilation.snapshot).toBeUndefined()
    const alone = readAuthorizationPolicies([{ file: 'x.yaml', text }])
    expect(alone.diagnostics.map((one) => one.code)).toContain(code)
    expect(alone.policies).toBeUndefined()
  })
})

describe('what is plainly of somebody else is left alone', () => {
  test.for([
    ['Linkerd has a kind of this name', 'apiVersion: policy.linkerd.io/v1alpha1\nkind: AuthorizationPolicy', []],
    ['Istio has others', 'apiVersion: security.istio.io/v1\nkind: PeerAuthentication', []],
    ['and lists of them', 'apiVersion: security.istio.io/v1\nkind: RequestAuthenticationList', []],
    ['routes of Istio', 'apiVersion: networking.istio.io/v1\nkind: VirtualService', []],
    ['a kind that is like it', 'apiVersion: authentication.istio.io/v1alpha1\nkind: Policy', []],
    ['an unknown group, with a word', 'apiVersion: mesh.example.com/v1\nkind: AuthorizationPolicy', ['kind-foreign']],
  ] as const)('%s', ([, envelope, codes]) => {
    const text = deny(envelope)
    const compilation = compileText(`${ACCOUNTS}${text}`)
    expect(codesOf(compilation)).toEqual(codes)
    expect(compilation.snapshot).toBeDefined()
    expect(readAuthorizationPolicies([{ file: 'x.yaml', text }]).policies).toEqual([])
  })
})

test('RBAC of a misspelt group grants nothing, and says so', () => {
  for (const apiVersion of ['rbac.authorization.k8s/v1', 'rbac.authorisation.k8s.io/v1', 'rbac.authorization.k8s.io']) {
    const compilation = compileText(`${ACCOUNTS}apiVersion: ${apiVersion}
kind: ClusterRole
metadata: { name: all }
rules: [{ apiGroups: [nats-identity-bridge.dev], resources: [subjects], verbs: [publish] }]
`)
    expect(compilation.diagnostics).toMatchObject([{ severity: 'warning', code: 'api-version-unknown' }])
    expect(compilation.snapshot).toBeDefined()
  }
  const other = 'apiVersion: authorization.openshift.io/v1\nkind: Role\nmetadata: { name: r, namespace: shop }\n'
  expect(codesOf(compileText(`${ACCOUNTS}${other}`))).toEqual([])
})
