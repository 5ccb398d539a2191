/** Rules cut down to a route against all of them: what is compiled of the route is the same. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { PathMatch, RuleSet } from '../../src/istio/index.ts'
import { finish } from '../../src/lib/steps.ts'
import {
  boxOfPath,
  compileRoute,
  methodsOf,
  parsePathTemplate,
  pathsWithoutRoute,
  rulesNear,
} from '../../src/route/index.ts'
import type { Box } from '../../src/route/box.ts'
import { pathBoxes } from '../../src/route/path-boxes.ts'
import { PathIndex } from '../../src/route/path-index.ts'
import { spellPath } from '../../src/route/remark.ts'
import { anyCase, compileCase, type Case } from './case.ts'

const NOTHING_TAKEN = { byOthers: [], byOverlap: [] }

function pathsIn({ custom, deny, allow }: RuleSet): PathMatch[] {
  return [...custom, ...deny, ...allow]
    .flatMap(({ operations }) => operations.flat())
    .flatMap((term) => (term.field === 'path' ? term.values : []))
}

function ruledOf(one: Case) {
  const [ruled] = compileCase(one).routed
  if (ruled === undefined) throw new Error('the case has routes')
  return ruled
}

describe.each(['any', 'deep'] as const)('of %s policies', (kind) => {
  test('a route is compiled alike from the rules near it and from all rules', () => {
    fc.assert(
      fc.property(anyCase(kind), (one) => {
        const { written, enforced, dryRun } = ruledOf(one)
        const methods = methodsOf([...enforced.custom, ...enforced.deny, ...enforced.allow])
        const context = {
          workload: written,
          methods,
          originOf: (rule: { readonly name: string }) => ({ kind: rule.name, name: '' }),
        }
        for (const route of written.routes) {
          const all = compileRoute(route, NOTHING_TAKEN, { ...context, enforced: () => enforced, dryRun: () => dryRun })
          const near = { enforced: finish(rulesNear(enforced)), dryRun: finish(rulesNear(dryRun)) }
          expect(finish(compileRoute(route, NOTHING_TAKEN, { ...context, ...near }))).toEqual(finish(all))
        }
      }),
      { numRuns: 100 },
    )
  })
})

test('a condition that is not near a route holds nowhere on it', () => {
  fc.assert(
    fc.property(anyCase('any'), (one) => {
      const { written, enforced } = ruledOf(one)
      const conditions = pathsIn(enforced)
      const index = new PathIndex<PathMatch>()
      for (const match of conditions) index.add(match, match)
      for (const { path } of written.routes) {
        const box = boxOfPath(path)
        const near = new Set(index.near(box))
        for (const match of conditions) if (!near.has(match)) expect(pathBoxes(match, box).over).toEqual([])
      }
    }),
    { numRuns: 100 },
  )
})

test('an ending that begins with a slash may be the whole path', () => {
  const index = new PathIndex<string>()
  index.add({ is: 'suffix', value: '/a/b' }, 'ending')
  expect(['/a/b', '/x/a/b', '/{y}/b', '/b'].map((text) => index.near(pathOf(text)).length)).toEqual([1, 1, 1, 0])
})

test('of thousands of conditions a route meets those that begin or end like it', () => {
  const index = new PathIndex<string>()
  for (let i = 0; i < 1000; i += 1) {
    for (const match of [
      { is: 'exact', value: `/r${i}/a` },
      { is: 'prefix', value: `/r${i}/` },
      { is: 'suffix', value: `/z${i}` },
      { is: 'template', template: '', segments: [`r${i}`, { any: 'segment' }] },
    ] as const satisfies readonly PathMatch[])
      index.add(match, `${match.is} ${i}`)
  }
  expect(index.near(pathOf('/r7/{x}/z5')).toSorted()).toEqual(['prefix 7', 'suffix 5'])
  expect(index.near(pathOf('/r7/a')).toSorted()).toEqual(['exact 7', 'prefix 7', 'template 7'])
  expect(index.near(pathOf('/r7/{x...}'))).toHaveLength(1003)
})

function pathOf(text: string): Box {
  const parsed = parsePathTemplate(text)
  if (!parsed.ok) throw new Error(parsed.error)
  return boxOfPath(parsed.value)
}

test('paths that no route stands for are those of which none holds on any', () => {
  fc.assert(
    fc.property(anyCase('any'), (one) => {
      const { written, enforced } = ruledOf(one)
      const rules = [...enforced.custom, ...enforced.deny, ...enforced.allow]
      const boxes = written.routes.map(({ path }) => boxOfPath(path))
      const named = rules
        .flatMap(({ operations }) => operations.flat())
        .flatMap((term) => (term.field === 'path' && !term.not ? term.values : []))
      const missed = named.filter((match) => !boxes.some((box) => pathBoxes(match, box).over.length > 0))
      expect(finish(pathsWithoutRoute(rules, boxes))).toEqual([...new Set(missed.map(spellPath))].toSorted())
    }),
    { numRuns: 100 },
  )
})
