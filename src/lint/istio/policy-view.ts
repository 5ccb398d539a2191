/**
 * An AuthorizationPolicy as its author wrote it, read with leniency: what Istio refuses may have other mistakes as well. Pure.
 * What has the wrong type is left out here; the verdicts tell of it.
 */
import { isList, valueAt } from '../../compile/index.ts'
import type { PolicyAction, TargetRef } from '../../istio/index.ts'
import { isJsonObject, type Json, type JsonObject } from '../../lib/json.ts'
import type { Path } from '../../lib/spell.ts'
import type { LintDocument } from '../documents.ts'

export interface PolicyView {
  readonly document: LintDocument
  readonly namespace: string
  readonly name: string
  readonly action: PolicyAction
  readonly dryRun: boolean
  /** Empty when it selects every workload of its namespace. */
  readonly labels: Readonly<Record<string, string>>
  readonly targetRefs: readonly TargetRef[]
  readonly rules: readonly RuleView[]
}

export interface RuleView {
  readonly path: Path
  /** `undefined`: anybody, anything, always. */
  readonly from: readonly EntryView[] | undefined
  readonly to: readonly EntryView[] | undefined
  readonly when: readonly ConditionView[]
}

/** A source or an operation. */
export interface EntryView {
  readonly path: Path
  /** By field, `notPaths` and its like included. Only those with values. */
  readonly fields: ReadonlyMap<string, readonly ValueView[]>
}

export interface ConditionView {
  readonly path: Path
  readonly key: string
  readonly values: readonly ValueView[]
  readonly notValues: readonly ValueView[]
}

export interface ValueView {
  readonly text: string
  readonly path: Path
}

const ACTIONS = ['ALLOW', 'DENY', 'AUDIT', 'CUSTOM'] as const
const DRY_RUN: Path = ['metadata', 'annotations', 'istio.io/dry-run']
const TRUE: ReadonlySet<string> = new Set(['1', 't', 'T', 'TRUE', 'true', 'True'])

export function viewPolicies(documents: readonly LintDocument[]): PolicyView[] {
  return documents.filter(isAuthorizationPolicy).flatMap((document) => viewPolicy(document) ?? [])
}

export function isAuthorizationPolicy({ group, kind }: LintDocument): boolean {
  return group === 'security.istio.io' && kind === 'AuthorizationPolicy'
}

/** `undefined` when the text lost something, or the action cannot be told: then nothing can be said of the rules. */
function viewPolicy(document: LintDocument): PolicyView | undefined {
  const { value, mistakes } = document.object
  if (mistakes.length > 0) return undefined
  const written = valueAt(value, ['spec', 'action']) ?? 'ALLOW'
  const action = ACTIONS.find((known) => known === written)
  if (action === undefined) return undefined
  const dryRun = valueAt(value, DRY_RUN)
  return {
    document,
    namespace: document.namespace ?? 'default',
    name: document.name ?? '',
    action,
    dryRun: typeof dryRun === 'string' && TRUE.has(dryRun),
    labels: textsOf(valueAt(value, ['spec', 'selector', 'matchLabels'])),
    targetRefs: listAt(value, ['spec', 'targetRefs']).flatMap((ref) => targetRef(ref)),
    rules: listAt(value, ['spec', 'rules']).map((rule, index) => viewRule(rule, ['spec', 'rules', index])),
  }
}

function targetRef(ref: Json): TargetRef[] {
  const { group = '', kind = '', name = '' } = textsOf(ref)
  return kind === '' ? [] : [{ group, kind, name }]
}

function viewRule(written: Json, path: Path): RuleView {
  const rule: JsonObject = isJsonObject(written) ? written : {}
  return {
    path,
    from: viewEntries(rule['from'], [...path, 'from'], 'source'),
    to: viewEntries(rule['to'], [...path, 'to'], 'operation'),
    when: listAt(rule, ['when']).flatMap((condition, index) => viewCondition(condition, [...path, 'when', index])),
  }
}

function viewEntries(written: Json | undefined, path: Path, name: 'source' | 'operation'): EntryView[] | undefined {
  if (!isList(written) || written.length === 0) return undefined
  return written.map((entry, index) => {
    const place = [...path, index, name]
    const object = valueAt(entry, [name])
    const fields = new Map<string, readonly ValueView[]>()
    for (const [field, list] of Object.entries(isJsonObject(object) ? object : {})) {
      const values = valuesIn(list, [...place, field])
      if (values.length > 0) fields.set(field, values)
    }
    return { path: place, fields }
  })
}

function viewCondition(written: Json, path: Path): ConditionView[] {
  const key = valueAt(written, ['key'])
  if (!isJsonObject(written) || typeof key !== 'string') return []
  return [
    {
      path,
      key,
      values: valuesIn(written['values'], [...path, 'values']),
      notValues: valuesIn(written['notValues'], [...path, 'notValues']),
    },
  ]
}

function valuesIn(list: Json | undefined, path: Path): ValueView[] {
  if (!isList(list)) return []
  return list.flatMap((text, index) => (typeof text === 'string' ? [{ text, path: [...path, index] }] : []))
}

function listAt(value: Json, path: Path): readonly Json[] {
  const list = valueAt(value, path)
  return isList(list) ? list : []
}

function textsOf(value: Json | undefined): Readonly<Record<string, string>> {
  if (!isJsonObject(value)) return {}
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, text]) => (typeof text === 'string' ? [[key, text] as const] : [])),
  )
}

/** `notPaths` is `paths`, negated. */
export function baseField(field: string): { readonly field: string; readonly negated: boolean } {
  if (!/^not[A-Z]/.test(field)) return { field, negated: false }
  return { field: `${field.slice(3, 4).toLowerCase()}${field.slice(4)}`, negated: true }
}

/** A value anywhere in a rule. */
export interface RuleValue extends ValueView {
  /** `paths`, `principals`, or the key of a condition. */
  readonly field: string
  readonly negated: boolean
}

export function valuesOf({ from = [], to = [], when }: RuleView): RuleValue[] {
  const entries = [...from, ...to].flatMap(({ fields }) =>
    [...fields].flatMap(([name, values]) => values.map((value) => ({ ...value, ...baseField(name) }))),
  )
  const conditions = when.flatMap(({ key, values, notValues }) => [
    ...values.map((value) => ({ ...value, field: key, negated: false })),
    ...notValues.map((value) => ({ ...value, field: key, negated: true })),
  ])
  return [...entries, ...conditions]
}

/** Whether anything asks who the caller is: a source, or a condition on one. */
export function asksForCaller({ from, when }: RuleView): boolean {
  // An empty source is refused, so it opens nothing.
  if (from !== undefined) return true
  return when.some(({ key }) => /^(source\.|remote\.ip|request\.auth\.|request\.headers)/.test(key))
}

/** `*`, `/*` and the templates for everything. */
export function isEveryPath(path: string): boolean {
  return path === '*' || path === '/*' || path === '/{**}'
}

/** Paths that are open to anybody on purpose nearly everywhere. */
export function isPublicPath(path: string): boolean {
  return PUBLIC.test(path)
}

const PUBLIC =
  /(^|\/)(health|healthz|health-check|healthcheck|live|livez|liveness|ready|readyz|readiness|startup|status|ping|metrics|prometheus|actuator|info|version|public|static|assets|favicon[^/]*|robots\.txt|login|auth|signin|signup|register|oauth2?|\.well-known|jwks|docs|swagger[^/]*|openapi[^/]*)([/*?.-]|$)/i
