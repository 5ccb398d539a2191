/** Draws policies with something in them that may be wrong: for Istio's validation and ours to judge alike. Pure. */
import { drawPolicySet } from './draw-policies.ts'
import type { PolicyDocument, PolicySet } from './case.ts'
import type { Random } from './random.ts'

type Open = Record<string, any>

/** @returns a set of one policy, in one of whose places something was changed. */
export function drawBroken(random: Random): PolicySet {
  const set = drawPolicySet(random, 'http')
  const policy = structuredClone(random.pick(set.policies)) as Open
  const times = random.chance(0.85) ? 1 : 2
  for (let i = 0; i < times; i++) random.pick(BREAKS)(policy, random)
  const { workload, mesh, transport } = set
  return { policies: [policy as PolicyDocument], workload, mesh, transport }
}

type Break = (policy: Open, random: Random) => void

const PORTS = [
  '65536',
  '65535',
  '-1',
  '80-90',
  'abc',
  '+80',
  '0x50',
  ' 80',
  '1e3',
  '00080',
  '99999999999999999999',
  '8_0',
]
const IPS = [
  '10.0.0.256',
  '10.0.0.0/33',
  '10.0.0.0/32',
  '::/129',
  '::/128',
  '10.0.0',
  '1.2.3.4/',
  '/8',
  '010.0.0.1',
  '::1/64/3',
  'fe80::1%eth0',
  'fe80::1%eth0/64',
  '1.2.3.4/08',
  '1.2.3.4/+8',
  '1.2.3.4/-1',
  '::ffff:1.2.3.4',
  '::ffff:1.2.3.4/96',
  '1:2:3:4:5:6:7:8',
  '1:2:3:4:5:6:7::',
  '1:2:3:4:5:6:7:8::',
  '::1::2',
  '12345::',
  '::1.2.3',
  '1.2.3.4 ',
  'localhost',
  '${IP}',
]
const KEYS = [
  'request.headers',
  'request.headers[]',
  'request.headers[a',
  'request.headers[a]',
  'request.headersx[a]',
  'request.headers[a][b]',
  'request.auth.claims',
  'request.auth.claims[a][b',
  'request.auth.claims[a][b]',
  'request.auth.claims[a]b]',
  'request.auth.claims[[a]]',
  'request.auth.claimsx[a]',
  'destination.labels[x]',
  'destination.namespace',
  'destination.name',
  'destination.user',
  'source.user',
  'source.ip',
  'source.IP',
  'source.ip[a]',
  'connection.sni',
  'connection.sni ',
  'experimental.envoy.filters.x',
  'experimental.envoy.filters.x[y]',
  'experimental.envoy.x[y]',
  'request.method',
  '',
]
const TEMPLATES = [
  '/a/{*}x',
  '/x{*}',
  '/{**}/{*}',
  '/{**}/{**}',
  '/{*}/{**}',
  '/{a}',
  '/a{b',
  '/a}b',
  '/a/{*}//b',
  '//{*}',
  '/{*}/',
  '/{*}//',
  '/a b/{*}',
  '/a*/{*}',
  '/a[b]/{*}',
  '/a%2f/{*}',
  '/{*}/jos\u00e9',
  '/{***}',
  '/{}',
  '/{*}?x=1',
  '/{*',
]
const ACCOUNTS = [
  'a/b/c',
  '/a',
  'a/',
  '*',
  'a*',
  'foo/*',
  'x'.repeat(320),
  'x'.repeat(321),
  `foo/${'x'.repeat(317)}`,
  ' ',
]
const TRUST_DOMAINS = ['a/b', 'a*b', '*a*', '**', '*', 'a*', '*a', 'a b', '/']
const LABELS: readonly Open[] = [{ '': 'x' }, { 'a*': 'b' }, { a: '*' }, { a: 'b*' }, { a: '' }, { a: 'b' }, {}]
const TARGETS: readonly Open[] = [
  { kind: 'Service', name: '' },
  { kind: 'Service', name: 'a' },
  { kind: '', name: 'a' },
  { kind: 'Pod', name: 'a' },
  { group: 'apps', kind: 'Deployment', name: 'a' },
  { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'a' },
  { group: 'gateway.networking.k8s.io', kind: 'GatewayClass', name: 'a' },
  { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'a' },
  { group: 'networking.istio.io', kind: 'ServiceEntry', name: 'a' },
  { group: 'gateway.networking.k8s.io', kind: 'Service', name: 'a' },
  { kind: 'Service', name: 'a', namespace: 'foo' },
  { kind: 'Service', name: 'a', namespace: 'bar' },
]
const FIELDS = [
  'principals',
  'requestPrincipals',
  'namespaces',
  'ipBlocks',
  'remoteIpBlocks',
  'serviceAccounts',
  'trustDomains',
]
const OPERATIONS = ['hosts', 'ports', 'methods', 'paths']

const BREAKS: readonly Break[] = [
  (policy) => rule(policy, (one) => (one['from'] = [])),
  (policy) => rule(policy, (one) => (one['to'] = [])),
  (policy) => rule(policy, (one) => (one['when'] = [])),
  (policy) => (policy['spec'].rules = []),
  (policy) => delete policy['spec'].rules,
  (policy) => rule(policy, (one) => (one['from'] = [{ source: {} }])),
  (policy) => rule(policy, (one) => (one['from'] = [{}])),
  (policy) => rule(policy, (one) => (one['to'] = [{ operation: {} }])),
  (policy) => rule(policy, (one) => (one['to'] = [{}])),
  (policy, random) => source(policy, random.pick(FIELDS), [], random),
  (policy, random) => operation(policy, random.pick(OPERATIONS), [], random),
  (policy, random) => source(policy, random.pick(FIELDS), [''], random),
  (policy, random) => operation(policy, random.pick(OPERATIONS), [''], random),
  (policy, random) => operation(policy, 'ports', [random.pick(PORTS)], random),
  (policy, random) => when(policy, { key: 'destination.port', values: [random.pick(PORTS)] }),
  (policy, random) => source(policy, random.pick(['ipBlocks', 'remoteIpBlocks']), [random.pick(IPS)], random),
  (policy, random) => source(policy, random.pick(['ipBlocks', 'remoteIpBlocks']), [random.pick(IPS)], random),
  (policy, random) =>
    when(policy, { key: random.pick(['source.ip', 'remote.ip', 'destination.ip']), values: [random.pick(IPS)] }),
  (policy, random) => when(policy, { key: random.pick(KEYS), values: ['a'] }),
  (policy, random) => when(policy, { key: random.pick(KEYS), notValues: ['10.0.0.1'] }),
  (policy, random) => when(policy, { key: random.pick(KEYS) }),
  (policy, random) => when(policy, { key: random.pick(KEYS), values: random.pick([[], ['']]) }),
  (policy) => when(policy, { values: ['a'] }),
  (policy, random) => source(policy, 'serviceAccounts', [random.pick(ACCOUNTS)], random),
  (policy) =>
    rule(
      policy,
      (one) => (one['from'] = [{ source: { serviceAccounts: Array.from({ length: 17 }, (_, i) => `a${i}`) } }]),
    ),
  (policy, random) => source(policy, 'trustDomains', [random.pick(TRUST_DOMAINS)], random),
  (policy, random) => when(policy, { key: 'source.trustDomain', values: [random.pick(TRUST_DOMAINS)] }),
  (policy, random) => when(policy, { key: 'source.serviceAccount', values: [random.pick(ACCOUNTS)] }),
  (policy, random) => operation(policy, 'paths', [random.pick(TEMPLATES)], random),
  (policy, random) => operation(policy, 'paths', [random.pick(TEMPLATES)], random),
  (policy, random) => (policy['spec'].action = random.pick(['ALLOW', 'DENY', 'AUDIT', 'CUSTOM', 'BLOCK', 'allow', ''])),
  (policy, random) => (policy['spec'].provider = random.pick([{ name: 'x' }, { name: '' }, {}])),
  (policy, random) => (policy['spec'].selector = { matchLabels: random.pick(LABELS) }),
  (policy) => (policy['spec'].selector = {}),
  (policy, random) => (policy['spec'].targetRefs = random.some(TARGETS, 1, 2)),
  (policy) => (policy['spec'].targetRefs = []),
  (policy, random) => (policy['spec'].targetRef = random.pick(TARGETS)),
  (policy, random) =>
    (policy['metadata'].annotations = {
      'istio.io/dry-run': random.pick(['yes', '', 'true', '1', 'TrUe', 'false', 'on', '0']),
    }),
]

function rule(policy: Open, change: (one: Open) => void): void {
  const rules: Open[] = (policy['spec'].rules ??= [])
  if (rules.length === 0) rules.push({})
  change(rules[0]!)
}

function source(policy: Open, field: string, values: string[], random: Random): void {
  const name = random.chance(0.3) ? `not${field.charAt(0).toUpperCase()}${field.slice(1)}` : field
  rule(policy, (one) => {
    if (one['from']?.[0]?.source === undefined || random.chance(0.5)) one['from'] = [{ source: {} }]
    one['from'][0].source[name] = values
  })
}

function operation(policy: Open, field: string, values: string[], random: Random): void {
  const name = random.chance(0.3) ? `not${field.charAt(0).toUpperCase()}${field.slice(1)}` : field
  rule(policy, (one) => {
    if (one['to']?.[0]?.operation === undefined || random.chance(0.5)) one['to'] = [{ operation: {} }]
    one['to'][0].operation[name] = values
  })
}

function when(policy: Open, condition: Open): void {
  rule(policy, (one) => (one['when'] = [...(one['when'] ?? []), condition]))
}
