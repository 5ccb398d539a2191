/** What docs/subject-route.md shows is what its documents compile to. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { whatCan } from '../../src/audit/what-can.ts'
import { compile } from '../../src/compile/index.ts'
import { workloadPrincipal } from '../../src/identity/principal.ts'
import { parseSpiffeId } from '../../src/identity/spiffe-id.ts'
import { createDecide } from '../../src/policy/decide.ts'

const page = readFileSync(new URL('../../docs/subject-route.md', import.meta.url), 'utf8')
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

const { snapshot, diagnostics } = compile(
  [{ file: 'subject-route.md', text: /```yaml\n(.*?)```/s.exec(page)?.[1] ?? '' }],
  { trustDomains: { local: 'cluster.local', aliases: [] }, forbiddenAccounts: [], hash: sha256 },
)

test('the page gives a right behind every route, and all it gives has a rule', () => {
  const id = parseSpiffeId('spiffe://cluster.local/ns/shop/sa/web')
  if (!id.ok || snapshot === undefined) throw new Error('the page has no policy')
  const web = workloadPrincipal(id.value)
  const { entries } = whatCan(snapshot, createDecide(sha256)(snapshot, web), web)
  const granted = entries.filter(({ entry }) => entry.startsWith('shop.'))
  expect(granted.length).toBeGreaterThan(0)
  expect(granted.filter(({ rules }) => rules.length === 0)).toEqual([])
  expect(diagnostics.map(({ code }) => code)).toEqual(['route-paths'])
})

test('the page lists the diagnostics that there are', () => {
  const sources = ['remark.ts', '../compile/routes/compile-routes.ts', '../compile/routes/passed-over.ts'].map((file) =>
    readFileSync(new URL(`../../src/route/${file}`, import.meta.url), 'utf8'),
  )
  const made = sources.flatMap((text) => [...text.matchAll(/'(route-[a-z-]+)'/g)].map(([, code]) => code))
  const listed = [...page.matchAll(/^\| `(route-[a-z-]+)`/gm)].map(([, code]) => code)
  expect(listed.toSorted()).toEqual([...new Set(made)].toSorted())
})
