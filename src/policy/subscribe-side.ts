/**
 * From what may be subscribed to the `sub` lists of a user JWT: policy.md section 4, nats-server.md section 2.3. Pure.
 * What the server admits and then delivers under these lists is never more than what is granted. Where the lists cannot
 * say a grant without saying more, the entry is left out and reported; entries that it covered come back in its place.
 *
 * The unit is the literal subject, with a queue or without: each that is granted can be subscribed. A wider subscription
 * is refused where a deny stands across its last token (`deny "a.*"` refuses `SUB a.>`), as NATS does for any deny.
 */
import { intersect, isLiteral } from '../subject/index.ts'
import type { DeliveryFilter, PermissionList, Shortfall } from './decision.ts'
import {
  byText,
  coversQueue,
  entryOf,
  indexEntries,
  intersectEntries,
  isDenied,
  minimiseEntries,
  overlapsQueue,
  type Entry,
  type EntryIndex,
} from './entry.ts'
import { closedSide } from './closed-side.ts'
import { guardTrailingStars, type Guarding, type Unguarded } from './star-guard.ts'

export interface SubscribeSide {
  readonly list: PermissionList
  /** What is left of the grants, before it is put into nats-server's words. */
  readonly kept: readonly Entry[]
  /** The denies that hold on this kind of server. */
  readonly denies: EntryIndex
  readonly shortfalls: readonly Shortfall[]
}

/** @param allows cut by ceilings already, own inbox included */
export function subscribeSide(allows: readonly Entry[], denies: readonly Entry[], filter: DeliveryFilter): SubscribeSide {
  return filter === 'filtering' ? filteringSide(allows, denies) : legacySide(allows, denies)
}

function filteringSide(allows: readonly Entry[], denies: readonly Entry[]): SubscribeSide {
  const index = indexEntries(denies)
  const granted = allows.filter((entry) => !isDenied(entry, index))
  const settled = settle(granted, (entries) => guardTrailingStars(entries, index, 'filtering'))
  const near = denies.filter((deny) => settled.kept.some((entry) => meets(deny, entry)))
  return {
    list: listOf(settled.kept, [...near, ...settled.guards]),
    kept: settled.kept,
    denies: index,
    shortfalls: settled.shortfalls,
  }
}

/**
 * Servers that filter a delivery only if some deny lies wholly inside the subscription, and never by queue. What holds
 * there: literal denies, and the guard of a `*` behind literal tokens only. Queue denies become plain ones.
 */
function legacySide(allows: readonly Entry[], denies: readonly Entry[]): SubscribeSide {
  const exact = indexEntries(denies)
  const granted = minimiseEntries(allows.filter((entry) => !isDenied(entry, exact)))
  const near = denies.filter((deny) => granted.some((entry) => meets(deny, entry)))
  const plain = near.map((deny) => entryOf(deny.pattern))
  const index = indexEntries(plain)
  const settled = settle(
    allows.filter((entry) => !isDenied(entry, exact) && !isDenied(entry, index)),
    (entries) => {
      const unguarded = entries.flatMap((entry) => overlappedLoosely(entry, index))
      return unguarded.length > 0 ? { guards: [], unguarded } : guardTrailingStars(entries, index, 'legacy')
    },
  )
  const literals = settled.kept.flatMap((entry) => plain.flatMap((deny) => intersectEntries(entryOf(entry.pattern), deny) ?? []))
  return {
    list: listOf(settled.kept, [...literals, ...settled.guards]),
    kept: settled.kept,
    denies: index,
    shortfalls: [...settled.shortfalls, ...granted.flatMap((entry) => widenedAcross(entry, near, exact))],
  }
}
