/** Draws policies as teams write them and as nobody should: every field, its `not`, every `when` key, several policies at once. Pure. */
import type { Operation, PolicyDocument, PolicySet, Rule, Source, Transport, When, Workload } from './case.ts'
import type { Random } from './random.ts'
import * as words from './vocabulary.ts'

type Action = NonNullable<PolicyDocument['spec']['action']>

/** Part of the sets in which one condition alone decides, so that nothing else hides a mistake in it. */
const FOCUSED = 0.45

export function drawPolicySet(random: Random, transport: Transport): PolicySet {
  const mesh = random.pick(words.MESHES)
  if (random.chance(FOCUSED)) return drawFocused(random, mesh, transport)
  const workload = drawWorkload(random, transport)
  const count = random.pick([1, 2, 2, 3, 3, 4])
  const names = random.some(words.POLICY_NAMES, count, count)
  // One for all: with several, Istio refuses whatever a CUSTOM policy matches, provider by provider.
  const provider = random.pick(['ask', 'ask-opa'])
  return {
    policies: names.map((name) =>
      drawPolicy(random, name, { root: mesh.rootNamespace, provider, workload, transport }),
    ),
    mesh,
    workload,
    transport,
  }
}

function drawFocused(random: Random, mesh: PolicySet['mesh'], transport: Transport): PolicySet {
  const action = random.pick(['ALLOW', 'ALLOW', 'DENY'] as const)
  const rule = random.pick<() => Rule>([
    () => ({ from: [{ source: drawSource(random, action, transport, 1) }] }),
    () => ({ from: [{ source: drawSource(random, action, transport, 1) }] }),
    () => ({ to: [{ operation: drawOperation(random, transport, 1) }] }),
    () => ({ when: [drawWhen(random, action, transport)] }),
    () => ({ when: [drawWhen(random, action, transport)] }),
  ])()
  return {
    policies: [
      {
        apiVersion: 'security.istio.io/v1',
        kind: 'AuthorizationPolicy',
        metadata: { name: 'a', namespace: random.pick(['foo', 'foo', mesh.rootNamespace]) },
        spec: { action, rules: [rule] },
      },
    ],
    mesh,
    workload: { namespace: 'foo', labels: random.pick(words.LABELS) },
    transport,
  }
}

interface Surroundings {
  readonly root: string
  readonly provider: string
  readonly workload: Workload
  readonly transport: Transport
}

function drawWorkload(random: Random, transport: Transport): Workload {
  const labels = random.pick(words.LABELS)
  if (transport === 'tcp' || random.chance(0.88)) return { namespace: 'foo', labels }
  return random.chance(0.3)
    ? { namespace: 'foo', labels: { ...labels, [words.GATEWAY_LABEL]: 'gw' } }
    : { namespace: 'foo', waypoint: random.pick(words.WAYPOINTS) }
}

function drawPolicy(
  random: Random,
  name: string,
  { root, provider, workload, transport }: Surroundings,
): PolicyDocument {
  const action: Action = random.pick([
    'ALLOW',
    'ALLOW',
    'ALLOW',
    'ALLOW',
    'ALLOW',
    'DENY',
    'DENY',
    'DENY',
    'AUDIT',
    'CUSTOM',
  ])
  const annotated = (action === 'ALLOW' || action === 'DENY') && random.chance(0.12)
  const annotations = annotated ? { annotations: { 'istio.io/dry-run': random.pick(words.BOOLEANS) } } : {}
  const namespace = random.chance(0.8) ? 'foo' : random.chance(0.8) ? root : random.pick(['bar', 'foo-2'])
  const many = random.chance(0.04)
  const rules = Array.from({ length: many ? 12 : random.pick([1, 1, 1, 2, 2, 3]) }, () =>
    drawRule(random, action, transport),
  )
  const spelled = action === 'ALLOW' && random.chance(0.5) ? {} : { action }
  const withoutRules = action === 'ALLOW' || action === 'AUDIT' ? random.chance(0.04) : false
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name, namespace, ...annotations },
    spec: {
      ...drawTarget(random, workload),
      ...spelled,
      ...(action === 'CUSTOM' ? { provider: { name: provider } } : {}),
      ...(withoutRules ? {} : { rules }),
    },
  }
}

function drawTarget(random: Random, workload: Workload): Pick<PolicyDocument['spec'], 'selector' | 'targetRefs'> {
  const byLabels = workload.waypoint === undefined && !Object.hasOwn(workload.labels ?? {}, words.GATEWAY_LABEL)
  const chance = random.next()
  if (chance > (byLabels ? 0.93 : 0.15)) return { targetRefs: random.some(words.TARGETS, 1, 2) }
  if (chance < 0.7) return {}
  const matchLabels = random.pick([
    { app: 'httpbin' },
    { app: 'httpbin' },
    { version: 'v1' },
    {},
    random.pick(words.LABELS),
  ])
  return { selector: { matchLabels } }
}

function drawRule(random: Random, action: Action, transport: Transport): Rule {
  if (random.chance(0.03)) return {}
  const from = random.chance(0.6)
    ? drawSome(random, () => ({ source: drawSource(random, action, transport) }))
    : undefined
  const to = random.chance(0.65) ? drawSome(random, () => ({ operation: drawOperation(random, transport) })) : undefined
  const when =
    random.chance(0.35) || (from === undefined && to === undefined)
      ? drawSome(random, () => drawWhen(random, action, transport))
      : undefined
  return {
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(when === undefined ? {} : { when }),
  }
}

function drawSome<T>(random: Random, draw: () => T): T[] {
  return Array.from({ length: random.chance(0.75) ? 1 : 2 }, draw)
}

type SourceName =
  'principals' | 'requestPrincipals' | 'namespaces' | 'serviceAccounts' | 'ipBlocks' | 'remoteIpBlocks' | 'trustDomains'
type OperationName = 'hosts' | 'ports' | 'methods' | 'paths'

const NOT = {
  principals: 'notPrincipals',
  requestPrincipals: 'notRequestPrincipals',
  namespaces: 'notNamespaces',
  serviceAccounts: 'notServiceAccounts',
  ipBlocks: 'notIpBlocks',
  remoteIpBlocks: 'notRemoteIpBlocks',
  trustDomains: 'notTrustDomains',
  hosts: 'notHosts',
  ports: 'notPorts',
  methods: 'notMethods',
  paths: 'notPaths',
} as const

const SOURCE_WORDS: Readonly<Record<SourceName, (random: Random) => string>> = {
  principals: (random) => (random.chance(0.5) ? random.pick(words.ODD_PRINCIPALS) : drawPeer(random)),
  requestPrincipals: (random) => random.pick(words.REQUEST_PRINCIPALS),
  namespaces: (random) => random.pick(words.NAMESPACE_PATTERNS),
  serviceAccounts: (random) => random.pick(words.SERVICE_ACCOUNTS),
  ipBlocks: (random) => random.pick(words.SOURCE_BLOCKS),
  remoteIpBlocks: (random) => random.pick(words.BLOCKS),
  trustDomains: (random) => random.pick(words.TRUST_DOMAIN_PATTERNS),
}

const OPERATION_WORDS: Readonly<Record<OperationName, (random: Random) => string>> = {
  hosts: (random) => random.pick(words.HOST_PATTERNS),
  ports: (random) => random.pick(words.PORTS),
  methods: (random) => random.pick(words.METHOD_PATTERNS),
  paths: (random) => random.pick(words.PATH_PATTERNS),
}

/** An ordinary identity, without `spiffe://`. */
export function drawPeer(random: Random): string {
  return `${random.pick(words.TRUST_DOMAINS)}/ns/${random.pick(words.NAMESPACES)}/sa/${random.pick(words.ACCOUNTS)}`
}

function drawSource(random: Random, action: Action, transport: Transport, most = 2): Source {
  // The API server takes only addresses with CUSTOM.
  const ordinary: SourceName[] = ['principals', 'namespaces', 'trustDomains', 'ipBlocks', 'remoteIpBlocks']
  if (transport === 'http' || random.chance(0.15)) ordinary.push('requestPrincipals', 'requestPrincipals')
  const names: SourceName[] =
    action === 'CUSTOM'
      ? ['ipBlocks', 'remoteIpBlocks']
      : random.chance(0.15)
        ? // It stands with no principals and no namespaces.
          [
            'serviceAccounts',
            ...random.some<SourceName>(['trustDomains', 'ipBlocks', 'requestPrincipals'], 0, most - 1),
          ]
        : random.some([...new Set(ordinary)], 1, most)
  return drawLists(random, names, SOURCE_WORDS)
}

function drawOperation(random: Random, transport: Transport, most = 3): Operation {
  const names: OperationName[] =
    transport === 'http'
      ? random.some<OperationName>(['hosts', 'ports', 'methods', 'paths', 'paths'], 1, most)
      : random.chance(0.8)
        ? ['ports']
        : random.some<OperationName>(['hosts', 'ports', 'methods', 'paths'], 1, 2)
  return drawLists(random, [...new Set(names)], OPERATION_WORDS)
}

type WhenWords = readonly [key: string, draw: (random: Random) => string]

/** Each field as a list, as a `not` list, or as both. */
function drawLists<Name extends SourceName | OperationName>(
  random: Random,
  names: readonly Name[],
  drawn: Readonly<Record<Name, (random: Random) => string>>,
): Record<string, string[]> {
  const lists: Record<string, string[]> = {}
  for (const name of names) {
    const values = (): string[] => [
      ...new Set(Array.from({ length: random.pick([1, 1, 2, 3]) }, () => drawn[name](random))),
    ]
    const kind = random.next()
    if (kind < 0.75 || kind > 0.93) lists[name] = values()
    if (kind >= 0.75) lists[NOT[name]] = values()
  }
  return lists
}

function drawWhen(random: Random, action: Action, transport: Transport): When {
  const [key, draw] = random.pick(WHEN.filter((entry) => isFit(entry[0], action, transport, random)))
  const name = key.endsWith('[')
    ? bracketed(random, key)
    : key === 'experimental.'
      ? random.pick(words.METADATA_KEYS)
      : key
  const values = (): string[] => [...new Set(Array.from({ length: random.pick([1, 1, 2]) }, () => draw(random)))]
  const kind = random.next()
  return {
    key: name,
    ...(kind < 0.7 || kind > 0.9 ? { values: values() } : {}),
    ...(kind >= 0.7 ? { notValues: values() } : {}),
  }
}

function isFit(key: string, action: Action, transport: Transport, random: Random): boolean {
  if (action === 'CUSTOM' && /^(source\.(?!ip)|request\.auth)/.test(key)) return false
  return transport === 'http' || !key.startsWith('request.') || random.chance(0.15)
}

const WHEN: readonly WhenWords[] = [
  ['request.headers[', (random) => random.pick(words.HEADER_PATTERNS)],
  ['request.headers[', (random) => random.pick(words.HEADER_PATTERNS)],
  ['request.headers[:authority]', (random) => random.pick(words.HOST_PATTERNS)],
  ['request.headers[Host]', (random) => random.pick(words.HOST_PATTERNS)],
  ['request.headers[:path]', (random) => random.pick(words.TARGET_PATTERNS)],
  ['request.headers[:method]', (random) => random.pick(words.METHOD_PATTERNS)],
  ['source.ip', SOURCE_WORDS.ipBlocks],
  ['remote.ip', SOURCE_WORDS.remoteIpBlocks],
  ['source.namespace', SOURCE_WORDS.namespaces],
  ['source.serviceAccount', SOURCE_WORDS.serviceAccounts],
  ['source.principal', SOURCE_WORDS.principals],
  ['source.trustDomain', SOURCE_WORDS.trustDomains],
  ['request.auth.principal', SOURCE_WORDS.requestPrincipals],
  ['request.auth.audiences', (random) => random.pick(words.AUDIENCE_PATTERNS)],
  ['request.auth.presenter', (random) => random.pick(words.AUDIENCE_PATTERNS)],
  ['request.auth.claims[', (random) => random.pick(words.CLAIM_PATTERNS)],
  ['request.auth.claims[', (random) => random.pick(words.CLAIM_PATTERNS)],
  ['request.auth.claims[', (random) => random.pick(words.CLAIM_PATTERNS)],
  ['destination.ip', SOURCE_WORDS.remoteIpBlocks],
  ['destination.port', OPERATION_WORDS.ports],
  ['connection.sni', (random) => random.pick(words.SNI_PATTERNS)],
  ['connection.sni', (random) => random.pick(words.SNI_PATTERNS)],
  ['experimental.', (random) => random.pick(words.METADATA_VALUES)],
]

function bracketed(random: Random, key: string): string {
  const names = key.startsWith('request.headers') ? words.HEADERS : words.CLAIM_KEYS
  return `${key}${random.pick<string>(names)}]`
}
