/** Roles on the virtual resource `subjects` that give more, or less, than they seem to. Pure. Reads the documents as written. */
import { isList, valueAt } from '../../compile/index.ts'
import { isJsonObject, type Json } from '../../lib/json.ts'
import { quote, type Path } from '../../lib/spell.ts'
import type { LintDocument } from '../documents.ts'
import type { Rule } from '../finding.ts'

const RBAC_GROUP = 'rbac.authorization.k8s.io'
const OUR_GROUP = 'nats-identity-bridge.dev'
const EVERYBODY = new Set(['system:authenticated', 'system:unauthenticated', 'system:serviceaccounts'])

interface SubjectsRule {
  readonly document: LintDocument
  readonly path: Path
  readonly names: readonly string[]
}

/** Rules that name our API group; a rule on `*` of everything is a cluster administrator's, who needs no telling. */
function subjectsRules(documents: readonly LintDocument[]): SubjectsRule[] {
  return documents
    .filter(({ group, kind }) => group === RBAC_GROUP && (kind === 'Role' || kind === 'ClusterRole'))
    .flatMap((document) => {
      const rules = valueAt(document.object.value, ['rules'])
      if (!isList(rules)) return []
      return rules.flatMap((rule, index) => {
        if (!textsIn(rule, 'apiGroups').includes(OUR_GROUP)) return []
        const resources = textsIn(rule, 'resources')
        if (!resources.includes('subjects') && !resources.includes('*')) return []
        return [{ document, path: ['rules', index], names: textsIn(rule, 'resourceNames') }]
      })
    })
}

function textsIn(value: Json | undefined, field: string): readonly string[] {
  const list = isJsonObject(value) ? value[field] : undefined
  return isList(list) ? list.filter((item) => typeof item === 'string') : []
}

export const rbacEverySubject: Rule = {
  code: 'rbac-every-subject',
  severity: 'warning',
  title: 'role for every subject',
  why: 'In RBAC a rule without `resourceNames` holds for all names. On `subjects` that is every subject of the account, within the ceiling.',
  mend: 'list the subjects in `resourceNames`; NATS wildcards are allowed there',
  check: ({ documents }) =>
    subjectsRules(documents)
      .filter(({ names }) => names.length === 0)
      .map(({ document, path }) => ({
        at: { document, path },
        message: 'the rule has no resourceNames, so it holds for every subject',
      })),
}

export const rbacBindsEverybody: Rule = {
  code: 'rbac-binds-everybody',
  severity: 'warning',
  title: 'subjects bound to everybody',
  why: 'The groups `system:authenticated` and `system:serviceaccounts` hold every workload of the cluster, also of namespaces that do not exist yet.',
  mend: 'bind the role to ServiceAccounts, or to `system:serviceaccounts:<namespace>`',
  check: ({ documents }) => {
    const roles = subjectsRules(documents).map(({ document }) => document)
    return documents
      .filter(({ group, kind }) => group === RBAC_GROUP && (kind === 'RoleBinding' || kind === 'ClusterRoleBinding'))
      .flatMap((document) => {
        const ref = valueAt(document.object.value, ['roleRef'])
        const subjects = valueAt(document.object.value, ['subjects'])
        if (!isJsonObject(ref) || !isList(subjects)) return []
        const isOurs = roles.some(
          (role) =>
            role.kind === ref['kind'] &&
            role.name === ref['name'] &&
            (role.kind === 'ClusterRole' || role.namespace === document.namespace),
        )
        if (!isOurs) return []
        return subjects.flatMap((subject, index) => {
          const name = isJsonObject(subject) && subject['kind'] === 'Group' ? subject['name'] : undefined
          if (typeof name !== 'string' || !EVERYBODY.has(name)) return []
          const message = `${quote(name)} is everybody in the cluster`
          return [{ at: { document, path: ['subjects', index] }, message }]
        })
      })
  },
}
