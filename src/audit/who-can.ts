/**
 * Who may publish to, or subscribe to, the subjects of a pattern. Pure; reads the decisions that logins would get.
 * Known principals are held exactly if their decision permits something of it; everybody else by descriptions ("any ServiceAccount
 * of namespace shop"), decided for a made-up member. Where members may differ from it, `gaps` say so.
 */
import type { ServiceAccountRef } from '../identity/spiffe-id.ts'
import type { Decide } from '../policy/decide.ts'
import type { Action } from '../policy/effective.ts'
import type { Origin } from '../policy/origin.ts'
import type { Snapshot } from '../policy/snapshot.ts'
import type { Pattern } from '../subject/index.ts'
import { sortGaps, type Gap } from './gap.ts'
import { createHolders } from './holders/holders.ts'
import { populationOf } from './population/population.ts'
import type { Way } from './roundabout/way.ts'

export interface WhoCanQuestion {
  readonly action: Action
  readonly pattern: Pattern
  /** Of a subscription: as a member of these queue groups. Absent: in any way, in a group or in none. */
  readonly queue?: Pattern
}

export interface Holder {
  /** Name of a known principal, or the description of a pattern of principals: `any ServiceAccount of namespace shop`. */
  readonly principal: string
  /** False: a pattern of principals. */
  readonly known: boolean
  readonly account: string
  /** `all`: whatever the pattern stands for, and to subscribe as it is asked; of a literal subject, that the server permits it. */
  readonly extent: 'all' | 'part'
  /**
   * What of the pattern, minimal, as in a JWT: `subject` or `subject queue`. The private inbox of a pattern's members is
   * `_INBOX_<own>.…`, as each has its own.
   */
  readonly entries: readonly string[]
  /** Denies inside the entries, minimal. */
  readonly without: readonly string[]
  /** Allow rules behind it; of an own inbox, a rule of kind `own inbox of`. */
  readonly rules: readonly Origin[]
  /** The same entry by entry: what each is given by. */
  readonly parts: readonly Part[]
  /** The same principal under other names of the local trust domain, with the same rights. */
  readonly alsoAs?: readonly string[]
}

export interface Part {
  readonly entry: string
  readonly rules: readonly Origin[]
}

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
