/** Whom and what a policy names: accounts to create, workloads and groups to make tokens for. Pure. */
import { parseSpiffeId, serviceAccountOf, type ServiceAccountRef } from '../identity/spiffe-id.ts'
import type { Matcher, MatcherEntry } from '../policy/matcher.ts'
import type { Snapshot, TrustDomains } from '../policy/snapshot.ts'

export interface PolicyNames {
  readonly accounts: readonly string[]
  /** Those spelled out; a wildcard names nobody. */
  readonly serviceAccounts: readonly ServiceAccountRef[]
  /** Of end users; those that Kubernetes gives out are left out. */
  readonly groups: readonly string[]
}

const ANY = '*'
const KUBERNETES_GROUP = 'system:'

export function namesIn({ model, trustDomains }: Snapshot): PolicyNames {
  const rules: readonly { readonly principals: Matcher }[] = [
    ...model.accounts,
    ...model.grants,
    ...model.limits,
    ...model.ceilings,
  ]
  const serviceAccounts = new Map<string, ServiceAccountRef>()
  const groups = new Set<string>()
  for (const { serviceAccount, trustDomain, group } of rules.flatMap(({ principals }) => principals)) {
    if (group !== undefined && !group.startsWith(KUBERNETES_GROUP)) groups.add(group)
    if (serviceAccount === undefined || serviceAccount.namespace === ANY || serviceAccount.name === ANY) continue
    if (trustDomain !== undefined && trustDomain !== trustDomains.local) continue
    serviceAccounts.set(`${serviceAccount.namespace}/${serviceAccount.name}`, serviceAccount)
  }
  for (const ref of rules
    .flatMap(({ principals }) => principals)
    .flatMap((entry) => namedByIstio(entry, trustDomains))) {
    serviceAccounts.set(`${ref.namespace}/${ref.name}`, ref)
  }
  return {
    accounts: [...new Set(model.accounts.map(({ account }) => account))].toSorted(),
    serviceAccounts: [...serviceAccounts].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, ref]) => ref),
    groups: [...groups].toSorted(),
  }
}

/** ServiceAccounts of the local trust domain that an AuthorizationPolicy spells out. */
function namedByIstio({ istio }: MatcherEntry, { local }: TrustDomains): ServiceAccountRef[] {
  return (istio?.terms ?? []).flatMap((term) => {
    if (term.field === 'serviceAccount') return term.values.map(({ namespace, name }) => ({ namespace, name }))
    if (term.field !== 'principal') return []
    return term.values.flatMap((value) => {
      const id = value.is === 'exact' ? parseSpiffeId(`spiffe://${value.value}`) : undefined
      if (id?.ok !== true || id.value.trustDomain !== local) return []
      return serviceAccountOf(id.value) ?? []
    })
  })
}
