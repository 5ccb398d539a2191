/** What docs/kubernetes-rbac.md shows does what the page says. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { compile } from '../../src/compile/index.ts'
import { OPTIONS } from './support.ts'
import { endUser, heldBy, workload } from './rbac-world.ts'

const page = readFileSync(new URL('../../docs/kubernetes-rbac.md', import.meta.url), 'utf8')
const blocks = [...page.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, text = ''], index) => ({
  file: `block-${index}`,
  text,
}))
const compilation = compile(blocks, OPTIONS)

test('the examples compile without a remark', () => {
  expect(blocks).toHaveLength(4)
  expect(compilation.diagnostics).toEqual([])
})

test('role, binding and annotation add up under the ceiling', () => {
  expect(heldBy(compilation, workload('shop/orders'))).toEqual({
    publish: ['shop.audit.orders', 'shop.orders.>'],
    subscribe: ['shop.payments.done'],
  })
  const withoutCeiling = blocks.map(({ file, text }) => ({ file, text: text.split('---\n')[0] ?? '' }))
  const annotations = compile([blocks[0] ?? { file: '', text: '' }, ...withoutCeiling.slice(3)], OPTIONS)
  expect(heldBy(annotations, workload('shop/orders')).subscribe).toEqual([])
})

test('a group and a user of the API server are the end users that the page names', () => {
  const reads = { publish: [], subscribe: ['shop.orders.>'] }
  const issuer = 'https://login.example.com'
  expect(heldBy(compilation, endUser(issuer, 'bob', 'support'))).toEqual(reads)
  expect(heldBy(compilation, endUser(issuer, 'alice'))).toEqual(reads)
  expect(heldBy(compilation, endUser(issuer, 'bob', 'sales')).subscribe).toEqual([])
})
