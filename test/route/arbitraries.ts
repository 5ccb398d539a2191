/**
 * Policies and routes over few names, so that conditions meet the routes, cross and miss them; and every subject that a route of
 * them can mean, up to a length.
 */
import fc from 'fast-check'

export interface RouteLine {
  readonly subject: string
  readonly path: string
  readonly method?: string
  readonly caller?: 'publish' | 'subscribe'
}

/** Those of one set never stand for the same subject twice without one being more specific. */
const routeSets: readonly (readonly RouteLine[])[] = [
  [
    { subject: 'r.create', method: 'POST', path: '/o' },
    { subject: 'r.{id}.get', method: 'GET', path: '/o/{id}' },
    { subject: 'r.{id}.a.get', method: 'GET', path: '/o/{id}/a' },
  ],
  [{ subject: 'r.{x}.{y}', method: 'GET', path: '/{y}/{x}' }],
  [{ subject: 'r.{rest...}', method: 'GET', path: '/o/{rest...}' }],
  [{ subject: 'r.{method}.{rest...}', path: '/{rest...}' }],
  [
    { subject: 'r.{x}', method: 'GET', path: '/o/{x}', caller: 'subscribe' },
    { subject: 'r.{x}.{rest...}', method: 'GET', path: '/o/{x}/b/{rest...}', caller: 'subscribe' },
  ],
  [
    { subject: 'r.{rest...}', method: 'GET', path: '/{rest...}' },
    { subject: 'r.a.{x}', method: 'POST', path: '/a/{x}' },
    { subject: 'r.a.b', method: 'GET', path: '/o' },
    { subject: 'r.b.{x...}', method: 'DELETE', path: '/b/{x...}' },
  ],
  [
    { subject: 'r.o', method: 'GET', path: '/o/' },
    { subject: 'r.root', method: 'GET', path: '/' },
    { subject: 'r.dots.{x}', method: 'GET', path: '/v1.0/{x}/[b]' },
    { subject: 'r.{x}.sub', method: 'GET', path: '/o/{x}', caller: 'subscribe' },
  ],
]

export const anyRoutes: fc.Arbitrary<readonly RouteLine[]> = fc.constantFrom(...routeSets)

const segment = fc.constantFrom('a', 'b', 'o', 'a%3Ab', 'ab', '', 'a:b', 'a%20b', 'v1.0', 'c%61')
const common = fc.constantFrom('a', 'b', 'o')
const segments = fc.oneof(
  { weight: 4, arbitrary: fc.array(common, { minLength: 1, maxLength: 3 }) },
  { weight: 1, arbitrary: fc.array(segment, { minLength: 1, maxLength: 3 }) },
)

/** Those that policy.md wants exact. */
const exactPath = fc.oneof(
  segments.map((parts) => `/${parts.join('/')}`),
  segments.map((parts) => `/${parts.join('/')}/*`),
  fc.constantFrom('*', '/*', '/', '/o', '/o/*', '/o/a', '/o/b/*'),
  fc
    .tuple(fc.array(fc.oneof(common, fc.constant('{*}')), { maxLength: 3 }), fc.constantFrom('{*}', '{**}'))
    .map(([parts, last]) => `/${[...parts, last].join('/')}`),
)

const roughPath = fc.oneof(
  segments.map((parts) => `/${parts.join('/')}*`),
  segments.map((parts) => `*/${parts.join('/')}`),
  segments.map((parts) => `*${parts.join('/')}`),
  fc.tuple(common, common).map(([before, after]) => `/${before}/{**}/${after}`),
  fc.constantFrom(
    '/o*',
    '/o/a*',
    '*a',
    '*/a',
    '/{**}/b',
    '/{*}/{**}/a',
    '*%',
    '/o/a%*',
    '*Ab',
    '/a%3*',
    '*/',
    '/%2A',
    '/o/%2A/*',
  ),
)

const methods = fc.uniqueArray(fc.constantFrom('GET', 'POST', 'DELETE', 'G*', '*ST', '*', 'get', 'PURGE'), {
  minLength: 1,
  maxLength: 2,
})
const hosts = fc.uniqueArray(fc.constantFrom('orders.shop.svc.cluster.local', 'ORDERS.*', 'other', '*'), {
  minLength: 1,
  maxLength: 2,
})
const ports = fc.uniqueArray(fc.constantFrom('8080', '80'), { minLength: 1, maxLength: 2 })
const principals = fc.uniqueArray(
  fc.constantFrom(
    'cluster.local/ns/shop/sa/web',
    'cluster.local/ns/shop/sa/admin',
    '*',
    '*/web',
    'cluster.local/ns/shop/*',
  ),
  { minLength: 1, maxLength: 2 },
)
const namespaces = fc.uniqueArray(fc.constantFrom('shop', 'tools', '*', 'sh*'), { minLength: 1, maxLength: 2 })

function some<T>(arbitrary: fc.Arbitrary<T>, freq: number): fc.Arbitrary<T | undefined> {
  return fc.option(arbitrary, { nil: undefined, freq })
}

function withoutUndefined(object: object): object {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined))
}

function operation(path: fc.Arbitrary<string>): fc.Arbitrary<object> {
  const paths = fc.array(path, { minLength: 1, maxLength: 2 })
  return fc
    .record({
      paths: some(paths, 8),
      notPaths: some(paths, 2),
      methods: some(methods, 2),
      notMethods: some(methods, 1),
      hosts: fc.option(hosts, { nil: undefined, freq: 1 }).map((value) => (value?.length === 1 ? value : undefined)),
      ports: some(ports, 1),
      notPorts: fc.option(ports, { nil: undefined, freq: 1 }).map((value) => (value?.length === 2 ? value : undefined)),
    })
    .map(withoutUndefined)
    .filter((fields) => Object.keys(fields).length > 0)
}

const source = fc
  .record({
    principals: some(principals, 2),
    notPrincipals: some(principals, 1),
    namespaces: some(namespaces, 1),
    requestPrincipals: fc.option(fc.constantFrom(['*'], ['https://idp.example/alice']), { nil: undefined, freq: 1 }),
  })
  .map(withoutUndefined)
  .filter((fields) => Object.keys(fields).length > 0)

const when = fc.constantFrom(
  { key: 'request.headers[x-a]', values: ['b'] },
  { key: 'request.auth.claims[role]', values: ['admin'] },
  { key: 'destination.port', values: ['8080'] },
  { key: 'source.ip', notValues: ['10.0.0.0/8'] },
)

export interface Policy {
  readonly action: string
  readonly dryRun: boolean
  readonly rules: readonly object[]
}

/** Everybody may do everything, but for one template with an ending: of what depth it goes on, subjects cannot say. */
export const deepPolicies: fc.Arbitrary<readonly Policy[]> = fc
  .record({
    head: fc.array(fc.oneof(common, fc.constant('{*}')), { minLength: 1, maxLength: 2 }),
    last: common,
    isDeny: fc.boolean(),
  })
  .map(({ head, last, isDeny }): readonly Policy[] => {
    const template = `/${[...head, '{**}', last].join('/')}`
    const rule = (operation: object): object => ({ to: [{ operation }] })
    if (!isDeny) return [{ action: 'ALLOW', dryRun: false, rules: [rule({ notPaths: [template] })] }]
    return [
      { action: 'ALLOW', dryRun: false, rules: [{}] },
      { action: 'DENY', dryRun: false, rules: [rule({ paths: [template] })] },
    ]
  })

export function anyPolicies(kind: 'exact' | 'any'): fc.Arbitrary<readonly Policy[]> {
  const path = kind === 'exact' ? exactPath : fc.oneof(exactPath, roughPath)
  const rule = fc
    .record({
      from: some(
        fc.array(
          source.map((fields) => ({ source: fields })),
          { minLength: 1, maxLength: 2 },
        ),
        2,
      ),
      to: some(
        fc.array(
          operation(path).map((fields) => ({ operation: fields })),
          { minLength: 1, maxLength: 2 },
        ),
        8,
      ),
      when: fc.option(fc.array(when, { minLength: 1, maxLength: 1 }), { nil: undefined, freq: 1 }),
    })
    .map(withoutUndefined)
  const policy = fc.record({
    action: fc.constantFrom('ALLOW', 'ALLOW', 'ALLOW', 'DENY', 'DENY', 'AUDIT', 'CUSTOM'),
    dryRun: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    rules: fc.array(rule, { minLength: 1, maxLength: 2 }),
  })
  return fc.array(policy, { minLength: 1, maxLength: 4 })
}

const tokens = ['a', 'b', 'o', 'ab', 'a:b']

/** Every subject that the route has, with few tokens and few of them. */
export function subjectsOf({ subject }: RouteLine): string[] {
  const parts = subject.replaceAll('...}', '+}').split('.')
  return parts
    .map((part): readonly string[] => {
      if (part === '{method}') return ['get', 'post', 'purge', 'nonsense']
      if (part.endsWith('+}')) return restTokens
      return part.startsWith('{') ? tokens : [part]
    })
    .reduce<string[]>(
      (subjects, choices) =>
        subjects.flatMap((one) => choices.map((choice) => (one === '' ? choice : `${one}.${choice}`))),
      [''],
    )
}

const restTokens: readonly string[] = [
  ...tokens,
  ...sequences(['a', 'b', 'o'], 2),
  ...sequences(['a', 'b'], 3),
  'a.b.a.b',
  'o.a.b.a.b.a',
  'a.b.a.a.a.a.a.a.a.b',
  'b.a.a.a.a.a.a.a.a.a.a.b',
]

function sequences(from: readonly string[], length: number): string[] {
  if (length === 1) return [...from]
  return sequences(from, length - 1).flatMap((rest) => from.map((one) => `${one}.${rest}`))
}
