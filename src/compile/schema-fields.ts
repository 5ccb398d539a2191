/** Which schema stands at a path of another one, and which fields it has. Pure. */
import { z } from 'zod'
import type { Path } from '../lib/spell.ts'

/** As it stands there, defaults and transforms around it included. */
export function schemaAt(root: z.ZodType, path: Path): z.ZodType | undefined {
  let at: unknown = root
  for (const step of path) {
    at = withoutWrapping(at)
    if (at instanceof z.ZodObject) at = at.shape[step]
    else if (at instanceof z.ZodArray) at = at.element
    else if (at instanceof z.ZodRecord) at = at.valueType
    else return undefined
  }
  return at instanceof z.ZodType ? at : undefined
}

/** What a default, a transform or another wrapping is around. */
export function wrapped(schema: z.ZodType): z.ZodType | undefined {
  const inner = unwrapped(schema)
  return inner instanceof z.ZodType ? inner : undefined
}

/** The names of the fields that the schema has at a path. */
export function fieldsAt(root: z.ZodType, path: Path): string[] {
  const at = withoutWrapping(schemaAt(root, path))
  return at instanceof z.ZodObject ? Object.keys(at.shape) : []
}

/** The first field of the object there, when it is a text that every such object has. */
export function nameFieldAt(root: z.ZodType, path: Path): string | undefined {
  const [first] = fieldsAt(root, path)
  if (first === undefined) return undefined
  const field = schemaAt(root, [...path, first])
  const isRequired = field instanceof z.ZodString || field instanceof z.ZodPipe
  return isRequired && withoutWrapping(field) instanceof z.ZodString ? first : undefined
}

/** Of the items when it is a list, else of itself. */
export function fieldsWithin(
  root: z.ZodType,
  path: Path,
): { readonly fields: readonly string[]; readonly isList: boolean } {
  const isList = withoutWrapping(schemaAt(root, path)) instanceof z.ZodArray
  return { fields: fieldsAt(root, isList ? [...path, 0] : path), isList }
}

function withoutWrapping(schema: unknown): unknown {
  const inner = unwrapped(schema)
  return inner === undefined ? schema : withoutWrapping(inner)
}

function unwrapped(schema: unknown): unknown {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodExactOptional) return schema.unwrap()
  if (schema instanceof z.ZodNullable) return schema.unwrap()
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) return schema.unwrap()
  return schema instanceof z.ZodPipe ? schema.in : undefined
}
