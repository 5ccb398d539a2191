/** All roles of a set of documents, found by the way a binding names them. Pure. */
import { aggregate } from './aggregation.ts'
import { didYouMean } from '../../../lib/nearest.ts'
import type { Mistake } from '../../mistake.ts'
import { spellPath } from '../../../lib/spell.ts'
import type { FamilyMember } from '../family.ts'
import { doublesAmong } from '../doubles.ts'
import type { RoleRef } from './binding.ts'
import type { Role, RoleRule } from './role.ts'

export interface RoleBook {
  /** Whether any role speaks of subjects, with or without success. */
  readonly speaksOfSubjects: boolean
  /** What a role grants, itself or by aggregation; `undefined` when there is no such role. */
  find(ref: RoleRef, binding: FamilyMember): FoundRole | undefined
  /** For a role that is not there: what may have been meant. */
  suggest(ref: RoleRef, binding: FamilyMember): string | undefined
  /** Of each role that there is something to say about. */
  readonly mistakes: ReadonlyMap<FamilyMember, readonly Mistake[]>
}

export interface FoundRole {
  readonly rules: readonly RoleRule[]
  readonly allowsByAnyGroup: boolean
}

export function openRoles(read: readonly Role[]): RoleBook {
  const doubles = doublesAmong(read, ({ speaksOfSubjects }) => speaksOfSubjects)
  const roles = read.map((role) => (doubles.has(role) ? { ...role, rules: [] } : role))
  const clusterRoles = roles.filter(({ member }) => member.kind === 'ClusterRole')
  const byName = new Map(roles.map((role) => [keyOf(role.member), role]))
  const mistakes = new Map<FamilyMember, readonly Mistake[]>()
  const speaksOfSubjects = read.some((role) => role.speaksOfSubjects)
  for (const role of read) {
    const double = doubles.get(role)
    const told = [...(role.speaksOfSubjects && double !== undefined ? [double] : []), ...role.mistakes]
    if (told.length > 0) mistakes.set(role.member, told)
  }

  const found = new Map<Role, FoundRole>()
  function resolve(role: Role): FoundRole {
    const known = found.get(role)
    if (known !== undefined) return known
    const aggregated = aggregate(role, clusterRoles)
    const resolved = { rules: aggregated.rules, allowsByAnyGroup: role.allowsByAnyGroup }
    found.set(role, resolved)
    return resolved
  }

  if (speaksOfSubjects) {
    for (const role of roles.filter(({ aggregationRule }) => aggregationRule !== undefined)) {
      const told = [...aggregate(role, clusterRoles).mistakes, ...overwritten(role, resolve(role).rules)]
      if (told.length > 0) mistakes.set(role.member, [...(mistakes.get(role.member) ?? []), ...told])
    }
  }

  return {
    speaksOfSubjects,
    mistakes,
    find: (ref, binding) => {
      const role = byName.get(keyOfRef(ref, binding))
      return role === undefined ? undefined : resolve(role)
    },
    suggest: (ref, binding) => suggestAmong(roles, ref, binding),
  }
}

/** Rules that Kubernetes fills in are the aggregated ones; others it overwrites. */
function overwritten(role: Role, aggregated: readonly RoleRule[]): Mistake[] {
  const kept = new Set(aggregated.flatMap(grantsOf))
  if (role.rules.flatMap(grantsOf).every((grant) => kept.has(grant))) return []
  return [
    {
      severity: 'warning',
      code: 'rules-overwritten',
      message: `${spellPath(['rules'])} of an aggregated ClusterRole are overwritten by Kubernetes, so they grant nothing`,
      hint: 'write them in a ClusterRole of their own that the selectors select',
      path: ['rules'],
      atKey: true,
    },
  ]
}

function grantsOf({ verbs, patterns }: RoleRule): string[] {
  return verbs.flatMap((verb) => patterns.map(({ text }) => `${verb} ${text}`))
}

function keyOf({ kind, namespace = '', name = '' }: FamilyMember): string {
  return `${kind} ${namespace}/${name}`
}

function keyOfRef({ kind, name }: RoleRef, { namespace = '' }: FamilyMember): string {
  return `${kind} ${kind === 'Role' ? namespace : ''}/${name}`
}

function suggestAmong(roles: readonly Role[], ref: RoleRef, { kind, namespace }: FamilyMember): string | undefined {
  const granting = roles.filter(({ speaksOfSubjects }) => speaksOfSubjects).map(({ member }) => member)
  const same = granting.find(({ name }) => name === ref.name)
  if (same?.kind === 'ClusterRole') return `there is a ClusterRole of this name: write kind: ClusterRole`
  if (same !== undefined) {
    const place = `there is a Role of this name in namespace ${same.namespace ?? ''}`
    if (kind === 'ClusterRoleBinding') return `${place}, but a ClusterRoleBinding binds ClusterRoles only`
    return same.namespace === namespace
      ? `${place}: write kind: Role`
      : `${place}, but a RoleBinding binds Roles of its own`
  }
  return didYouMean(
    ref.name,
    granting.flatMap(({ name }) => name ?? []),
  )
}
