/** What a binding cannot do, and why: its role is missing, its namespace has no account, its subjects live elsewhere. Pure. */
import type { Mistake } from '../../mistake.ts'
import { quote, spellPath, unquoted } from '../../../lib/spell.ts'
import type { FamilyMember } from '../family.ts'
import { API_GROUP } from '../kind.ts'
import type { Bound, RoleRef } from './binding.ts'
import type { Accounts } from '../namespace-account.ts'
import type { RoleBook } from './role-book.ts'

/** Roles that every cluster has, and that say nothing of subjects. */
const BUILT_IN = /^(?:system:.*|cluster-admin|admin|edit|view)$/

const ROLE_NAME = ['roleRef', 'name']

export function missingRole(ref: RoleRef, binding: FamilyMember, roles: RoleBook): Mistake[] {
  const suggestion = roles.suggest(ref, binding)
  if (suggestion === undefined && BUILT_IN.test(ref.name)) return []
  const place = ref.kind === 'Role' && binding.namespace !== undefined ? ` in namespace ${binding.namespace}` : ''
  const message = `${spellPath(ROLE_NAME)} ${quote(ref.name)} is no ${unquoted(ref.kind, 60)} here${place}, so the binding grants no subjects`
  const hint = suggestion ?? 'write the role beside it, or remove the binding'
  return [{ severity: 'warning', code: 'role-missing', message, hint, path: ROLE_NAME }]
}

/** `kubectl auth can-i` says yes to what such a role allows. */
export function onlyByAnyGroup(ref: RoleRef, { principals }: Bound): Mistake[] {
  // As Kubernetes binds cluster-admin itself: to a group that no NATS client is in.
  if (principals.length === 0) return []
  const message = `${ref.kind} ${quote(ref.name)} allows every API group, which grants no subjects`
  const hint = `only rules with apiGroups: [${API_GROUP}] do`
  return [{ severity: 'info', code: 'api-group-any', message, hint, path: ROLE_NAME }]
}

export interface Place {
  /** The only account in which the binding grants; absent for all. */
  readonly account?: string
  /** In no account at all. */
  readonly isNowhere: boolean
  readonly mistakes: readonly Mistake[]
}

export function placeOfBinding({ namespace }: FamilyMember, bound: Bound, all: Accounts): Place {
  if (namespace === undefined) return { isNowhere: false, mistakes: [] }
  const accounts = all.ofNamespace(namespace)
  const [account] = accounts
  if (account !== undefined && accounts.length === 1) {
    return { account, isNowhere: false, mistakes: livingElsewhere(bound, namespace, account, all) }
  }
  const path = ['metadata', 'namespace']
  const hint = `place namespace: ${namespace} in one account`
  const told = account === undefined ? NOWHERE : `AccountMaps place its ServiceAccounts in ${accounts.join(' and ')}`
  const message = `namespace ${namespace} has no account of its own, so the binding grants nothing: ${told}`
  const code = account === undefined ? 'namespace-without-account' : 'namespace-in-several-accounts'
  return { isNowhere: true, mistakes: [{ severity: 'warning', code, message, hint, path }] }
}

const NOWHERE = 'no AccountMap places all its ServiceAccounts'

/** ServiceAccounts of other namespaces that the binding names for nothing. */
function livingElsewhere(bound: Bound, namespace: string, account: string, all: Accounts): Mistake[] {
  return bound.serviceAccounts.flatMap(({ index, ...named }): Mistake[] => {
    // Who lives in a namespace that is placed as a whole lives there, or is refused.
    if (named.namespace === namespace) return []
    const own = all.ofServiceAccount(named.namespace, named.name)
    if (own.includes(account)) return []
    const home = own.length === 0 ? 'in no account' : `in ${own.join(' and ')}`
    const path = ['subjects', index]
    const message = `${spellPath(path)} ${named.namespace}/${named.name} lives ${home}, and a RoleBinding in ${namespace} grants in ${account} only`
    return [{ severity: 'warning', code: 'subject-in-other-account', message, hint: HINT, path }]
  })
}

const HINT = 'bind a ClusterRole with a ClusterRoleBinding, which grants in every account'
