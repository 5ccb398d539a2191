/**
 * What a kind of policy document is: its schema, the checks beyond types, and its translation into rules. Pure.
 * One file for each kind; nothing outside `kinds/` knows one by name.
 */
import { z } from 'zod'
import type { Json } from '../../lib/json.ts'
import type { Model } from '../../policy/model.ts'
import type { Origin } from '../../policy/origin.ts'
import { metadata } from '../metadata.ts'
import type { Mistake, Path } from '../mistake.ts'
import { schemaMistakes } from '../schema-mistakes.ts'
import type { SourceObject } from '../source-object.ts'

export const API_GROUP = 'nats-identity-bridge.dev'
export const API_VERSION = `${API_GROUP}/v1alpha1`

/** The rules of one document; a kind fills the lists it knows. */
export type Rules = Partial<Model>

/** Of a place in the document; `rule` is its position in the document's list of rules. */
export type OriginAt = (path: Path, rule?: number) => Origin

export interface CheckContext {
  /** As {@link CompileOptions.forbiddenAccounts}, with those that are always forbidden. */
  readonly forbiddenAccounts: ReadonlySet<string>
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
  readonly kind: string
  readonly scope: 'Namespaced' | 'Cluster'
  readonly ruleList?: string
  readonly check: (spec: Json, context: CheckContext) => Mistake[]
  readonly onlyGrants: (object: SourceObject) => boolean
  readonly read: (document: Json) => {
    readonly mistakes: readonly Mistake[]
    readonly rules?: (originAt: OriginAt) => Rules
  }
  /** JSON Schema of the document as it is written. */
  readonly jsonSchema: () => object
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
