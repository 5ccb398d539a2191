/**
 * What a kind of policy document is: its schema, the checks beyond types, and its translation into rules. Pure.
 * One file for each kind; nothing outside `kinds/` knows one by name. Kinds of other API groups are told by group and kind.
 */
import { z } from 'zod'
import type { Json } from '../../lib/json.ts'
import type { Diagnostic } from '../../policy/diagnostic.ts'
import type { Model } from '../../policy/model.ts'
import type { Origin } from '../../policy/origin.ts'
import { metadata } from '../metadata.ts'
import type { Mistake } from '../mistake.ts'
import type { Path } from '../../lib/spell.ts'
import type { BrokenAllow, WrittenAuthorizationPolicy, WrittenRoutes } from '../routes/written.ts'
import { schemaMistakes } from '../schema-mistakes.ts'
import type { SourceObject } from '../source-object.ts'

export const API_GROUP = 'nats-identity-bridge.dev'
const OUR_VERSION = 'v1alpha1'
export const API_VERSION = `${API_GROUP}/${OUR_VERSION}`

/** What one document says; a kind fills the lists it knows. Some of it becomes rules only beside what other documents say. */
export interface Rules extends Partial<Model> {
  readonly routes?: readonly WrittenRoutes[]
  readonly authorizationPolicies?: readonly WrittenAuthorizationPolicy[]
  readonly brokenAllows?: readonly BrokenAllow[]
}

/** Of a place in the document; `rule` is its position in the document's list of rules. */
export type OriginAt = (path: Path, rule?: number) => Origin

/** One object of ours, read. */
export interface PolicyDocument {
  readonly kind: PolicyKind
  readonly object: SourceObject
  /** `undefined` when the document does not say it. */
  readonly namespace?: string
  readonly name?: string
  readonly diagnostics: readonly Diagnostic[]
  /** Absent when the document has errors. */
  readonly rules?: Rules
}

/** What configuration says of accounts. */
export interface KnownAccounts {
  /** As {@link CompileOptions.forbiddenAccounts}, with those that are always forbidden. */
  readonly forbiddenAccounts: ReadonlySet<string>
  /** As {@link CompileOptions.accounts}. */
  readonly listedAccounts: ReadonlySet<string> | undefined
}

export interface CheckContext extends KnownAccounts {
  /** Mistakes for what a pattern reaches, unless waived. The path begins at the document. */
  readonly reach: (text: string, path: Path) => Mistake[]
}

export interface KindDefinition<Spec extends z.ZodType> {
  readonly kind: string
  readonly scope: 'Namespaced' | 'Cluster'
  readonly spec: Spec
  /** Name of the list in the spec whose items are the rules of a document. */
  readonly ruleList?: string
  /**
   * What types cannot say. Gets the spec as it was written, whether or not it fits the schema, so that all mistakes are
   * told at once. Paths begin at the document.
   */
  readonly check: (spec: Json, context: CheckContext) => Mistake[]
  /**
   * Whether leaving out a document that has errors can only take rights away. When in doubt, false: then no snapshot
   * is made. Asked about the document as it was written.
   */
  readonly onlyGrants: (object: SourceObject) => boolean
  readonly translate: (spec: z.output<Spec>, originAt: OriginAt) => Rules
}

export interface PolicyKind {
  readonly group: string
  /** Accepted behind the group in `apiVersion`; they differ in nothing that is read here. */
  readonly versions: readonly string[]
  readonly kind: string
  readonly scope: 'Namespaced' | 'Cluster'
  readonly ruleList?: string
  /**
   * For kinds of other groups: whether the document has a part in what is compiled. Otherwise its errors are warnings, told where
   * it stands in a file beside documents of ours. Without it: always.
   */
  readonly matters?: (document: PolicyDocument, beside: Beside) => boolean
  readonly check: (spec: Json, context: CheckContext) => Mistake[]
  readonly onlyGrants: (object: SourceObject) => boolean
  /** What a document with errors says all the same. Default: nothing. */
  readonly whenBroken?: (object: SourceObject) => Rules
  readonly read: (document: Json) => {
    readonly mistakes: readonly Mistake[]
    readonly rules?: (originAt: OriginAt) => Rules
  }
  /** JSON Schema of the document as it is written; kinds of others have theirs elsewhere. */
  readonly jsonSchema?: () => object
}

/** What a document is asked about that may matter only beside others. */
export interface Beside {
  readonly rootNamespace: string
  /** Of our group, by the name of the kind. */
  ofKind(kind: string): readonly PolicyDocument[]
}

/** Closes over the type of the spec, so that kinds of different specs go into one table. */
export function defineKind<Spec extends z.ZodType>(definition: KindDefinition<Spec>): PolicyKind {
  const { kind, scope, check, onlyGrants, translate, ruleList } = definition
  // Its type forgets the kind's own: what leaves this function is the same for every kind.
  const rules: z.ZodType<(originAt: OriginAt) => Rules> = definition.spec.transform(
    (spec) => (originAt: OriginAt) => translate(spec, originAt),
  )
  const schema = z.strictObject({
    apiVersion: z.literal(API_VERSION),
    kind: z.literal(kind),
    metadata,
    spec: rules,
    // Live objects carry one.
    status: z.unknown().optional(),
  })
  return {
    group: API_GROUP,
    versions: [OUR_VERSION],
    kind,
    scope,
    check,
    onlyGrants,
    ...(ruleList === undefined ? {} : { ruleList }),
    read: (document) => {
      const parsed = schema.safeParse(document)
      if (!parsed.success) return { mistakes: schemaMistakes(schema, document, parsed.error.issues) }
      return { mistakes: [], rules: parsed.data.spec }
    },
    jsonSchema: () => z.toJSONSchema(schema, { io: 'input' }),
  }
}
