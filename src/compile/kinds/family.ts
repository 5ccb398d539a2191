/**
 * Kinds of other API groups that say something about NATS only together (a role through its bindings) or only beside
 * documents of ours (an annotation under a ceiling). They are read when all documents of ours are known. Pure.
 * Most of these documents are about something else: what does not speak of NATS gets no rule and no remark.
 */
import { isJsonObject } from '../../lib/json.ts'
import type { Diagnostic } from '../../policy/diagnostic.ts'
import type { AccountRule, CeilingRule } from '../../policy/model.ts'
import type { Origin } from '../../policy/origin.ts'
import type { TrustDomains } from '../../policy/snapshot.ts'
import { DEFAULT_NAMESPACE, diagnose } from '../document.ts'
import type { Mistake } from '../mistake.ts'
import type { Path } from '../../lib/spell.ts'
import { valueAt, type SourceObject } from '../source-object.ts'
import type { Rules } from './kind.ts'

export interface Family {
  readonly kinds: readonly FamilyKind[]
  /** Of all objects whose kind is a member, in any order. A family only grants: its mistakes never withhold a snapshot. */
  readonly resolve: (members: readonly FamilyMember[], context: FamilyContext) => Resolved
}

/** Whatever its version: which ones are read is for the family to say, once it knows that a document matters. */
export interface FamilyKind {
  /** Empty for the core group. */
  readonly apiGroup: string
  readonly kind: string
  readonly scope: 'Namespaced' | 'Cluster'
}

export interface FamilyContext {
  readonly accounts: readonly AccountRule[]
  readonly ceilings: readonly CeilingRule[]
  /** Whether there are ceilings that could not be read: what they say is not known. */
  readonly hasUnreadCeilings: boolean
  readonly trustDomains: TrustDomains
  /** Whether any document of our own API group is there: a folder that has none is not ours to comment. */
  readonly besideOurs: boolean
}

export interface Resolved {
  readonly rules: readonly Rules[]
  readonly diagnostics: readonly Diagnostic[]
}

/** One object of a family, with the names that its metadata gives it; a name is absent when it is no text. */
export interface FamilyMember {
  readonly kind: string
  readonly namespace?: string
  readonly name?: string
  readonly object: SourceObject
}

export function familyMember({ kind, scope }: FamilyKind, object: SourceObject): FamilyMember {
  const name = valueAt(object.value, ['metadata', 'name'])
  const namespace = valueAt(object.value, ['metadata', 'namespace'])
  const own = typeof namespace === 'string' && namespace !== '' ? namespace : DEFAULT_NAMESPACE
  return {
    kind,
    // The API server clears what a cluster-scoped object names as its namespace.
    ...(scope === 'Cluster' ? {} : { namespace: own }),
    ...(typeof name === 'string' ? { name } : {}),
    object,
  }
}

const MAX_MISTAKES = 100

/** Errors first when some must go. */
export function diagnoseMember(member: FamilyMember, mistakes: readonly Mistake[]): Diagnostic[] {
  const errors = mistakes.filter(isError)
  const others = mistakes.filter((mistake) => !isError(mistake))
  const { kind, object, namespace, name } = member
  const identity = { ...(namespace === undefined ? {} : { namespace }), ...(name === undefined ? {} : { name }) }
  return [...errors, ...others].slice(0, MAX_MISTAKES).map((mistake) => {
    const [list, rule] = mistake.path
    const diagnostic = diagnose(object, mistake, { kind }, identity)
    return list === 'rules' && typeof rule === 'number' ? { ...diagnostic, rule } : diagnostic
  })
}

export function isError({ severity = 'error' }: Mistake): boolean {
  return severity === 'error'
}

export function originOf({ kind, namespace, name = '', object }: FamilyMember, path: Path, rule?: number): Origin {
  const line = object.locate(path, false)?.line
  return {
    kind,
    ...(namespace === undefined ? {} : { namespace }),
    name,
    ...(rule === undefined ? {} : { rule }),
    ...(object.file === undefined ? {} : { file: object.file }),
    ...(line === undefined ? {} : { line }),
  }
}

/** `RoleBinding shop/orders`. */
export function nameMember({ kind, namespace, name = '' }: FamilyMember): string {
  return namespace === undefined ? `${kind} ${name}` : `${kind} ${namespace}/${name}`
}

/** The namespace of a document that matters and says none. */
export function namespaceMistakes({ namespace, object }: FamilyMember): Mistake[] {
  const metadata = valueAt(object.value, ['metadata'])
  if (namespace === undefined || !isJsonObject(metadata) || metadata['namespace'] === namespace) return []
  return [
    {
      severity: 'info',
      code: 'namespace-defaulted',
      message: `metadata.namespace is missing, read as "${DEFAULT_NAMESPACE}"`,
      hint: 'as kubectl does; write it out to be clear',
      path: ['metadata'],
      atKey: true,
    },
  ]
}
