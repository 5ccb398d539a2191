/**
 * One mistake in one document each, with what the API server says of it and the code that compile has for it. Every rule of the
 * CustomResourceDefinitions is in it.
 */
import type { Json, JsonObject } from '../../../src/lib/json.ts'
import { API_VERSION } from '../../compile/support.ts'

export interface Mistake {
  /** Place and words. */
  readonly says: string
  readonly code: string
  readonly kind: string
  readonly value: JsonObject
}

const VERBS = 'publish, subscribe, request, respond, jetstream, kv, objectStore, service'
const NAMESPACED = new Set(['SubjectPolicy', 'SubjectRoute'])

function made(says: string, code: string, kind: string, spec: Json): Mistake {
  const metadata = NAMESPACED.has(kind) ? { name: 'one', namespace: 'shop' } : { name: 'one' }
  return { says, code, kind, value: { apiVersion: API_VERSION, kind, metadata, spec } }
}

function policy(says: string, code: string, spec: JsonObject): Mistake {
  return made(`spec${says}`, code, 'SubjectPolicy', { principals: [{ namespace: 'shop' }], ...spec })
}

function who(says: string, code: string, entry: Json): Mistake {
  return policy(`.principals[0]${says}`, code, { principals: [entry], grants: [{ publish: ['a'] }] })
}

function grant(says: string, code: string, written: Json): Mistake {
  return policy(`.grants[0]${says}`, code, { grants: [written] })
}

function jetstream(says: string, code: string, fields: JsonObject): Mistake {
  return grant(`.jetstream${says}`, code, { jetstream: { stream: 'ORDERS', ...fields } })
}

function consume(says: string, code: string, fields: JsonObject): Mistake {
  return jetstream(`.consume${says}`, code, { consume: { consumer: 'worker', ...fields } })
}

function deny(says: string, code: string, written: JsonObject): Mistake {
  return policy(`.grants: Invalid value: in a DENY ${says}`, code, { action: 'DENY', grants: [written] })
}

const WORKLOAD = { labels: { app: 'orders' }, serviceAccount: 'orders' }

function route(says: string, code: string, fields: JsonObject): Mistake {
  return made(`spec.routes[0]${says}`, code, 'SubjectRoute', { workload: WORKLOAD, routes: [fields] })
}

function template(subject: string, path: string): JsonObject {
  return { subject, method: 'GET', path }
}

function routes(says: string, code: string, fields: JsonObject): Mistake {
  const spec = { workload: WORKLOAD, routes: [template('shop.a', '/a')], ...fields }
  return made(`spec${says}`, code, 'SubjectRoute', spec)
}

const texts: readonly Mistake[] = [
  grant('.publish[0]: Invalid value: "a..b": has an empty token', 'pattern-invalid', { publish: ['a..b'] }),
  grant('.publish[1]: Invalid value: "a.": has an empty token', 'pattern-invalid', { publish: ['a', 'a.'] }),
  grant('.request[0]: Invalid value: "a-*": has a wildcard in the wrong place', 'pattern-invalid', {
    request: ['a-*'],
  }),
  grant('.respond[0]: Invalid value: "a.>.b": has a wildcard in', 'pattern-invalid', { respond: ['a.>.b'] }),
  grant('.subscribe[0]: Invalid value: "a workers": has a blank in it', 'pattern-invalid', {
    subscribe: ['a workers'],
  }),
  grant('.subscribe[0]: Invalid value: "a\\u200bb": spec', 'pattern-invalid', { subscribe: ['a\u200bb'] }),
  grant('.subscribe[0]: Invalid value: "a\\u00a0b": spec', 'pattern-invalid', { subscribe: ['a\u00a0b'] }),
  grant('.publish[0]: Invalid value: "a\\x00": spec', 'pattern-invalid', { publish: ['a\u0000'] }),
  grant('.publish[0] in body should be at least 1 chars', 'pattern-invalid', { publish: [''] }),
  grant('.publish: Invalid value: 0: spec.grants[0].publish in body should have at least 1', 'empty-list', {
    publish: [],
  }),
  grant('.queue[0]: Invalid value: "work*": has a wildcard in the wrong', 'queue-invalid', {
    subscribe: ['a'],
    queue: ['work*'],
  }),
  made('spec.publish[0]: Invalid value: ".a": has an empty', 'pattern-invalid', 'SubjectCeiling', {
    principals: [{ namespace: 'shop' }],
    publish: ['.a'],
    subscribe: [],
  }),
  grant('.kv.read[0]: Invalid value: "cart:1": spec', 'key-pattern-invalid', { kv: { bucket: 'a', read: ['cart:1'] } }),
  jetstream('.stream: Invalid value: "a.b": spec', 'stream-invalid', { stream: 'a.b', publish: ['a'] }),
  jetstream('.domain: Invalid value: "API": is no domain', 'domain-invalid', { domain: 'API', publish: ['a'] }),
  grant('.kv.domain: Invalid value: "ACK": is no domain', 'domain-invalid', {
    kv: { bucket: 'a', domain: 'ACK', read: ['a'] },
  }),
  grant('.kv.bucket: Invalid value: "$KV.a": spec', 'bucket-invalid', { kv: { bucket: '$KV.a', read: ['a'] } }),
  grant('.objectStore.store: Invalid value: "a b": spec', 'store-invalid', {
    objectStore: { store: 'a b', read: true },
  }),
  grant('.service.host.name: Invalid value: "*": spec', 'service-invalid', {
    service: { host: { name: '*', endpoints: ['a'] } },
  }),
]

const principals: readonly Mistake[] = [
  who(': Invalid value: says nobody: give at least one field', 'matcher-empty', {}),
  who(
    '.serviceAccount: Invalid value: "orders": is no ServiceAccount: write <namespace>/<name>',
    'service-account-invalid',
    {
      serviceAccount: 'orders',
    },
  ),
  who('.serviceAccount: Invalid value: "shop/or*": spec', 'service-account-invalid', { serviceAccount: 'shop/or*' }),
  who('.namespace: Invalid value: "*": spec', 'namespace-invalid', { namespace: '*' }),
  who('.namespace: Invalid value: can never match', 'matcher-contradictory', {
    namespace: 'pay',
    serviceAccount: 'pay-roll/orders',
  }),
  who('.trustDomain: Invalid value: "Td": spec', 'trust-domain-invalid', { trustDomain: 'Td' }),
  who('.spiffeId: Invalid value: "spiffe://td": is no SPIFFE ID', 'spiffe-id-invalid', { spiffeId: 'spiffe://td' }),
  who('.spiffeId: Invalid value: "spiffe://td/../a": spec', 'spiffe-id-invalid', { spiffeId: 'spiffe://td/../a' }),
  who('.spiffeId: Invalid value: "spiffe://td/*/a": spec', 'spiffe-id-invalid', { spiffeId: 'spiffe://td/*/a' }),
  who('.trustDomain: Invalid value: can never match', 'matcher-contradictory', {
    spiffeId: 'spiffe://td/a',
    trustDomain: 't',
  }),
  who('.requestPrincipal: Invalid value: "alice": has no "/"', 'request-principal-invalid', {
    requestPrincipal: 'alice',
  }),
  who('.requestPrincipal: Invalid value: "*a*": spec', 'request-principal-invalid', { requestPrincipal: '*a*' }),
  who('.issuer: Invalid value: "": spec', 'empty-text', { issuer: '' }),
  who('.claims: Invalid value: a claim has a name', 'key-invalid', { claims: { '': 'a' } }),
  who('.claims: Invalid value: 0: spec.principals[0].claims in body should have at least 1', 'matcher-empty', {
    claims: {},
  }),
  who('.authenticated: Unsupported value: false: supported values: "true"', 'invalid-value', { authenticated: false }),
  made(
    'spec.accounts[0].account: Invalid value: "SYS": is an account that no client may be placed in',
    'account-forbidden',
    'AccountMap',
    {
      accounts: [{ account: 'SYS', principals: [{ namespace: 'shop' }] }],
    },
  ),
  made('spec.accounts[0].account: Invalid value: "MY SHOP": spec', 'account-invalid', 'AccountMap', {
    accounts: [{ account: 'MY SHOP', principals: [{ namespace: 'shop' }] }],
  }),
]

const grants: readonly Mistake[] = [
  grant(`: Invalid value: has no verb: give one of ${VERBS}`, 'grant-without-verb', {}),
  grant(': Invalid value: has more than one verb', 'grant-with-verbs', { publish: ['a'], subscribe: ['a'] }),
  grant('.queue: Invalid value: goes with subscribe or respond only', 'grant-field-misplaced', {
    publish: ['a'],
    queue: ['workers'],
  }),
  grant('.maxReplies: Invalid value: goes with respond only', 'grant-field-misplaced', {
    request: ['a'],
    maxReplies: 1,
  }),
  grant('.replyWithin: Invalid value: goes with respond only', 'grant-field-misplaced', {
    request: ['a'],
    replyWithin: '1s',
  }),
  grant('.maxReplies: Invalid value: 0: is no number of replies', 'out-of-range', { respond: ['a'], maxReplies: 0 }),
  grant('.maxReplies in body should be greater than or equal to -1', 'out-of-range', {
    respond: ['a'],
    maxReplies: -2,
  }),
  grant('.replyWithin: Invalid value: "0s": is no time at all', 'duration-invalid', {
    respond: ['a'],
    replyWithin: '0s',
  }),
  grant('.replyWithin: Invalid value: "1d": spec', 'duration-invalid', { respond: ['a'], replyWithin: '1d' }),
  policy(': Invalid value: has neither grants nor limits', 'missing-field', {}),
  policy('.limits: Invalid value: is empty', 'limits-empty', { limits: {} }),
  policy('.limits.maxSession: Invalid value: "1500ms": is not one or more whole seconds', 'duration-invalid', {
    limits: { maxSession: '1500ms' },
  }),
  policy('.limits: Invalid value: does not go with action DENY', 'limits-in-deny', {
    action: 'DENY',
    grants: [{ publish: ['a'] }],
    limits: { maxSession: '1h' },
  }),
]

const resources: readonly Mistake[] = [
  jetstream(': Invalid value: says nothing that may be done: give publish, consume, read or admin', 'grant-empty', {}),
  policy('.grants: Invalid value: jetstream.stream is "*"', 'stream-invalid', {
    grants: [{ jetstream: { stream: '*', publish: ['a'] } }],
  }),
  policy('.grants: Invalid value: jetstream.consume.consumer is "*"', 'whole-stream-needed', {
    grants: [{ jetstream: { stream: 'ORDERS', consume: { consumer: '*' } } }],
  }),
  jetstream('.wholeStream: Invalid value: goes with consume or read only', 'grant-field-misplaced', {
    publish: ['a'],
    wholeStream: true,
  }),
  jetstream('.read: Invalid value: must be [">"] beside wholeStream: true', 'whole-stream-contradicted', {
    read: ['a'],
    wholeStream: true,
  }),
  jetstream('.read: Invalid value: has a pattern that ends in *', 'wildcard-widens', { read: ['a.*'] }),
  jetstream('.consume: Invalid value: reaches every message of the stream', 'whole-stream-needed', {
    consume: { consumer: 'worker', create: true },
  }),
  jetstream('.consume: Invalid value: has a filter, which narrows nothing', 'grant-field-misplaced', {
    consume: { consumer: 'worker', create: true, filter: 'a' },
    wholeStream: true,
  }),
  jetstream('.consume: Invalid value: has neither or both of consumer and ordered', 'consumer-unclear', {
    consume: {},
  }),
  consume('.filter: Invalid value: goes with create or ordered only', 'grant-field-misplaced', { filter: 'a' }),
  consume('.filter: Invalid value: "a.*": ends in *', 'wildcard-widens', { create: true, filter: 'a.*' }),
  jetstream(
    '.consume.ordered: Invalid value: create, push, deliver and queue do not go with ordered',
    'grant-field-misplaced',
    {
      consume: { ordered: true, filter: 'a', push: true },
    },
  ),
  consume('.deliver: Invalid value: goes with push: true only', 'grant-field-misplaced', { deliver: 'a' }),
  consume('.queue: Invalid value: goes with deliver only', 'grant-field-misplaced', {
    push: true,
    create: true,
    filter: 'a',
    queue: ['workers'],
  }),
  consume('.push: Invalid value: needs deliver', 'missing-field', { push: true }),
  deny('jetstream.read is [">"]', 'deny-of-part', { jetstream: { stream: 'ORDERS', read: ['a'] } }),
  deny('jetstream.consume has consumer alone', 'grant-field-misplaced', {
    jetstream: { stream: 'ORDERS', consume: { consumer: 'worker', push: false } },
  }),
  grant('.kv: Invalid value: says nothing that may be done: give read, watch, write or admin', 'grant-empty', {
    kv: { bucket: 'carts' },
  }),
  grant('.kv.wholeStream: Invalid value: goes with read or watch only', 'grant-field-misplaced', {
    kv: { bucket: 'carts', write: ['>'], wholeStream: true },
  }),
  grant('.kv.watch: Invalid value: must be [">"] beside wholeStream: true', 'whole-stream-contradicted', {
    kv: { bucket: 'carts', watch: ['a'], wholeStream: true },
  }),
  grant('.kv.watch: Invalid value: has a pattern that ends in *', 'wildcard-widens', {
    kv: { bucket: 'a', watch: ['*'] },
  }),
  deny('kv.read and kv.watch are [">"]', 'deny-of-part', { kv: { bucket: 'carts', watch: ['a'] } }),
  grant('.objectStore: Invalid value: says nothing that may be done: give read, write or admin', 'grant-empty', {
    objectStore: { store: 'files' },
  }),
  policy('.grants: Invalid value: objectStore.write needs read: true as well', 'write-without-read', {
    grants: [{ objectStore: { store: 'files', write: true } }],
  }),
  grant('.service: Invalid value: says nothing that may be done: give host, discover or call', 'grant-empty', {
    service: {},
  }),
  deny('service.discover is ["*"]', 'deny-of-part', { service: { discover: ['stock'] } }),
]

const ofRoutes: readonly Mistake[] = [
  route(
    '.subject: Invalid value: "shop.*": is no subject of a route',
    'route-subject-invalid',
    template('shop.*', '/a'),
  ),
  route('.subject: Invalid value: "shop..a": has an empty token', 'route-subject-invalid', template('shop..a', '/a')),
  route('.subject: Invalid value: "shop.{id}x": spec', 'route-subject-invalid', {
    ...template('shop.{id}x', '/{id}'),
  }),
  route('.subject: Invalid value: "{method}.{method}": has {method} twice', 'route-subject-invalid', {
    subject: '{method}.{method}',
    path: '/a',
  }),
  route(
    '.path: Invalid value: "a": is no path of a route: it begins with "/"',
    'route-path-invalid',
    template('shop.a', 'a'),
  ),
  route('.path: Invalid value: "/a?b": has a query or a fragment', 'route-path-invalid', template('shop.a', '/a?b')),
  route('.path: Invalid value: "/a/../b": has a dot segment', 'route-path-invalid', template('shop.a', '/a/../b')),
  route('.path: Invalid value: "/%41": escapes a character', 'route-path-invalid', template('shop.a', '/%41')),
  route('.path: Invalid value: "/{method}": has {method}', 'route-path-invalid', template('shop.a', '/{method}')),
  route('.path: Invalid value: "/a^b": spec', 'route-path-invalid', template('shop.a', '/a^b')),
  route('.method: Invalid value: "get": is no method: they are upper-case', 'route-method-invalid', {
    ...template('shop.a', '/a'),
    method: 'get',
  }),
  route('.grpc: Invalid value: "Cart.AddItem": spec', 'route-grpc-invalid', {
    subject: 'shop.a',
    grpc: 'Cart.AddItem',
  }),
  route(': Invalid value: has no operation, or two', 'route-invalid', { subject: 'shop.a', method: 'GET' }),
  route(': Invalid value: has no method, or one beside {method}', 'route-invalid', { subject: 'shop.a', path: '/a' }),
  route(': Invalid value: has {method} in its subject, and a gRPC call is always POST', 'route-invalid', {
    subject: 'shop.{method}',
    grpc: 'a/B',
  }),
  route(
    ': Invalid value: is ambiguous: subject and path have the same variables',
    'route-variables',
    template('shop.{id}', '/a'),
  ),
  route(
    '.path: Invalid value: is ambiguous: a variable of the subject is not in the path',
    'route-variables',
    template('shop.{id}', '/{no}'),
  ),
  route('.path: Invalid value: is ambiguous', 'route-variables', template('shop.{id}', '/{id...}')),
  route('.path: Invalid value: is ambiguous', 'route-variables', template('shop.{a}.{b}', '/{a}/{c}')),
  routes('.routes[1]: Duplicate value', 'route-double', {
    routes: [template('shop.a', '/a'), template('shop.a', '/b')],
  }),
  routes(': Invalid value: attachment: waypoint needs service', 'missing-field', { attachment: 'waypoint' }),
  routes('.service: Invalid value: goes with attachment: waypoint', 'field-misplaced', { service: 'orders' }),
  routes('.gateway: Invalid value: goes with attachment: waypoint', 'field-misplaced', { gateway: 'orders' }),
  routes('.workload: Invalid value: needs labels', 'missing-field', { workload: { serviceAccount: 'orders' } }),
  routes('.workload.serviceAccount: Invalid value: "shop/orders": spec', 'service-account-invalid', {
    workload: { ...WORKLOAD, serviceAccount: 'shop/orders' },
  }),
  routes('.port in body should be less than or equal to 65535', 'out-of-range', { port: 65_536 }),
]

export const MISTAKES: readonly Mistake[] = [...texts, ...principals, ...grants, ...resources, ...ofRoutes]
