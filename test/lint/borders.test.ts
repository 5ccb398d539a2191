/** Where rules stop: the neighbour of each finding that is none. */
import { describe, expect, test } from 'vitest'
import { coversEntry } from '../../src/lint/principals.ts'
import { codesOf, lintText } from './support.ts'

const OURS = 'apiVersion: nats-identity-bridge.dev/v1alpha1\n'

function policy(name: string, spec: string): string {
  return `${OURS}kind: SubjectPolicy\nmetadata: { name: ${name}, namespace: shop }\nspec: ${spec}\n`
}

function istio(name: string, spec: string, annotations = '{}'): string {
  return `apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: { name: ${name}, namespace: shop, annotations: ${annotations} }\nspec: ${spec}\n`
}

const WEB = 'principals: [{ serviceAccount: shop/web }]'
const ORDERS = 'principals: [{ serviceAccount: shop/orders }]'

describe('grants', () => {
  test('a responder with more replies, or more time, is not covered by one with less', () => {
    const respond = (first: string, second: string): string[] =>
      codesOf(
        lintText(
          [
            policy('a', `{ ${ORDERS}, grants: [{ respond: [shop.>], ${first} }, { respond: [shop.a], ${second} }] }`),
            policy('b', `{ ${WEB}, grants: [{ request: [shop.>] }] }`),
          ].join('---\n'),
        ),
      )
    expect(respond('maxReplies: 5', 'maxReplies: 5')).toEqual(['grant-covered'])
    expect(respond('maxReplies: 5', 'maxReplies: 6')).toEqual([])
    expect(respond('replyWithin: 1s', 'replyWithin: 2s')).toEqual([])
    expect(respond('maxReplies: -1', 'maxReplies: 6')).toEqual(['grant-covered', 'respond-unlimited'])
    expect(respond('maxReplies: 5', 'maxReplies: -1')).toEqual(['respond-unlimited'])
  })

  test('a publish does not cover a request, which brings an inbox', () => {
    const both = `{ ${WEB}, grants: [{ publish: [shop.>] }, { request: [shop.a] }] }`
    const service = policy('s', `{ ${ORDERS}, grants: [{ respond: [shop.a] }] }`)
    expect(codesOf(lintText(`${policy('a', both)}---\n${service}`))).toEqual([])
  })

  test('what the server answers itself needs nobody to listen', () => {
    expect(codesOf(lintText(policy('a', `{ ${WEB}, grants: [{ request: ['$SRV.PING'] }] }`)))).toEqual([])
  })

  test('a ceiling that only may match keeps a grant from being called lost', () => {
    const ceiling = (name: string, matcher: string, subjects: string): string =>
      `${OURS}kind: SubjectCeiling\nmetadata: { name: ${name} }\nspec: { principals: [${matcher}], publish: [${subjects}], subscribe: [] }\n`
    const grant = policy('a', '{ principals: [{ namespace: shop }], grants: [{ publish: [warehouse.a] }] }')
    const whole = ceiling('whole', '{ namespace: shop }', 'shop.>')
    const some = ceiling('some', '{ serviceAccount: shop/web }', 'warehouse.>')
    expect(codesOf(lintText([grant, whole].join('---\n')))).toEqual(['grant-outside-ceiling'])
    expect(codesOf(lintText([grant, whole, some].join('---\n')))).toEqual([])
  })

  test('an account for everybody is worth a word, and a warning where it is not the only one', () => {
    const accounts = (more: string): string =>
      `${OURS}kind: AccountMap\nmetadata: { name: a }\nspec: { accounts: [{ account: ALL, principals: [{ serviceAccount: '*/*' }] }${more}] }\n`
    const severity = (text: string): unknown =>
      lintText(text).findings.find(({ code }) => code === 'account-any-namespace')?.severity
    expect(severity(accounts(''))).toBe('info')
    expect(severity(accounts(', { account: USERS, principals: [{ issuer: https://login.example }] }'))).toBe('warning')
  })

  test('a condition of an AuthorizationPolicy covers nobody but those who fulfil the same', () => {
    const trustDomains = { local: 'cluster.local', aliases: [] }
    const asked = (value: string) => ({
      istio: {
        terms: [{ field: 'principal' as const, values: [{ is: 'exact' as const, value }], not: false }],
        whenUnknown: false,
      },
    })
    expect(coversEntry(asked('a'), asked('a'), trustDomains)).toBe(true)
    expect(coversEntry(asked('a'), asked('b'), trustDomains)).toBe(false)
    expect(coversEntry(asked('a'), { namespace: 'shop' }, trustDomains)).toBe(false)
    expect(coversEntry({ authenticated: true }, asked('a'), trustDomains)).toBe(true)
  })

  test('roles are bound in their own namespace', () => {
    const role = (namespace: string): string =>
      `apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: { name: orders, namespace: ${namespace} }\nrules: [{ apiGroups: [nats-identity-bridge.dev], resources: [subjects], verbs: [publish], resourceNames: [shop.a] }]\n`
    const binding =
      'apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: { name: orders, namespace: shop }\nroleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: orders }\nsubjects: [{ kind: Group, apiGroup: rbac.authorization.k8s.io, name: system:authenticated }]\n'
    expect(codesOf(lintText(`${role('shop')}---\n${binding}`))).toContain('rbac-binds-everybody')
    expect(codesOf(lintText(`${role('hr')}---\n${binding}`))).not.toContain('rbac-binds-everybody')
  })
})

describe('AuthorizationPolicies', () => {
  const FROM = 'from: [{ source: { namespaces: [shop] } }]'

  test('of two that say the same, the first is told, once', () => {
    const both = [istio('a', `{ rules: [{ ${FROM} }] }`), istio('b', `{ rules: [{ ${FROM} }] }`)].join('---\n')
    expect(lintText(both).findings).toMatchObject([
      { code: 'istio-voids-narrow', name: 'a', message: 'makes 1 rule void in b' },
    ])
  })

  test('a policy for other pods makes nothing void', () => {
    const first = istio('a', `{ selector: { matchLabels: { app: a } }, rules: [{ ${FROM} }] }`)
    const second = istio('b', `{ selector: { matchLabels: { app: b } }, rules: [{ ${FROM} }] }`)
    expect(codesOf(lintText(`${first}---\n${second}`))).toEqual([])
    const more = istio('b', `{ selector: { matchLabels: { app: a, tier: b } }, rules: [{ ${FROM} }] }`)
    expect(codesOf(lintText(`${first}---\n${more}`))).toEqual(['istio-voids-narrow'])
  })

  test('a rule that leaves something out covers only rules that leave out the same', () => {
    const rule = (operation: string): string => `{ ${FROM}, to: [{ operation: { ${operation} } }] }`
    const rules = (...all: string[]): string[] => codesOf(lintText(istio('a', `{ rules: [${all.join(', ')}] }`)))
    expect(rules(rule('methods: [GET], notPaths: [/a]'), rule('methods: [GET], notPaths: [/a]'))).toEqual([
      'istio-voids-narrow',
    ])
    expect(rules(rule('methods: [GET], notPaths: [/a]'), rule('methods: [GET], notPaths: [/b]'))).toEqual([])
    expect(rules(rule('methods: [GET], notPaths: [/a*]'), rule('methods: [GET], notPaths: [/ab]'))).toEqual([])
  })

  test('a policy that is only tried shuts no broker', () => {
    const spec = `{ selector: { matchLabels: { app: nats } }, rules: [{ ${FROM}, to: [{ operation: { methods: [GET] } }] }] }`
    expect(codesOf(lintText(istio('a', spec)))).toEqual(['istio-shuts-nats'])
    expect(codesOf(lintText(istio('a', spec, "{ istio.io/dry-run: 'true' }")))).toEqual(['istio-dry-run'])
  })
})
