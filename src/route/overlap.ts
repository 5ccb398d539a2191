/**
 * Which of several routes decides a subject that more than one of them has. Pure.
 * Inside a document the more specific: token by token a literal before `{method}` before `{x}` before `{x...}`. Between documents
 * nobody: neither author can see the other's line.
 */
import { eachInSteps, type Steps } from '../lib/steps.ts'
import { intersect, PatternIndex, type Pattern } from '../subject/index.ts'
import type { RouteOperation } from './operation.ts'
import type { Template, TemplatePart } from './template.ts'

/** One route with its subjects, one pattern for each method. */
export interface Claim<Document> {
  readonly document: Document
  readonly subject: Template
  readonly operations: readonly RouteOperation[]
}

export interface Settled<C> {
  readonly byOthers: readonly Pattern[]
  readonly byOverlap: readonly Pattern[]
  /** The other documents that claim something of it. */
  readonly rivals: readonly C[]
  /** Another route of the same document that is no less specific: one of them is superfluous. */
  readonly double?: C
}

/** One answer for each claim, in their order. */
export function* settleClaims<C extends Claim<unknown>>(claims: readonly C[]): Steps<Settled<C>[]> {
  const index = new PatternIndex<{ readonly claim: C; readonly pattern: Pattern }>()
  yield* eachInSteps(claims, (claim) => {
    for (const { pattern } of claim.operations) index.add(pattern, { claim, pattern })
  })
  const settled: Settled<C>[] = []
  yield* eachInSteps(claims, (claim) => void settled.push(settle(claim)))
  return settled

  function settle(claim: C): Settled<C> {
    const byOthers: Pattern[] = []
    const byOverlap: Pattern[] = []
    const rivals = new Set<C>()
    let double: C | undefined
    for (const { pattern: own } of claim.operations) {
      for (const { claim: other, pattern } of index.overlapping(own)) {
        const shared = other === claim ? undefined : intersect(own, pattern)
        if (shared === undefined) continue
        if (other.document !== claim.document) {
          byOverlap.push(shared)
          rivals.add(other)
          continue
        }
        const order = compareSpecificity(claim.subject, other.subject)
        if (order > 0) byOthers.push(shared)
        if (order === 0) {
          byOverlap.push(shared)
          double ??= other
        }
      }
    }
    return { byOthers, byOverlap, rivals: [...rivals], ...(double === undefined ? {} : { double }) }
  }
}

const RANK = { literal: 0, method: 1, one: 2, rest: 3 } as const satisfies Record<TemplatePart['is'], number>

/** Negative when `a` is more specific than `b`, which shares a subject with it. */
function compareSpecificity(a: Template, b: Template): number {
  for (let i = 0; i < Math.max(a.parts.length, b.parts.length); i++) {
    const [left, right] = [a.parts[i], b.parts[i]]
    // Only behind a `{x...}` can one end before the other, and that was told apart already.
    if (left === undefined || right === undefined) return 0
    if (left.is !== right.is) return RANK[left.is] - RANK[right.is]
  }
  return 0
}
