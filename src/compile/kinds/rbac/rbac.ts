/**
 * Kubernetes RBAC as a source of grants: what a Role or ClusterRole allows on `subjects`, bound to somebody, is an allow. Pure.
 * Through a ClusterRoleBinding in whatever account; through a RoleBinding only in the account of its namespace. RBAC denies
 * nothing, so whatever is broken, missing or cannot be told grants nothing.
 */
import type { GrantRule } from '../../../policy/model.ts'
import type { Mistake } from '../../mistake.ts'
import type { SourceObject } from '../../source-object.ts'
import { diagnoseMember, originOf, type Family, type FamilyMember } from '../family.ts'
import { readBinding, roleRefOf, type Bound } from './binding.ts'
import { missingRole, onlyByAnyGroup, placeOfBinding } from './binding-remarks.ts'
import { doublesAmong } from '../doubles.ts'
import { openAccounts, type Accounts } from '../namespace-account.ts'
import { RBAC_GROUP } from './rbac-group.ts'
import { openRoles, type RoleBook } from './role-book.ts'
import { readRole, type RoleRule } from './role.ts'

export const rbac: Family = {
  kinds: [
    { apiGroup: RBAC_GROUP, kind: 'ClusterRole', scope: 'Cluster' },
    { apiGroup: RBAC_GROUP, kind: 'Role', scope: 'Namespaced' },
    { apiGroup: RBAC_GROUP, kind: 'ClusterRoleBinding', scope: 'Cluster' },
    { apiGroup: RBAC_GROUP, kind: 'RoleBinding', scope: 'Namespaced' },
  ],
  resolve: (members, context) => {
    const roles = openRoles(members.filter((member) => !isBinding(member)).map(readRole))
    if (!roles.speaksOfSubjects && !context.besideOurs) return { rules: [], diagnostics: [] }
    const accounts = openAccounts(context.accounts, context.trustDomains)
    const bindings = members.filter(isBinding).map((member) => bind(member, roles, accounts))
    const doubles = doublesAmong(bindings, ({ grants }) => grants.length > 0)
    return {
      rules: [{ grants: bindings.flatMap((binding) => (doubles.has(binding) ? [] : binding.grants)) }],
      diagnostics: [
        ...[...roles.mistakes].flatMap(([member, mistakes]) => diagnoseMember(member, mistakes)),
        ...bindings.flatMap((binding) => {
          const double = doubles.get(binding)
          return diagnoseMember(binding.member, double === undefined ? binding.mistakes : [double, ...binding.mistakes])
        }),
      ],
    }
  },
}

function isBinding({ kind }: FamilyMember): boolean {
  return kind.endsWith('Binding')
}

interface Binding {
  readonly member: FamilyMember
  readonly grants: readonly GrantRule[]
  readonly mistakes: readonly Mistake[]
}

/** Silent about bindings of roles that say nothing of subjects. */
function bind(member: FamilyMember, roles: RoleBook, accounts: Accounts): Binding {
  const nothing = { member, grants: [] }
  const ref = roleRefOf(member)
  // Kubernetes has no such binding; one of ours may be meant when there is a role for it.
  if (ref === undefined) return { ...nothing, mistakes: roles.speaksOfSubjects ? readBinding(member).mistakes : [] }
  const role = roles.find(ref, member)
  if (role === undefined) return { ...nothing, mistakes: missingRole(ref, member, roles) }
  if (role.rules.length === 0) {
    return { ...nothing, mistakes: role.allowsByAnyGroup ? onlyByAnyGroup(ref, readBinding(member)) : [] }
  }
  const bound = readBinding(member)
  if (bound.principals.length === 0) return { ...nothing, mistakes: bound.mistakes }
  const place = placeOfBinding(member, bound, accounts)
  const grants = place.isNowhere ? [] : grantsOf(member, bound, role.rules, place.account)
  return { member, grants, mistakes: [...bound.mistakes, ...place.mistakes] }
}

interface Granted {
  readonly rules: readonly RoleRule[]
  readonly account: string | undefined
  readonly grants: readonly GrantRule[]
}

/** As long as binding, role and account stay what they are, so do the grants, and nothing is spelled for the hash again. */
const remembered = new WeakMap<SourceObject, Granted>()

function grantsOf(
  member: FamilyMember,
  bound: Bound,
  rules: readonly RoleRule[],
  account: string | undefined,
): readonly GrantRule[] {
  const known = remembered.get(member.object)
  const isSame = known?.account === account && known?.rules.length === rules.length
  if (known !== undefined && isSame && rules.every((rule, index) => rule === known.rules[index])) return known.grants
  const grants = grantsAnew(member, bound, rules, account)
  remembered.set(member.object, { rules, account, grants })
  return grants
}

function grantsAnew(
  member: FamilyMember,
  { principals }: Bound,
  rules: readonly RoleRule[],
  account: string | undefined,
): GrantRule[] {
  const origin = originOf(member, ['roleRef'])
  return rules.flatMap((rule) =>
    rule.verbs.map((verb): GrantRule => ({
      effect: 'allow',
      principals,
      grant: { verb, patterns: rule.patterns },
      ...(account === undefined ? {} : { withinAccount: account }),
      origin: { ...origin, through: rule.origin },
    })),
  )
}
