/** Valid policy documents, few enough in kind that two random sets are often alike. JSON is YAML, so they are printed as JSON. */
import fc from 'fast-check'
import { API_VERSION } from './support.ts'

export interface Document {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
  readonly spec: object
}

const pattern = fc.constantFrom('shop.a', 'shop.*', 'shop.>', 'pay.*.done')
const patterns = fc.array(pattern, { minLength: 1, maxLength: 2 })
const entry = fc.constantFrom<object>(
  { namespace: 'shop' },
  { serviceAccount: 'shop/orders' },
  { spiffeId: 'spiffe://td.example/ns/shop/*' },
  { claims: { role: 'admin' }, issuer: 'https://idp.example' },
)
const principals = fc.array(entry, { minLength: 1, maxLength: 2 })
const grant = fc.oneof(
  fc.record({ publish: patterns }),
  fc.record({ subscribe: patterns, queue: fc.constant(['workers']) }, { requiredKeys: ['subscribe'] }),
  fc.record({ request: patterns }),
  fc.record(
    { respond: patterns, maxReplies: fc.constantFrom(-1, 5), replyWithin: fc.constantFrom('5s', '1m') },
    { requiredKeys: ['respond'] },
  ),
)

const subjectPolicySpec = fc.record(
  {
    action: fc.constantFrom('ALLOW', 'DENY'),
    principals,
    grants: fc.array(grant, { minLength: 1, maxLength: 2 }),
  },
  { requiredKeys: ['principals', 'grants'] },
)

const route = fc.constantFrom<object>(
  { subject: 'shop.{id}', method: 'GET', path: '/{id}' },
  { subject: 'shop.a', method: 'POST', path: '/a' },
  { subject: 'rest.{method}.{path...}', path: '/{path...}' },
  { subject: 'rest.get.b', method: 'GET', path: '/b', caller: 'subscribe' },
)
const subjectRouteSpec = fc.record({
  workload: fc.constant({ labels: { app: 'orders' }, serviceAccount: 'orders' }),
  whenNoPolicy: fc.constantFrom('Deny', 'Allow'),
  routes: fc.array(route, { minLength: 1, maxLength: 3 }),
})
const authorizationPolicySpec = fc.record({
  action: fc.constantFrom('ALLOW', 'DENY'),
  rules: fc.array(
    fc.constantFrom<object>(
      {},
      { to: [{ operation: { paths: ['/b', '/a*'], notPaths: ['/a'] } }] },
      { from: [{ source: { namespaces: ['shop'] } }], to: [{ operation: { methods: ['GET'] } }] },
    ),
    { minLength: 1, maxLength: 2 },
  ),
})

function namespaced(kind: string, spec: fc.Arbitrary<object>, apiVersion = API_VERSION): fc.Arbitrary<Document> {
  const metadata = fc.record({ name: fc.constantFrom('a', 'b', 'c'), namespace: fc.constantFrom('shop', 'pay') })
  return fc.record({ apiVersion: fc.constant(apiVersion), kind: fc.constant(kind), metadata, spec })
}

function ofCluster(kind: string, spec: fc.Arbitrary<object>): fc.Arbitrary<Document> {
  const metadata = fc.record({ name: fc.constantFrom('a', 'b', 'c') })
  return fc.record({ apiVersion: fc.constant(API_VERSION), kind: fc.constant(kind), metadata, spec })
}

const inbox = fc.constantFrom('private', 'shared')
const accounts = fc.array(fc.record({ account: fc.constant('SHOP'), principals, inbox }), {
  minLength: 1,
  maxLength: 2,
})

/** No two of the same kind, namespace and name. */
export const documents: fc.Arbitrary<Document[]> = fc.uniqueArray(
  fc.oneof(
    namespaced('SubjectPolicy', subjectPolicySpec),
    namespaced('SubjectRoute', subjectRouteSpec),
    namespaced('AuthorizationPolicy', authorizationPolicySpec, 'security.istio.io/v1'),
    ofCluster('AccountMap', fc.record({ accounts })),
    ofCluster('SubjectCeiling', fc.record({ principals, publish: patterns, subscribe: patterns })),
  ),
  { selector: ({ kind, metadata: { namespace, name } }) => `${kind} ${namespace} ${name}`, maxLength: 6 },
)

/** One file of several documents. */
export function print(list: readonly Document[]): string {
  return list.map((document) => `---\n${JSON.stringify(document, null, 2)}\n`).join('')
}

const WORDS =
  'apiVersion kind metadata name spec action grants publish DENY SubjectPolicy 0x1F 1e999 ~ __proto__'.split(' ')
const MARKS = ': |? |- |, |{|}|[|]|&a |*a|<<: |!t |!!binary |"|#|---|...|%YAML 1.1|\t|\u0000|\uFEFF|\u2028|\''.split(
  '|',
)
const BREAKS = ['\n', '\r\n', '\n  ', '\n    - ', ': |\n', ': >-\n']

/** Text that gets further into a YAML reader than random characters do. */
export const yamlish = fc
  .array(fc.constantFrom(API_VERSION, ...WORDS, ...MARKS, ...BREAKS), { maxLength: 60 })
  .map((parts) => parts.join(''))
