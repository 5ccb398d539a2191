/**
 * What kube-apiserver answers to a SubjectAccessReview, by brute force over documents as they were written: after
 * pkg/apis/rbac/v1/evaluation_helpers.go (VerbMatches, APIGroupMatches, ResourceMatches, ResourceNameMatches), plugin/pkg/auth/
 * authorizer/rbac (appliesToUser) and pkg/controller/clusterroleaggregation. Knows nothing of NATS: a name is a text.
 */
import type { PolicyRule, Subject } from './rbac-world.ts'

export interface Requirement {
  readonly key: string
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'
  readonly values?: readonly string[]
}

export interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>
  readonly matchExpressions?: readonly Requirement[]
}

export interface OracleRole {
  /** Absent for a ClusterRole. */
  readonly namespace?: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly rules: readonly PolicyRule[]
  readonly selectors?: readonly Selector[]
}

export interface OracleBinding {
  /** Absent for a ClusterRoleBinding. */
  readonly namespace?: string
  readonly name: string
  readonly roleKind: 'Role' | 'ClusterRole'
  readonly roleName: string
  readonly subjects: readonly Subject[]
}

export interface Cluster {
  readonly roles: readonly OracleRole[]
  readonly bindings: readonly OracleBinding[]
}

export interface Review {
  readonly user: string
  readonly groups: readonly string[]
  readonly verb: string
  readonly group: string
  readonly resource: string
  readonly name: string
  /** Absent: asked of the whole cluster. */
  readonly namespace?: string
}

export function isAllowed(cluster: Cluster, review: Review): boolean {
  const aggregated = afterAggregationOf(cluster)
  return cluster.bindings.some((binding) => {
    if (binding.namespace !== undefined && binding.namespace !== review.namespace) return false
    if (!binding.subjects.some((subject) => applies(subject, binding.namespace, review))) return false
    const roleNamespace = binding.roleKind === 'Role' ? binding.namespace : undefined
    if (binding.roleKind === 'Role' && binding.namespace === undefined) return false
    return aggregated
      .filter(({ name, namespace }) => name === binding.roleName && namespace === roleNamespace)
      .some(({ rules }) => rules.some((rule) => allows(rule, review)))
  })
}

function allows(rule: PolicyRule, { verb, group, resource, name }: Review): boolean {
  const names = rule.resourceNames ?? []
  return (
    (rule.verbs.includes('*') || rule.verbs.includes(verb)) &&
    (rule.apiGroups.includes('*') || rule.apiGroups.includes(group)) &&
    (rule.resources.includes('*') || rule.resources.includes(resource)) &&
    (names.length === 0 || names.includes(name))
  )
}

function applies({ kind, name, namespace }: Subject, bindingNamespace: string | undefined, review: Review): boolean {
  if (kind === 'User') return review.user === name
  if (kind === 'Group') return review.groups.includes(name)
  return review.user === `system:serviceaccount:${namespace ?? bindingNamespace}:${name}`
}

const aggregatedRoles = new WeakMap<Cluster, readonly OracleRole[]>()

/** A cluster is asked many questions. */
function afterAggregationOf(cluster: Cluster): readonly OracleRole[] {
  const roles = aggregatedRoles.get(cluster) ?? afterAggregation(cluster.roles)
  aggregatedRoles.set(cluster, roles)
  return roles
}

/** The controller, run until nothing changes. It overwrites rules, so it starts from none. */
function afterAggregation(roles: readonly OracleRole[]): readonly OracleRole[] {
  let current = roles.map((role) => (role.selectors === undefined ? role : { ...role, rules: [] }))
  for (;;) {
    const next = current.map((role) => {
      if (role.selectors === undefined) return role
      const selected = current.filter(
        (other) =>
          other !== role &&
          other.namespace === undefined &&
          role.selectors?.some((selector) => selects(selector, other.labels)),
      )
      const texts = new Set(selected.flatMap(({ rules }) => rules.map((rule) => JSON.stringify(rule))))
      return { ...role, rules: [...texts].toSorted().map((text): PolicyRule => JSON.parse(text)) }
    })
    if (JSON.stringify(next) === JSON.stringify(current)) return next
    current = next
  }
}

function selects(
  { matchLabels = {}, matchExpressions = [] }: Selector,
  labels: Readonly<Record<string, string>>,
): boolean {
  const asked: readonly Requirement[] = [
    ...Object.entries(matchLabels).map(([key, value]): Requirement => ({ key, operator: 'In', values: [value] })),
    ...matchExpressions,
  ]
  return asked.every(({ key, operator, values = [] }) => {
    const has = Object.hasOwn(labels, key)
    if (operator === 'Exists') return has
    if (operator === 'DoesNotExist') return !has
    const isIn = has && values.includes(labels[key] ?? '')
    return operator === 'In' ? isIn : !isIn
  })
}
