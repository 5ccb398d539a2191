/** The whole chain behind an answer: why, which rules came close, and the smallest change that would grant what is denied. Pure. */
import type { Decide } from '../policy/decide.ts'
import type { Snapshot } from '../policy/snapshot.ts'
import { closeRules, type Close } from './close/close.ts'
import { remedyFor, type Remedy } from './remedy/remedy.ts'
import { why, type Question, type Why } from './why.ts'

export interface WholeWhy extends Why {
  /** Of a denial: rules that come close, the closest first. */
  readonly close: readonly Close[]
  /** Of a denial. */
  readonly remedy?: Remedy
}

/** @param otherWays of a denial, sentences on what would grant it besides documents of ours. */
export function wholeWhy(
  snapshot: Snapshot,
  decide: Decide,
  question: Question,
  otherWays: (answer: Why) => readonly string[] = () => [],
): WholeWhy {
  const decision = decide(snapshot, question.principal)
  const answer = why(snapshot, decision, question)
  if (answer.allowed) return { ...answer, close: [] }
  const close = closeRules(snapshot, decision, question, answer)
  const remedy = remedyFor(snapshot, decision, question, answer, decide, [...otherwise(close), ...otherWays(answer)])
  return { ...answer, close, remedy }
}

/** What needs no change of policy: to ask in another way, or with a token that says more. */
function otherwise(close: readonly Close[]): readonly string[] {
  const ways = close.flatMap(({ kind, missing }) => {
    if (kind === 'queue') return [missing.replace('only', 'subscribe')]
    const [, lacking] = kind === 'group' || kind === 'claim' ? (/^the (.+) is missing/.exec(missing) ?? []) : []
    return lacking === undefined ? [] : [`have its token carry the ${lacking}`]
  })
  return [...new Set(ways)]
}
