/**
 * CEL that is true of an object without a null in it, as far as a structural schema reaches. Pure.
 * A field that is null is one whose value was forgotten, in a template for instance: what it was to narrow would be open.
 */
import type { StructuralSchema } from './structural.ts'

/** @param value CEL for the value that the schema is of. */
export function noNull(schema: StructuralSchema, value: string): string {
  return conditions(schema, value, 0).join(' && ') || 'true'
}

function conditions(schema: StructuralSchema, value: string, depth: number): string[] {
  const each = `one${depth === 0 ? '' : depth}`
  if (schema.items !== undefined) {
    const inner = conditions(schema.items, each, depth + 1)
    return inner.length === 0 ? [] : [`${value}.all(${each}, ${inner.join(' && ')})`]
  }
  const own = `${value}.all(${each}, ${value}[${each}] != null)`
  if (schema.additionalProperties !== undefined) return [own]
  if (schema.properties === undefined) return []
  const inner = Object.entries(schema.properties).flatMap(([field, member]) => {
    const within = conditions(member, `${value}.${field}`, depth + 1)
    return within.length === 0 ? [] : [`(!has(${value}.${field}) || ${within.join(' && ')})`]
  })
  return [own, ...inner]
}
