/**
 * The table of what is watched in a cluster: exactly what the compiler reads. One line more watches one thing more, and asks for the
 * right to do so. Services and namespaces are not in it, because no document is read in their light.
 */
export interface Resource {
  /** Empty for the core group. */
  readonly group: string
  /** In the order of preference: the first that the API server has is read. */
  readonly versions: readonly string[]
  readonly plural: string
  readonly kind: string
  /** Ours: its objects carry conditions of ours. */
  readonly hasStatus: boolean
}

const OURS = { group: 'nats-identity-bridge.dev', versions: ['v1alpha1'], hasStatus: true } as const
const RBAC = { group: 'rbac.authorization.k8s.io', versions: ['v1'], hasStatus: false } as const

export const RESOURCES: readonly Resource[] = [
  { ...OURS, plural: 'accountmaps', kind: 'AccountMap' },
  { ...OURS, plural: 'subjectceilings', kind: 'SubjectCeiling' },
  { ...OURS, plural: 'subjectpolicies', kind: 'SubjectPolicy' },
  { ...OURS, plural: 'subjectroutes', kind: 'SubjectRoute' },
  {
    group: 'security.istio.io',
    versions: ['v1', 'v1beta1'],
    plural: 'authorizationpolicies',
    kind: 'AuthorizationPolicy',
    hasStatus: false,
  },
  { ...RBAC, plural: 'roles', kind: 'Role' },
  { ...RBAC, plural: 'rolebindings', kind: 'RoleBinding' },
  { ...RBAC, plural: 'clusterroles', kind: 'ClusterRole' },
  { ...RBAC, plural: 'clusterrolebindings', kind: 'ClusterRoleBinding' },
  { group: '', versions: ['v1'], plural: 'serviceaccounts', kind: 'ServiceAccount', hasStatus: false },
]

/** `subjectpolicies.nats-identity-bridge.dev`, as kubectl and RBAC manifests have it. */
export function resourceName({ group, plural }: Pick<Resource, 'group' | 'plural'>): string {
  return group === '' ? plural : `${plural}.${group}`
}

export function apiVersionOf({ group }: Pick<Resource, 'group'>, version: string): string {
  return group === '' ? version : `${group}/${version}`
}

/** Of all objects of a resource in the cluster. */
export function collectionPath(resource: Pick<Resource, 'group' | 'plural'>, version: string): string {
  return `${versionPath(resource, version)}/${resource.plural}`
}

export function objectPath(
  resource: Pick<Resource, 'group' | 'plural'>,
  version: string,
  { namespace, name }: { readonly namespace?: string; readonly name: string },
): string {
  const within = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`
  return `${versionPath(resource, version)}${within}/${resource.plural}/${encodeURIComponent(name)}`
}

export function versionPath({ group }: Pick<Resource, 'group'>, version: string): string {
  return group === '' ? `/api/${version}` : `/apis/${group}/${version}`
}
