/** The values that policies and requests are made of: ordinary ones, and those that ports of Istio's rules get wrong. Pure data. */
import { ISSUERS } from './envoy-config.ts'

export const TRUST_DOMAINS = ['td1', 'td10', 'old-td', 'new-td', 'cluster.local', 'tx', 'other.org'] as const
export const NAMESPACES = ['foo', 'bar', 'istio-system', 'foo-2', 'f.o'] as const
export const ACCOUNTS = ['sleep', 'httpbin', 'sleep-2', 'sl.ep', 'default'] as const

export const MESHES = [
  { trustDomain: 'td1', trustDomainAliases: ['old-td', 'new-td'], rootNamespace: 'istio-system' },
  { trustDomain: 'cluster.local', trustDomainAliases: [], rootNamespace: 'istio-system' },
  { trustDomain: 'td1', trustDomainAliases: ['old-td'], rootNamespace: 'istio-system' },
  { trustDomain: 'td1', trustDomainAliases: ['old-td', '*-td'], rootNamespace: 'bar' },
  { trustDomain: 'td1', trustDomainAliases: ['cluster.local'], rootNamespace: 'istio-system' },
] as const

export const GATEWAY_LABEL = 'gateway.networking.k8s.io/gateway-name'

export const LABELS = [{ app: 'httpbin', version: 'v1' }, { app: 'httpbin', version: 'v2' }, { app: 'sleep' }] as const

/** Beside `<td>/ns/<ns>/sa/<sa>`, which is drawn. */
export const ODD_PRINCIPALS = [
  '*',
  'td1/ns/foo/*',
  'old-td/ns/bar/*',
  'cluster.local/ns/foo/*',
  'td1/ns/bar/s*',
  'td1/ns/foo/sa/*',
  'td1/*',
  'td1*',
  '*/ns/foo/sa/sleep',
  '*/sa/sleep',
  '*sleep',
  '*ep',
  '*-td/ns/foo/sa/sleep',
  't*/ns/foo/sa/sleep',
  'old-*/ns/bar/sa/httpbin',
  '*td1/ns/foo/sa/sleep',
  'spiffe://td1/ns/foo/sa/sleep',
  'spiffe://other.org/ns/bar/sa/httpbin',
  'spiffe://td1/*',
  'spiffe://*',
  'td1/ns/*/sa/sleep',
  '*foo*',
  '**',
  'td1/ns/foo/sa/sleep/',
  'td1',
  'a/b/c/d/e',
  'td1/ns/foo/sa/sl.ep',
  '*.local/ns/foo/sa/sleep',
  '*/ns/bar/sa/*',
] as const

/** Identities of peers, without `spiffe://`, beside the ordinary ones. */
export const ODD_PEERS = [
  'td1',
  'td1/',
  'td1/ns/foo',
  'td1/ns/foo/',
  'td1/ns/foo/sa/sleep/',
  'td1/ns/foo/sa/sleep/extra',
  'td1/x/ns/foo/sa/sleep',
  'td1/ns/foo/x/sa/sleep',
  'td1/ns/bar/sa/ns/foo/q',
  'td1/workload/sleep',
  'td1/ns//sa/sleep',
  'a/b/c/d/e',
  'td1/ns/*/sa/sleep',
  'TD1/ns/foo/sa/sleep',
] as const

export const NAMESPACE_PATTERNS = [
  'foo',
  'bar',
  'istio-system',
  'foo*',
  '*oo',
  'f*o',
  '*',
  'f*o*',
  'foo-2',
  'f.o',
  'foo/sa/sleep',
  '*/sa*',
  'x',
] as const

export const SERVICE_ACCOUNTS = [
  'sleep',
  'foo/sleep',
  'bar/httpbin',
  'httpbin',
  'foo/sl.ep',
  'bar/sleep-2',
  'sa',
] as const

export const TRUST_DOMAIN_PATTERNS = [
  'td1',
  'old-td',
  'new-td',
  'cluster.local',
  '*',
  '*-td',
  'td*',
  't*',
  'other.org',
  '*.org',
  'other*',
  'cluster*',
] as const

export const REQUEST_PRINCIPALS = [
  '*',
  '*/*',
  'issuer-a/alice',
  'issuer-a/*',
  'issuer-a/ali*',
  'issuer-a*',
  'issuer-a',
  '*/alice',
  '*/ali*',
  '*ice',
  '*a/alice',
  '*/svc/orders',
  'issuer-a/svc/orders',
  'https://login.example.com/bob',
  'https://login.example.com/realms/shop/*',
  'https://login.example.com*',
  'iss*/alice',
  'iss*',
  'i*',
  'issuer-b/',
  '*/',
  '/alice',
  '*issuer-a/',
  '**',
] as const

export { ISSUERS }

export const SUBJECTS = [
  'alice',
  'ali',
  'alicex',
  'bob',
  'malice',
  'orders',
  'svc/orders',
  '',
  '*',
  'Alice',
  'ali*',
] as const
export const AUDIENCES = ['shop', 'shop-admin', 'sho', 'api.example.com', 'Shop', 'a b'] as const
export const AUDIENCE_PATTERNS = ['shop', 'shop*', '*admin', '*', 'api.example.com', '*hop*', 'a b'] as const

export const CLAIM_KEYS = [
  'groups',
  'scope',
  'scope',
  'permission',
  'permission',
  'realm_access][roles',
  'nested][deep][x',
  'a.b',
  'email',
  'level',
  'flag',
  'iss',
  'sub',
  'missing',
  'Groups',
] as const
export const CLAIM_VALUES = [
  'admin',
  'admins',
  'adm',
  'read:orders',
  'read',
  'write',
  '5',
  'true',
  'a b',
  'Admin',
  'alice',
  '*x',
  '',
  'read  write',
  ' admin',
  'a\nb',
  'admín',
  '5 admin',
] as const
export const CLAIM_PATTERNS = [
  'admin',
  'adm*',
  '*min',
  '*',
  'read',
  'read:orders',
  'a b',
  '5',
  'true',
  'read*',
  'alice',
  '**x',
  '*dmi*',
] as const

export const HOSTS = [
  'httpbin.foo.svc.cluster.local',
  'api.example.com',
  'x.example.com',
  'example.com',
  '.example.com',
  'localhost',
] as const
export const HOST_PATTERNS = [
  ...HOSTS,
  '*',
  '*.example.com',
  '*example.com',
  'api.example.com*',
  'api.*',
  'API.Example.com',
  '*.EXAMPLE.com',
  'api.example.com:8080',
  '*:8080',
  'x.example.com:80',
  'httpbin*',
  '*.com*',
] as const

export const METHODS = [
  'GET',
  'POST',
  'PUT',
  'DELETE',
  'PATCH',
  'OPTIONS',
  'HEAD',
  'get',
  'Get',
  'PUB',
  'GETX',
  'GE',
] as const
export const METHOD_PATTERNS = [
  'GET',
  'POST',
  'PUT',
  'DELETE',
  '*',
  'G*',
  '*T',
  'P*',
  'PUB',
  'get',
  '*E*',
  'HEAD',
] as const

export const PATHS = [
  '/',
  '/orders',
  '/orders/',
  '/orders/7',
  '/orders/7/items',
  '/orders/7/items/',
  '/orders/a.b',
  '/a/b/c',
  '/health',
  '/admin/x',
  '/store//cart',
  '/store/a/b/cart',
  '/e|f',
  '/cAd',
  '/x~y',
  '/~user/x~',
  '/user/jos%C3%A9',
] as const
export const PATH_PATTERNS = [
  '/',
  '/*',
  '*',
  '/orders',
  '/orders*',
  '/orders/*',
  '/orders/',
  '/orders/7',
  '*/items',
  '*items',
  'orders/*',
  '/Orders',
  '/a/b/c',
  '/a/*/c',
  '*/b*',
  '/health',
  '/c%41d',
  '/e|f',
  '/e%7Cf',
  '/i/../j',
  '/k?x=1',
  '/x~y',
  '/~user/*',
  '*~',
  '/orders;v=1',
  '/%2fadmin',
  '/%2Fadmin',
  '/user/jos%C3%A9',
  '/orders/{*}',
  '/orders/{*}/items',
  '/orders/{**}',
  '/{*}',
  '/{**}',
  '/{*}/{*}',
  '/a/{*}/c',
  '/store/{**}/cart',
  '/store/{**}',
  '/{**}/items',
  '/{*}/items/{**}',
  '/orders/{*}/',
  '/orders/a.b/{*}',
  '/foo/{*}/bar/{**}',
  '/a+b/{*}',
  '/{*}/$x',
] as const

export const PORTS = ['80', '8080', '443', '08080', '65535', '0', '1', '4222'] as const

/** Only addresses of this machine can be the physical peer's. */
export const SOURCE_BLOCKS = [
  '127.0.0.1',
  '127.0.0.0/8',
  '127.1.2.3',
  '127.1.2.0/24',
  '127.1.2.128/25',
  '127.1.2.9/30',
  '127.0.0.0/9',
  '127.1.2.3/0',
  '0.0.0.0/0',
  '::1',
  '::/0',
  '::1/128',
  '::/64',
  '10.0.0.0/8',
  '::ffff:127.0.0.0/104',
] as const
export const BLOCKS = [
  '10.0.0.1',
  '10.0.0.0/8',
  '10.1.2.0/24',
  '10.1.2.77/24',
  '10.1.2.128/25',
  '192.168.0.0/16',
  '192.168.7.9/31',
  '0.0.0.0/0',
  '255.255.255.255',
  '2001:db8::1',
  '2001:db8::/32',
  '2001:db8:0:0:8000::/65',
  '2001:DB8::A/127',
  '::/0',
  '::ffff:10.0.0.0/104',
  'fe80::/10',
] as const

export const HEADERS = [
  'x-tenant',
  'X-Role',
  'x-a',
  'user-agent',
  'accept',
  'cookie',
  'content-type',
  'x-forwarded-host',
  'traceparent',
] as const
export const HEADER_VALUES = [
  'tenant-a',
  'tenant-b',
  'tenant',
  'guest',
  'a',
  'a,b',
  'a, b',
  'Tenant-A',
  '',
  'admin',
  '*',
] as const
export const HEADER_PATTERNS = [
  'tenant-a',
  'tenant*',
  '*-a',
  '*',
  'guest',
  'a',
  'a,b',
  'a*',
  '*b',
  'admin',
  '*enan*',
  '**',
] as const

export const SNIS = [
  'api.example.com',
  'x.example.com',
  'example.com',
  'httpbin.foo.svc.cluster.local',
  'Api.Example.com',
] as const
export const SNI_PATTERNS = [
  'api.example.com',
  '*.example.com',
  'api.*',
  '*',
  'httpbin*',
  'API.example.com',
  '*example*',
  'outbound_.8080_._.httpbin',
] as const

export const METADATA_KEYS = [
  'experimental.envoy.filters.network.mysql_proxy[db.table]',
  'experimental.envoy.filters.http.jwt_authn[payload]',
] as const
export const METADATA_VALUES = ['select', '[select]', '*', 'sel*'] as const

export const POLICY_NAMES = ['a', 'b', 'a-b', 'allow-get', 'deny-admin', 'z9', 'a.b', 'policy-10', 'policy-9'] as const

/** What Go's ParseBool takes; anything else is refused by Istio's validation. */
export const BOOLEANS = ['true', 'false', '1', '0', 'True', 'TRUE', 't', 'T', 'f', 'False'] as const

export const WAYPOINTS = [
  { name: 'gw', service: 'httpbin' },
  { name: 'gw', serviceEntry: 'httpbin' },
  { name: 'gw', namespace: 'bar', service: 'httpbin' },
  { name: 'other' },
] as const

export const TARGETS = [
  { kind: 'Service', name: 'httpbin' },
  { group: '', kind: 'Service', name: 'httpbin' },
  { group: 'core', kind: 'Service', name: 'httpbin' },
  { kind: 'Service', name: 'sleep' },
  { group: 'networking.istio.io', kind: 'ServiceEntry', name: 'httpbin' },
  { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'gw' },
  { group: 'gateway.networking.k8s.io', kind: 'GatewayClass', name: 'istio-waypoint' },
] as const

/** Of the header `:path`, which has the query. */
export const TARGET_PATTERNS = [
  '/orders',
  '/orders*',
  '*',
  '/k?x=1',
  '/orders?x=1',
  '*?x=1',
  '/x~y',
  '/a/b/c?*',
] as const
