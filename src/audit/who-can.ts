/**
 * Who may publish to, or subscribe to, the subjects of a pattern. Pure; reads the decisions that logins would get.
 * Known principals are held exactly if their decision permits something of it; everybody else by descriptions ("any ServiceAccount
 * of namespace shop"), decided for a made-up member. Where members may differ from it, `gaps` say so.
 */
import type { ServiceAccountRef } from '../identity/spiffe-id.ts'
import type { Decide } from '../policy/decide.ts'
import type { Action } from '../policy/effective.ts'
import type { Snapshot } from '../policy/snapshot.ts'
import { sortGaps, type Gap } from './gap.ts'
import type { Holder, WhoCanQuestion } from './holders/holder.ts'
import { createHolders } from './holders/holders.ts'
import { populationOf } from './population/population.ts'
import type { Way } from './roundabout/way.ts'

export interface WhoCan {
  readonly action: Action
  readonly pattern: string
  readonly queue?: string
  readonly snapshotId: string
  /** Known ones first, each part sorted by principal. */
  readonly holders: readonly Holder[]
  /** Ways around permissions, through JetStream, replies, imports. */
  readonly roundabout: readonly Way[]
  /** Without gaps: everybody who can is named or described, and nobody else is. */
  readonly complete: boolean
  readonly gaps: readonly Gap[]
}

/** Who reaches the pattern without holding it. */
export type FindWays = (question: WhoCanQuestion) => { readonly ways: readonly Way[]; readonly gaps: readonly Gap[] }

/**
 * Nothing is worked out before the first question; what is, is kept as long as the function.
 * @param serviceAccounts that exist, whether or not a rule names them; of the local trust domain.
 * @param decide the one that decides logins.
 */
export function createWhoCan(
  snapshot: Snapshot,
  serviceAccounts: readonly ServiceAccountRef[],
  decide: Decide,
  ways?: FindWays,
): (question: WhoCanQuestion) => WhoCan {
  let holdersOf: ReturnType<typeof createHolders> | undefined
  return (question) => {
    holdersOf ??= createHolders(populationOf(snapshot, serviceAccounts), decide)
    const { action, pattern, queue } = question
    const held = holdersOf(question)
    const around = ways?.(question)
    const gaps = sortGaps([...held.gaps, ...(around?.gaps ?? [])])
    return {
      action,
      pattern: pattern.text,
      ...(queue === undefined ? {} : { queue: queue.text }),
      snapshotId: snapshot.id,
      holders: held.holders,
      roundabout: around?.ways ?? [],
      complete: gaps.length === 0,
      gaps,
    }
  }
}
