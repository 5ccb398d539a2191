/**
 * A RoleBinding or ClusterRoleBinding: which role it binds, and to which principals. Pure.
 * Which role is read first and leniently: only a binding of a role that grants subjects is held to its schema.
 */
import { remember } from '../../../lib/remember.ts'
import { z } from 'zod'
import type { MatcherEntry } from '../../../policy/matcher.ts'
import { isError, namespaceMistakes, type FamilyMember } from '../family.ts'
import type { Mistake } from '../../mistake.ts'
import { describeValue, quote, spellPath } from '../../../lib/spell.ts'
import { schemaMistakes } from '../../schema-mistakes.ts'
import { valueAt, valuesAt, type SourceObject } from '../../source-object.ts'
import { RBAC_GROUP, RBAC_VERSION, rbacMetadata } from './rbac-group.ts'
import { principalsOf, subject } from './subject.ts'

export interface RoleRef {
  readonly kind: string
  readonly name: string
}

export interface Bound {
  /** Whom the subjects mean; empty when they mean nobody, or the binding has errors. */
  readonly principals: readonly MatcherEntry[]
  /** Single ServiceAccounts among them, and where in the list of subjects they stand. */
  readonly serviceAccounts: readonly { readonly index: number; readonly namespace: string; readonly name: string }[]
  readonly mistakes: readonly Mistake[]
}

/** `undefined` when the document does not say it. */
export function roleRefOf({ object }: FamilyMember): RoleRef | undefined {
  const kind = valueAt(object.value, ['roleRef', 'kind'])
  const name = valueAt(object.value, ['roleRef', 'name'])
  return typeof kind === 'string' && typeof name === 'string' && name !== '' ? { kind, name } : undefined
}

const bindings = {
  RoleBinding: schemaOf(z.enum(['ClusterRole', 'Role'])),
  ClusterRoleBinding: schemaOf(z.literal('ClusterRole')),
} as const

function schemaOf<Kind extends z.ZodType>(kind: Kind) {
  return z.strictObject({
    apiVersion: z.literal(RBAC_VERSION),
    kind: z.string(),
    metadata: rbacMetadata,
    roleRef: z.strictObject({
      apiGroup: z.enum(['', RBAC_GROUP]).nullish(),
      kind,
      name: z.string().min(1),
    }),
    subjects: z.array(subject).nullish(),
  })
}

const read = new WeakMap<SourceObject, Bound>()

/** Every mistake, and the principals when none of them is an error. Read once for each object. */
export function readBinding(member: FamilyMember): Bound {
  return remember(read, member.object, () => readAnew(member))
}

function readAnew(member: FamilyMember): Bound {
  const { object, kind, namespace } = member
  const schema = kind === 'RoleBinding' ? bindings.RoleBinding : bindings.ClusterRoleBinding
  const parsed = schema.safeParse(object.value)
  const mistakes = [
    ...object.mistakes,
    ...(parsed.success ? [] : schemaMistakes(schema, object.value, parsed.error.issues)),
    ...apiGroupMistakes(member),
  ]
  const principals: MatcherEntry[] = []
  const serviceAccounts: Bound['serviceAccounts'][number][] = []
  for (const [index, one] of (parsed.data?.subjects ?? []).entries()) {
    const path = ['subjects', index]
    const means = principalsOf(one, namespace)
    if (means.ok) {
      principals.push(means.value)
      const { serviceAccount } = means.value
      if (serviceAccount !== undefined && serviceAccount.name !== '*')
        serviceAccounts.push({ index, ...serviceAccount })
    } else if (one.kind === 'ServiceAccount' && !one.namespace && namespace === undefined) {
      const message = `${spellPath([...path, 'namespace'])} is missing, expected the namespace of the ServiceAccount`
      mistakes.push({ code: 'missing-field', message, path })
    } else {
      const message = `${spellPath([...path, 'name'])} ${quote(one.name)} means nobody here: ${means.error}`
      mistakes.push({
        severity: 'warning',
        code: 'subject-nobody',
        message,
        hint: HINTS[one.kind],
        path: [...path, 'name'],
      })
    }
  }
  if (mistakes.some(isError)) return { principals: [], serviceAccounts: [], mistakes }
  return { principals, serviceAccounts, mistakes: [...mistakes, ...namespaceMistakes(member)] }
}

const HINTS = {
  ServiceAccount: 'name one ServiceAccount; for all of a namespace bind the Group system:serviceaccounts:<namespace>',
  User: 'name system:serviceaccount:<namespace>:<name>, a SPIFFE ID, or an end user as <issuer>/<sub>',
  Group: 'name a group of the claim that the issuer is configured with, or system:serviceaccounts:<namespace>',
} as const

/** The API server refuses a ServiceAccount of any API group but the core one. */
function apiGroupMistakes({ object }: FamilyMember): Mistake[] {
  return valuesAt(object.value, ['subjects', '*']).flatMap(({ path, value }): Mistake[] => {
    const apiGroup = valueAt(value, ['apiGroup'])
    if (valueAt(value, ['kind']) !== 'ServiceAccount' || apiGroup !== RBAC_GROUP) return []
    const at = ['subjects', ...path.slice(1), 'apiGroup']
    const message = `${spellPath(at)} is ${describeValue(apiGroup)}, expected none for a ServiceAccount`
    return [{ code: 'invalid-value', message, hint: 'remove it', path: at }]
  })
}
