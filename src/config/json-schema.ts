/** The shape of `bridge.yaml` as JSON Schema, for editors and for docs/configuration.md. */
import { z } from 'zod'
import { configModeSchema, operatorModeSchema } from './schema.ts'

export function configJsonSchema(mode: 'config' | 'operator'): z.core.JSONSchema.BaseSchema {
  return z.toJSONSchema(mode === 'config' ? configModeSchema : operatorModeSchema, { io: 'input' })
}
