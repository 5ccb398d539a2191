/** Paths that policies name and no route of the workload stands for: health checks and metrics, mostly. Pure. */
import type { CompiledRule, PathMatch } from '../istio/index.ts'
import { eachInSteps, type Steps } from '../lib/steps.ts'
import type { Box } from './box.ts'
import { pathBoxes } from './path-boxes.ts'
import { PathIndex } from './path-index.ts'
import { spellPath } from './remark.ts'

/** As the policies spell them, sorted. What only a `not` names is nothing that anybody misses. */
export function* pathsWithoutRoute(rules: readonly CompiledRule[], routes: readonly Box[]): Steps<string[]> {
  const named = new Map<string, PathMatch>()
  yield* eachInSteps(rules, ({ operations }) => {
    for (const term of operations.flat()) {
      if (term.field === 'path' && !term.not) for (const match of term.values) named.set(spellPath(match), match)
    }
  })
  const index = new PathIndex<string>()
  yield* eachInSteps(named, ([text, match]) => index.add(match, text))
  yield* eachInSteps(routes, (route) => {
    for (const text of index.near(route)) {
      const match = named.get(text)
      if (match !== undefined && pathBoxes(match, route).over.length > 0) named.delete(text)
    }
  })
  return [...named.keys()].toSorted()
}
