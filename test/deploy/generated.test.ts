/** The files of `deploy/kubernetes` that come from the schemas say what the schemas say. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { customResourceDefinitions } from '../../src/compile/admission/definitions.ts'
import type { StructuralSchema } from '../../src/compile/admission/structural.ts'
import { renderCrds } from '../support/render-crds.ts'

const FOLDER = resolve(import.meta.dirname, '../../deploy/kubernetes')
const rendered = renderCrds()

test.each([...rendered.keys()])('deploy/kubernetes/%s is what the schemas give, byte for byte', (file) => {
  const text = rendered.get(file) ?? ''
  if (process.env['REFRESH_GOLDEN'] === '1') writeFileSync(resolve(FOLDER, file), text)
  expect(readFileSync(resolve(FOLDER, file), 'utf8')).toBe(text)
})

test('every kind of ours has its definition, and the empty one of subjects stands beside them', () => {
  const made = [...rendered.keys()].flatMap((file) => (file.startsWith('crds/') ? [file.slice('crds/'.length)] : []))
  expect(readdirSync(resolve(FOLDER, 'crds')).toSorted()).toEqual([...made, 'subjects.yaml'].toSorted())
})

interface Field {
  readonly path: string
  readonly schema: StructuralSchema
}

function fieldsIn(schema: StructuralSchema, path: string): Field[] {
  const inner: [string, StructuralSchema | undefined][] = [
    ...Object.entries(schema.properties ?? {}).map(([name, one]): [string, StructuralSchema] => [`.${name}`, one]),
    ['[]', schema.items],
    ['{}', schema.additionalProperties],
  ]
  return inner.flatMap(([step, one]) =>
    one === undefined ? [] : [{ path: path + step, schema: one }, ...fieldsIn(one, path + step)],
  )
}

const fields = [...customResourceDefinitions()].flatMap(([plural, { spec }]) =>
  fieldsIn(spec.versions[0].schema.openAPIV3Schema.properties?.['spec'] ?? { type: 'object' }, plural),
)

test('kubectl explain has words for every field', () => {
  const silent = fields.filter(({ path, schema }) => /\.\w+$/.test(path) && schema.description === undefined)
  expect(silent.map(({ path }) => path)).toEqual([])
})

test('nothing is unbounded, as the API server would reckon what a rule costs with the largest request there can be', () => {
  const unbounded = fields.filter(({ schema }) => {
    if (schema.enum !== undefined) return false
    if (schema.type === 'string') return schema.maxLength === undefined
    if (schema.type === 'array') return schema.maxItems === undefined
    return schema.additionalProperties !== undefined && schema.maxProperties === undefined
  })
  expect(unbounded.map(({ path }) => path)).toEqual([])
})

test('no null is dropped in silence: what may be left out may be null, for the bridge to refuse', () => {
  const dropped = fields.flatMap(({ path, schema }) => {
    const optional = Object.entries(schema.properties ?? {}).filter(([name]) => !schema.required?.includes(name))
    return optional.flatMap(([name, one]) => (one.nullable === true ? [] : [`${path}.${name}`]))
  })
  expect(dropped).toEqual([])
})
