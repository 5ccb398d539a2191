/** Documents of Kubernetes RBAC as objects, and what principals may do under them, for the tests of RBAC and annotations. */
import { createHash } from 'node:crypto'
import { whatCan } from '../../src/audit/what-can.ts'
import { compile, type Compilation } from '../../src/compile/index.ts'
import { requestPrincipal, workloadPrincipal, type Principal } from '../../src/identity/principal.ts'
import { parseSpiffeId } from '../../src/identity/spiffe-id.ts'
import { createDecide } from '../../src/policy/decide.ts'
import type { Decision } from '../../src/policy/decision.ts'
import { API_VERSION, OPTIONS } from './support.ts'

export const GROUP = 'nats-identity-bridge.dev'
export const RBAC = 'rbac.authorization.k8s.io'

export interface PolicyRule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
  readonly resourceNames?: readonly string[]
}

export interface Subject {
  readonly kind: 'ServiceAccount' | 'User' | 'Group'
  readonly name: string
  readonly namespace?: string
}

export function accountMap(accounts: Readonly<Record<string, readonly object[]>>): object {
  return {
    apiVersion: API_VERSION,
    kind: 'AccountMap',
    metadata: { name: 'accounts' },
    spec: { accounts: Object.entries(accounts).map(([account, principals]) => ({ account, principals })) },
  }
}

export function ceiling(principals: readonly object[], publish: string[], subscribe: string[]): object {
  return {
    apiVersion: API_VERSION,
    kind: 'SubjectCeiling',
    metadata: { name: 'ceiling' },
    spec: { principals, publish, subscribe },
  }
}

/** A rule on subjects. */
export function on(verbs: readonly string[], ...resourceNames: string[]): PolicyRule {
  return { apiGroups: [GROUP], resources: ['subjects'], verbs, ...(resourceNames.length > 0 ? { resourceNames } : {}) }
}

/** @param path `namespace/name`, or a name for a ClusterRole */
export function role(path: string, rules: readonly unknown[], metadata: object = {}): object {
  return { apiVersion: `${RBAC}/v1`, ...named('Role', path, metadata), rules }
}

export function aggregated(name: string, clusterRoleSelectors: readonly object[], labels: object = {}): object {
  return {
    apiVersion: `${RBAC}/v1`,
    ...named('Role', name, { labels }),
    aggregationRule: { clusterRoleSelectors },
    rules: [],
  }
}

/** @param ref `Role x` or `ClusterRole x` */
export function binding(path: string, ref: string, ...subjects: readonly Subject[]): object {
  const [kind, name] = ref.split(' ')
  return {
    apiVersion: `${RBAC}/v1`,
    ...named('RoleBinding', path, {}),
    roleRef: { apiGroup: RBAC, kind, name },
    subjects: subjects.map((one) => (one.kind === 'ServiceAccount' ? one : { ...one, apiGroup: RBAC })),
  }
}

export function serviceAccount(path: string, annotations: Readonly<Record<string, string>>): object {
  const [namespace, name] = path.split('/')
  const own = Object.entries(annotations).map(([key, text]) => [`${GROUP}/${key}`, text])
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name, namespace, annotations: Object.fromEntries(own) },
  }
}

function named(kind: string, path: string, metadata: object): object {
  const [first = '', name] = path.split('/')
  if (name === undefined) return { kind: `Cluster${kind}`, metadata: { name: first, ...metadata } }
  return { kind, metadata: { name, namespace: first, ...metadata } }
}

export function sa(path: string): Subject {
  const [namespace = '', name = ''] = path.split('/')
  return { kind: 'ServiceAccount', namespace, name }
}

export function user(name: string): Subject {
  return { kind: 'User', name }
}

export function group(name: string): Subject {
  return { kind: 'Group', name }
}

export function compileAll(...documents: readonly object[]): Compilation {
  return compile(
    [{ file: 'rbac.yaml', text: documents.map((one) => `---\n${JSON.stringify(one)}\n`).join('') }],
    OPTIONS,
  )
}

/** A ServiceAccount of this trust domain (`shop/orders`), or a SPIFFE ID. */
export function workload(text: string): Principal {
  const [namespace, name] = text.split('/')
  const id = parseSpiffeId(text.includes('://') ? text : `spiffe://cluster.local/ns/${namespace}/sa/${name}`)
  if (!id.ok) throw new Error(id.error)
  return workloadPrincipal(id.value)
}

export function endUser(issuer: string, subject: string, ...groups: string[]): Principal {
  return requestPrincipal({ issuer, subject, claims: { iss: issuer, sub: subject } }, groups)
}

const sha256Hex = (text: string): string => createHash('sha256').update(text).digest('hex')
const decide = createDecide(sha256Hex)

export function decisionFor({ snapshot, withheld }: Compilation, principal: Principal): Decision {
  if (snapshot === undefined) throw new Error(withheld)
  return decide(snapshot, principal)
}

export interface Held {
  readonly publish: readonly string[]
  readonly subscribe: readonly string[]
}

/** The allow lists of the user JWT; empty for who cannot log in. */
export function heldBy(compilation: Compilation, principal: Principal): Held {
  const decision = decisionFor(compilation, principal)
  if (decision.effect === 'deny') return { publish: [], subscribe: [] }
  const { pub, sub } = decision.permissions.filtering
  return { publish: pub.allow, subscribe: sub.allow }
}

/** Names of the rules behind each entry that is allowed. */
export function rulesBehind(compilation: Compilation, principal: Principal): string[] {
  const decision = decisionFor(compilation, principal)
  if (compilation.snapshot === undefined) return []
  return whatCan(compilation.snapshot, decision, principal)
    .entries.filter(({ effect }) => effect === 'allow')
    .flatMap(({ entry, rules }) => rules.map(({ kind, name }) => `${entry} ${kind} ${name}`))
}
