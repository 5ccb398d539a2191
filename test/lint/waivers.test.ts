/** Waivers: what they take away, for whom, and what is said of those that take nothing away. */
import { describe, expect, test } from 'vitest'
import { codesOf, lintText } from './support.ts'

function orders(waive: string, grant: string): string {
  return `apiVersion: nats-identity-bridge.dev/v1alpha1
kind: SubjectPolicy
metadata:
  name: orders
  namespace: shop
  annotations: { nats-identity-bridge.dev/waive: '${waive}' }
spec:
  principals: [{ serviceAccount: shop/orders }]
  grants: [${grant}]
`
}

const GUESTS = (annotations: string): string => `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: deny-guests, namespace: shop, annotations: ${annotations} }
spec: { rules: [{ from: [{ source: { namespaces: [guests] } }] }] }
`

describe('a waiver', () => {
  test('takes away the finding that it names, and is counted', () => {
    const report = lintText(orders('request-unanswered', '{ request: [shop.a] }'))
    expect(report.findings).toEqual([])
    expect(report.waived).toBe(1)
  })

  test('takes away no other finding', () => {
    expect(codesOf(lintText(orders('respond-uncalled', '{ request: [shop.a] }')))).toEqual([
      'request-unanswered',
      'waiver-unused',
    ])
  })

  test('counts for its own document alone', () => {
    const other = orders('request-unanswered', '{ request: [shop.a] }')
    const text = `${other}---\n${other.replace('name: orders', 'name: others').replace(/  annotations.*\n/, '')}`
    expect(lintText(text).findings.filter(({ code }) => code === 'request-unanswered')).toMatchObject([
      { name: 'others' },
    ])
  })

  test('may stand beside the waivers of the compiler, in one annotation', () => {
    const both = lintText(orders('reach-jetstream, jetstream-admin', "{ publish: ['$JS.API.STREAM.CREATE.X'] }"))
    expect(both.findings).toEqual([])
    expect(both.withheld).toBeUndefined()
  })

  test('holds for AuthorizationPolicies as well', () => {
    const waived = lintText(GUESTS('{ nats-identity-bridge.dev/waive: istio-deny-that-allows }'))
    expect(waived.findings).toEqual([])
    expect(codesOf(lintText(GUESTS('{}')))).toEqual(['istio-deny-that-allows'])
  })

  test('with a misspelt code is an error, on every kind of document', () => {
    const misspelt = lintText(GUESTS('{ nats-identity-bridge.dev/waive: istio-deny-that-allow }'))
    expect(misspelt.findings.map(({ code, severity }) => `${severity} ${code}`)).toEqual([
      'error istio-deny-that-allows',
      'error waiver-unknown',
    ])
    expect(lintText(orders('request-unanswerd', '{ request: [shop.a] }')).findings).toContainEqual(
      expect.objectContaining({ code: 'waiver-unknown', mend: 'did you mean "request-unanswered"?' }),
    )
  })

  test('of a reach waives nothing in an AuthorizationPolicy', () => {
    expect(codesOf(lintText(GUESTS('{ nats-identity-bridge.dev/waive: reach-system }')))).toEqual([
      'istio-deny-that-allows',
      'waiver-unused',
    ])
  })

  describe('of a reach is for the compiler to judge', () => {
    const ACCOUNTS = `apiVersion: nats-identity-bridge.dev/v1alpha1
kind: AccountMap
metadata: { name: shop }
spec: { accounts: [{ account: SHOP, principals: [{ namespace: shop }] }] }
---
`
    const role = (kind: string, names: string): string => `${ACCOUNTS}apiVersion: rbac.authorization.k8s.io/v1
kind: ${kind}
metadata:
  name: operators
  namespace: shop
  annotations: { nats-identity-bridge.dev/waive: 'reach-system' }
rules: [{ apiGroups: [nats-identity-bridge.dev], resources: [subjects], verbs: [publish], resourceNames: ['${names}'] }]
`
    const account = (subject: string): string => `${ACCOUNTS}apiVersion: v1
kind: ServiceAccount
metadata:
  name: orders
  namespace: shop
  annotations: { nats-identity-bridge.dev/waive: 'reach-system', nats-identity-bridge.dev/publish: '${subject}' }
`
    const codes = (text: string): string[] => codesOf(lintText(text)).filter((code) => /waiver|reach/.test(code))

    test.for<[string, string, string]>([
      ['a Role', role('Role', '$SYS.REQ.SERVER.PING'), role('Role', 'shop.a')],
      ['a ClusterRole', role('ClusterRole', '$SYS.REQ.SERVER.PING'), role('ClusterRole', 'shop.a')],
      ['a ServiceAccount', account('$SYS.REQ.SERVER.PING'), account('shop.a')],
    ])('in %s', ([, needed, superfluous]) => {
      expect(codes(needed)).toEqual([])
      expect(codes(needed.replace('waive: ', 'x: '))).toContain('reach-system')
      expect(codes(superfluous)).toEqual(['waiver-unused'])
    })
  })

  test('is not called unused where the rules could not be looked at together', () => {
    const broken = `${orders('request-unanswered', '{ request: [shop.a] }')}---
apiVersion: nats-identity-bridge.dev/v1alpha1
kind: AccountMap
metadata: { name: broken }
spec: { accounts: [{ account: SYS, principals: [{ namespace: shop }] }] }
`
    const report = lintText(broken)
    expect(codesOf(report)).toEqual(['account-forbidden'])
    expect(report.withheld).toContain('an account that no client may be placed in')
  })
})
