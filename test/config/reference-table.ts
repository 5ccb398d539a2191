/** The field table of docs/configuration.md, written from the schema that judges the file. */
import { configJsonSchema } from '../../src/config/index.ts'

interface Shape {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly examples?: readonly unknown[]
  /** `1s to 1h`: of values that JSON Schema has no bounds for. */
  readonly bounds?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly properties?: Readonly<Record<string, Shape>>
  readonly required?: readonly string[]
  readonly items?: Shape
}

type Mode = 'config' | 'operator'

interface Row {
  readonly field: string
  value: string
  readonly without: string
  readonly meaning: string
  readonly modes: Set<Mode>
}

export function referenceTable(): string {
  const rows = rowsOf(configJsonSchema('config') as Shape, '', 'config')
  let position = 0
  for (const row of rowsOf(configJsonSchema('operator') as Shape, '', 'operator')) {
    const known = rows.find(({ field, meaning }) => field === row.field && meaning === row.meaning)
    if (known !== undefined) {
      known.modes.add('operator')
      if (known.value !== row.value) known.value += `, ${row.value}`
      position = rows.indexOf(known) + 1
      continue
    }
    // A field that means something else in the other mode stands beside its namesake.
    const namesake = rows.findIndex(({ field }) => field === row.field)
    if (namesake >= 0) position = namesake + 1
    rows.splice(position, 0, row)
    position += 1
  }
  const lines = rows.map(({ field, value, without, meaning, modes }) => {
    const only = modes.size === 1 ? `**${[...modes].join('')} mode:** ` : ''
    return `| \`${field}\` | ${value} | ${without} | ${only}${meaning} |`
  })
  return ['| Field | Value | Default | Meaning |', '| --- | --- | --- | --- |', ...lines].join('\n')
}

function rowsOf(shape: Shape, path: string, mode: Mode): Row[] {
  return Object.entries(shape.properties ?? {}).flatMap(([name, member]) => {
    const field = path === '' ? name : `${path}.${name}`
    const row: Row = {
      field,
      value: valueOf(member),
      without: defaultOf(member, shape.required?.includes(name) === true),
      meaning: member.description ?? '',
      modes: new Set([mode]),
    }
    const inner =
      member.items?.properties === undefined ? rowsOf(member, field, mode) : rowsOf(member.items, `${field}[]`, mode)
    return [row].concat(inner)
  })
}

function valueOf(shape: Shape): string {
  if (shape.const !== undefined) return code(shape.const)
  if (shape.enum !== undefined) return shape.enum.map(code).join(', ')
  if (shape.type === 'boolean') return '`true`, `false`'
  if (shape.type === 'integer') return `${code(shape.minimum)} to ${code(shape.maximum)}`
  if (shape.type === 'array')
    return shape.items?.properties === undefined
      ? `list of ${valueOf(shape.items ?? {}).replace('like', 'values like')}`
      : 'list'
  if (shape.type === 'object' || shape.type === undefined) return 'object'
  if (shape.bounds !== undefined) return shape.bounds.split(' to ').map(code).join(' to ')
  const [first] = shape.examples ?? []
  if (first === 'secrets/file') return 'path'
  return first === undefined ? 'text' : `like ${code(first)}`
}

function defaultOf(shape: Shape, required: boolean): string {
  if (shape.default !== undefined) return code(shape.default)
  return required ? 'required' : '–'
}

function code(value: unknown): string {
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``
}
