/**
 * JSON Schema as zod writes it, and what is said beside it -> the structural schema of a CustomResourceDefinition. Pure.
 * Refuses what such a schema cannot say, and a word beside a field that is not there: neither may be lost in silence.
 * Unknown fields: the API server drops them, or refuses them where the client asks for it, as kubectl does.
 */
import { isJsonObject, type Json, type JsonObject } from '../../lib/json.ts'
import type { Admission, AdmissionRule } from './admission.ts'

export interface StructuralSchema {
  readonly type: 'array' | 'boolean' | 'integer' | 'object' | 'string'
  readonly description?: string
  readonly nullable?: true
  readonly enum?: readonly Json[]
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly format?: string
  readonly minItems?: number
  readonly maxItems?: number
  readonly items?: StructuralSchema
  readonly minProperties?: number
  readonly maxProperties?: number
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, StructuralSchema>>
  readonly additionalProperties?: StructuralSchema
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'map'
  readonly 'x-kubernetes-list-map-keys'?: readonly string[]
  readonly 'x-kubernetes-validations'?: readonly AdmissionRule[]
}

const TYPES = ['array', 'boolean', 'integer', 'object', 'string'] as const

/** Taken over as they are. */
const COPIED = ['minLength', 'minimum', 'maximum', 'minItems', 'required'] as const
/**
 * Read otherwise, or left to others: a default would turn `action: null`, a slip, into ALLOW before anybody sees it; the names in a map
 * and the least number of fields are rules with words.
 */
const READ = [
  'type',
  'description',
  'enum',
  'const',
  'default',
  'properties',
  'items',
  'additionalProperties',
  'propertyNames',
  'minProperties',
]
const KNOWN: ReadonlySet<string> = new Set([...COPIED, ...READ])

/** @param path for errors. @throws when the schema, or the admission beside it, holds what cannot be said. */
export function structuralSchema(schema: Json | undefined, admission: Admission, path: string): StructuralSchema {
  if (!isJsonObject(schema)) throw new Error(`${path} has no schema`)
  for (const word of Object.keys(schema)) if (!KNOWN.has(word)) throw new Error(`${path} says ${word}`)
  const type = TYPES.find((one) => one === schema['type'])
  if (type === undefined) throw new Error(`${path} has the type ${JSON.stringify(schema['type'])}`)
  const described = admission.description ?? schema['description']
  const choices = schema['const'] === undefined ? schema['enum'] : [schema['const']]
  return {
    ...(typeof described === 'string' ? { description: described } : {}),
    type,
    ...(choices === undefined ? {} : { enum: listOf(choices) }),
    ...Object.fromEntries(COPIED.flatMap((word) => (schema[word] === undefined ? [] : [[word, schema[word]]]))),
    ...bounds(admission),
    ...inside(schema, admission, path),
    ...(admission.rules === undefined || admission.rules.length === 0
      ? {}
      : { 'x-kubernetes-validations': admission.rules }),
  }
}

function bounds({ minLength, maxLength, pattern, maxItems, mapKey, minProperties, maxProperties }: Admission) {
  return {
    ...(minLength === undefined ? {} : { minLength }),
    ...(maxLength === undefined ? {} : { maxLength }),
    ...(pattern === undefined ? {} : { pattern }),
    ...(maxItems === undefined ? {} : { maxItems }),
    ...(mapKey === undefined
      ? {}
      : { 'x-kubernetes-list-type': 'map' as const, 'x-kubernetes-list-map-keys': [mapKey] }),
    ...(minProperties === undefined ? {} : { minProperties }),
    ...(maxProperties === undefined ? {} : { maxProperties }),
  }
}

function inside(schema: JsonObject, admission: Admission, path: string): Partial<StructuralSchema> {
  const { properties, items, additionalProperties } = schema
  const fields = isJsonObject(properties) ? properties : {}
  for (const field of Object.keys(admission.properties ?? {})) {
    if (!Object.hasOwn(fields, field)) throw new Error(`${path}.${field} is no field`)
  }
  const required = new Set(listOf(schema['required'] ?? []))
  return {
    ...(items === undefined ? {} : { items: structuralSchema(items, admission.items ?? {}, `${path}[]`) }),
    ...(isJsonObject(additionalProperties)
      ? { additionalProperties: kept(structuralSchema(additionalProperties, admission.values ?? {}, `${path}{}`)) }
      : {}),
    ...(isJsonObject(properties)
      ? {
          properties: Object.fromEntries(
            Object.entries(fields).map(([field, inner]) => {
              const structural = structuralSchema(inner, admission.properties?.[field] ?? {}, `${path}.${field}`)
              return [field, required.has(field) ? structural : kept(structural)]
            }),
          ),
        }
      : {}),
  }
}

/**
 * The API server drops a null that the schema does not allow: `action:` of a template without its value would be no DENY, `group:` no
 * condition. Allowed, it stays for the bridge to refuse, and for the admission policy.
 */
function kept(schema: StructuralSchema): StructuralSchema {
  return { ...schema, nullable: true }
}

function listOf(value: Json): readonly Json[] {
  return Array.isArray(value) ? value : [value]
}
