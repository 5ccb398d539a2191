/**
 * The NATS account of a Kubernetes namespace: the one that a ServiceAccount of it gets of which no AccountMap has ever heard. Pure.
 * What single ServiceAccounts are given says nothing of a namespace: who may write RoleBindings in it would else rule an account
 * that one of its workloads happens to live in.
 */
import { parseSpiffeId } from '../../identity/spiffe-id.ts'
import { workloadPrincipal, type Principal } from '../../identity/principal.ts'
import { MatcherIndex } from '../../policy/matcher-index.ts'
import type { AccountRule } from '../../policy/model.ts'
import type { TrustDomains } from '../../policy/snapshot.ts'

/** Of all AccountMap entries that match: one account, or none, or several that contradict each other. Sorted. */
export interface Accounts {
  ofNamespace(namespace: string): readonly string[]
  ofServiceAccount(namespace: string, name: string): readonly string[]
}

/** A name that no ServiceAccount can have. */
const NOBODY = '_'

export function openAccounts(accounts: readonly AccountRule[], trustDomains: TrustDomains): Accounts {
  let index: MatcherIndex<AccountRule> | undefined
  const known = new Map<string, readonly string[]>()
  const find = (namespace: string, name: string): readonly string[] => {
    const principal = serviceAccountPrincipal(namespace, name, trustDomains)
    if (principal === undefined) return []
    // Most sets of documents have nobody who asks.
    index ??= new MatcherIndex(accounts, trustDomains)
    return [...new Set(index.matching(principal).map(({ account }) => account))].toSorted()
  }
  const ofServiceAccount = (namespace: string, name: string): readonly string[] => {
    const key = `${namespace}/${name}`
    const found = known.get(key) ?? find(namespace, name)
    known.set(key, found)
    return found
  }
  return { ofServiceAccount, ofNamespace: (namespace) => ofServiceAccount(namespace, NOBODY) }
}

/** As it logs in with its token. `undefined` for names that no ServiceAccount has. */
export function serviceAccountPrincipal(
  namespace: string,
  name: string,
  { local }: TrustDomains,
): Principal | undefined {
  const id = parseSpiffeId(`spiffe://${local}/ns/${namespace}/sa/${name}`)
  return id.ok ? workloadPrincipal(id.value) : undefined
}
