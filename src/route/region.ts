/**
 * The subjects of a route for which one alternative of a rule's operations holds. Pure.
 * For an ALLOW: for which it is true, perhaps not all of them. For a DENY or CUSTOM: for which it is true or not known, perhaps
 * more than that. What makes the difference is told.
 */
import { operationTermTruth, type OperationTerm, type PathMatch } from '../istio/index.ts'
import { covers, intersect, minimise, overlaps, type Pattern } from '../subject/index.ts'
import { intersectBoxes, type Box } from './box.ts'
import { subjectsOf, type RouteOperation } from './operation.ts'
import { pathBoxes } from './path-boxes.ts'

export interface Region {
  readonly patterns: readonly Pattern[]
  /** Taken out of the patterns; none covers a pattern whole. */
  readonly except: readonly Pattern[]
  /** Path conditions that subjects cannot say exactly. */
  readonly inexact: readonly Inexact[]
  /** What nobody knows on NATS, where it decided: the region is empty for an ALLOW, wider for a DENY. */
  readonly unknown: readonly OperationTerm[]
}

export interface Inexact {
  readonly match: PathMatch
  /** Of `notPaths`. */
  readonly isLeftOut: boolean
  /** Where it may hold, at most. */
  readonly within: readonly Pattern[]
}

const EMPTY: Region = { patterns: [], except: [], inexact: [], unknown: [] }

export function regionOf(operation: RouteOperation, terms: readonly OperationTerm[], effect: 'allow' | 'deny'): Region {
  const others = terms.filter(({ field }) => field !== 'path')
  const truths = others.map((term) => ({ term, truth: operationTermTruth(term, operation.attributes) }))
  if (truths.some(({ truth }) => truth === false)) return EMPTY
  const unknown = truths.filter(({ truth }) => truth === undefined).map(({ term }) => term)
  const { patterns, except, inexact } = pathRegion(operation, terms, effect)
  if (patterns.length === 0 && inexact.length === 0) return EMPTY
  if (effect === 'allow' && unknown.length > 0) return { ...EMPTY, unknown }
  return { patterns, except, inexact, unknown }
}

function pathRegion(
  operation: RouteOperation,
  terms: readonly OperationTerm[],
  effect: 'allow' | 'deny',
): Omit<Region, 'unknown'> {
  // What is granted is sought from below, what is taken away from above, and a `not` turns that round.
  const [positive, negative] = effect === 'allow' ? (['under', 'over'] as const) : (['over', 'under'] as const)
  let boxes: readonly Box[] = [operation.box]
  const left: Box[] = []
  const inexact: Inexact[] = []
  for (const term of terms) {
    if (term.field !== 'path') continue
    const found = term.values.map((match) => ({ match, ...pathBoxes(match, operation.box) }))
    for (const { match, isExact, over } of found) {
      const most = subjectsOf(operation, over, 'over')
      if ((!isExact || !most.isExact) && most.patterns.length > 0)
        inexact.push({ match, isLeftOut: term.not, within: most.patterns })
    }
    if (term.not) left.push(...found.flatMap((one) => one[negative]))
    else
      boxes = intersectAll(
        boxes,
        found.flatMap((one) => one[positive]),
      )
  }
  const spelled = subjectsOf(operation, boxes, positive)
  const holes = subjectsOf(operation, left, negative)
  return { ...without(spelled.patterns, holes.patterns), inexact }
}

/** Patterns and holes in them, neither with anything superfluous. */
export function without(patterns: readonly Pattern[], holes: readonly Pattern[]): Pick<Region, 'patterns' | 'except'> {
  const kept = minimise(patterns).filter((pattern) => !holes.some((hole) => covers(hole, pattern)))
  const cut = holes.flatMap((hole) =>
    kept.flatMap((pattern) => (overlaps(hole, pattern) ? (intersect(hole, pattern) ?? []) : [])),
  )
  return { patterns: kept, except: minimise(cut) }
}

function intersectAll(boxes: readonly Box[], others: readonly Box[]): Box[] {
  return boxes.flatMap((box) => others.flatMap((other) => intersectBoxes(box, other) ?? []))
}
