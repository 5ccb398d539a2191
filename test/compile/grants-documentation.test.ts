/** docs/grants.md: its examples compile without a remark, and mean the subjects that stand under them. */
import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { compileGrants } from '../recording/compiled.ts'
import { policyJsonSchemas } from '../../src/compile/index.ts'
import { compileText } from './support.ts'

const FILE = new URL('../../docs/grants.md', import.meta.url)
const EXAMPLE = /```yaml\n([\s\S]*?)```\n(?:\n```text\n([\s\S]*?)```\n)?/g
const VERSION = '2.15.1'
const RESOURCES = ['jetstream', 'kv', 'objectStore', 'service']

interface Schema {
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
}

const document = readFileSync(FILE, 'utf8')
const examples = [...document.matchAll(EXAMPLE)].map(([, yaml = '', subjects]) => ({ yaml, subjects }))

test('the schema describes every field of a grant that names a resource', () => {
  const schema: unknown = policyJsonSchemas().get('SubjectPolicy')
  const grant = (schema as Schema).properties!['spec']!.properties!['grants']!.items!.properties!
  const bare = RESOURCES.flatMap((verb) => bareFields(grant[verb]!, verb))
  expect(bare).toEqual([])
})

describe('docs/grants.md', () => {
  test('has an example of every grant that names a resource', () => {
    const words = new Set(examples.flatMap(({ yaml }) => [...yaml.matchAll(/^ {2}- (\w+):/gm)].map(([, verb]) => verb)))
    expect([...words].toSorted()).toEqual(RESOURCES)
  })

  test.each(examples)('compiles without a remark: $yaml', ({ yaml }) => {
    expect(compileText(policyWith(yaml)).diagnostics).toEqual([])
  })

  test('says which subjects each example means', () => {
    const written = document.replaceAll(EXAMPLE, (all, yaml: string, subjects: string | undefined) =>
      subjects === undefined ? all : `\`\`\`yaml\n${yaml}\`\`\`\n\n\`\`\`text\n${meaningOf(yaml)}\`\`\`\n`,
    )
    if (process.env['REFRESH_GOLDEN'] === '1') writeFileSync(FILE, written)
    expect(document).toBe(written)
  })
})

function bareFields(schema: Schema, path: string): string[] {
  const inside = Object.entries(schema.properties ?? {}).flatMap(([name, field]) =>
    bareFields(field, `${path}.${name}`),
  )
  return schema.description === undefined ? [path, ...inside] : inside
}

function policyWith(spec: string): string {
  const head = 'apiVersion: nats-identity-bridge.dev/v1alpha1'
  return [
    `${head}\nkind: AccountMap\nmetadata: {name: accounts}`,
    'spec: {accounts: [{account: SHOP, principals: [{namespace: shop}]}]}',
    `---\n${head}\nkind: SubjectPolicy\nmetadata: {name: tried, namespace: shop}`,
    `spec:\n  principals: [{namespace: shop}]\n${spec.replaceAll(/^(?=.)/gm, '  ')}`,
  ].join('\n')
}

function meaningOf(yaml: string): string {
  const grants = [...yaml.matchAll(/^ {2}- (.*)$/gm)].map(([, grant = '']) => grant)
  const { permissions, inboxPrefix } = compileGrants({ grants }, VERSION)
  const { pub, sub, resp } = permissions
  const lines = [
    ...pub.allow.map((subject) => `publish    ${subject}`),
    ...sub.allow.map((subject) => `subscribe  ${subject.replace(inboxPrefix, '<inbox>')}`),
    ...(resp === undefined ? [] : [`respond    ${resp.max} within ${resp.ttl / 1e9} s`]),
  ]
  return lines.map((line) => `${line}\n`).join('')
}
