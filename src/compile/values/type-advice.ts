/**
 * What to tell the author of a value of the wrong type, where the type alone says too little. Pure.
 * Kept beside the schemas and not in their metadata, which become JSON Schemas for others.
 */
import type { z } from 'zod'
import type { Json } from '../../lib/json.ts'

export interface TypeAdvice {
  /** In place of the type: `a duration`. */
  readonly expected?: string
  /** The next step for what was found instead. */
  readonly hint?: (found: Json) => string | undefined
  readonly whenMissing?: string
}

const advices = new WeakMap<z.ZodType, TypeAdvice>()

export function adviseOnType<Schema extends z.ZodType>(schema: Schema, advice: TypeAdvice): Schema {
  advices.set(schema, advice)
  return schema
}

export function adviceOnType(schema: z.ZodType): TypeAdvice | undefined {
  return advices.get(schema)
}
