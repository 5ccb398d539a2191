/** Paths that policies name and no route of the workload stands for: health checks and metrics, mostly. Pure. */
import type { CompiledRule } from '../istio/index.ts'
import type { RouteOperation } from './operation.ts'
import { pathBoxes } from './path-boxes.ts'
import { spellPath } from './remark.ts'

/** As the policies spell them, sorted. What only a `not` names is nothing that anybody misses. */
export function pathsWithoutRoute(rules: readonly CompiledRule[], operations: readonly RouteOperation[]): string[] {
  const named = new Map(
    rules
      .flatMap((rule) => rule.operations.flat())
      .flatMap((term) => (term.field === 'path' && !term.not ? term.values : []))
      .map((match) => [spellPath(match), match]),
  )
  return [...named]
    .filter(([, match]) => !operations.some(({ box }) => pathBoxes(match, box).over.length > 0))
    .map(([text]) => text)
    .toSorted()
}
