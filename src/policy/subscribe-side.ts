/**
 * From what may be subscribed to the `sub` lists of a user JWT: policy.md section 4, nats-server.md section 2.3. Pure.
 * What a server admits and then delivers under these lists is never more than what is granted. Where the lists cannot
 * say a grant without saying more, the entry is left out and reported; entries that it covered come back in its place.
 *
 * The unit is the literal subject, with a queue or without: each that is granted can be subscribed. A wider subscription
 * is refused where a deny stands across its last token (`deny "a.*"` refuses `SUB a.>`), as NATS does for any deny.
 */
import { DEAR, spend } from '../lib/effort.ts'
import { intersect, isLiteral, overlaps, type Pattern } from '../subject/index.ts'
import type { DeliveryFilter, PermissionList, Shortfall } from './decision.ts'
import { isDenied, minimiseEntries } from './covered-entries.ts'
import { coversQueue, entryOf, overlapsQueue, textOf, type Entry } from './entry.ts'
import { EntryIndex } from './entry-index.ts'
import { permissionList } from './permission-list.ts'
import { settle, type Ruling, type Unsayable } from './settle.ts'
import { guardTrailingStars } from './star-guard.ts'

export interface SubscribeSide {
  readonly list: PermissionList
  /** What is left of the grants, before it is put into nats-server's words. */
  readonly kept: EntryIndex
  /** The denies that hold on this kind of server. */
  readonly denies: EntryIndex
  readonly shortfalls: readonly Shortfall[]
}

/** Denies of single subjects that one entry may bring with it on a legacy server. */
const MOST_LITERALS = 100

/** @param allows cut by ceilings already, own inbox included */
export function subscribeSides(
  allows: readonly Entry[],
  denies: readonly Entry[],
): Readonly<Record<DeliveryFilter, SubscribeSide>> {
  const filtering = filteringSide(allows, denies)
  const isPlain = denies.length === 0 && filtering.list.deny.length === 0 && filtering.shortfalls.length === 0
  return { filtering, legacy: isPlain ? filtering : legacySide(allows, denies) }
}

function filteringSide(allows: readonly Entry[], denies: readonly Entry[]): SubscribeSide {
  const index = new EntryIndex(denies)
  const granted = allows.filter((entry) => !isDenied(entry, index))
  const { kept, guards, shortfalls } = settle(granted, (entries) => guardTrailingStars(entries, index, 'filtering'))
  const list = listOf(kept, minimiseEntries([...meeting(denies, kept), ...guards]))
  return { list, kept: new EntryIndex(kept), denies: index, shortfalls }
}

/**
 * Servers that filter a delivery only where some deny lies wholly inside the subscription, and never by queue. What holds
 * there: literal denies, and the guard of a `*` behind literal tokens alone. Denies of a queue become denies of all.
 */
function legacySide(allows: readonly Entry[], denies: readonly Entry[]): SubscribeSide {
  const exact = new EntryIndex(denies)
  const granted = allows.filter((entry) => !isDenied(entry, exact))
  const minimal = minimiseEntries(granted)
  const near = meeting(minimiseEntries(denies), minimal)
  const plain = minimiseEntries(near.map(({ pattern }) => entryOf(pattern)))
  const index = new EntryIndex(plain)
  const { kept, guards, shortfalls } = settle(
    granted.filter((entry) => !isDenied(entry, index)),
    (entries) => refuseFiltered(entries, plain) ?? guardTrailingStars(entries, index, 'legacy'),
  )
  const literals = kept.flatMap(({ pattern }) => sharedPatterns(pattern, plain)).map((pattern) => entryOf(pattern))
  const widened = minimal.flatMap((entry) => reportWidened(entry, near, exact))
  return {
    // Not minimised: a literal inside a subscription switches the filter on, a guard that covers the literal may not.
    list: listOf(kept, [...literals, ...guards]),
    kept: new EntryIndex(kept),
    denies: index,
    shortfalls: [...shortfalls, ...widened],
  }
}

function listOf(allows: readonly Entry[], denies: readonly Entry[]): PermissionList {
  return permissionList([...allows.map(textOf), ...forEveryQueue(allows)], [...new Set(denies.map(textOf))])
}

/**
 * Once an entry with a queue matches a subject, plain entries admit no queue there any more (client.go, canSubscribe):
 * a plain entry that such an entry crosses is written a second time for every queue, `a.* >`.
 */
function forEveryQueue(allows: readonly Entry[]): string[] {
  const queued = allows.filter(({ queue }) => queue !== undefined)
  if (queued.length === 0) return []
  spend((queued.length * allows.length) / DEAR)
  return allows
    .filter(({ queue, pattern }) => queue === undefined && queued.some((other) => overlaps(other.pattern, pattern)))
    .map(({ text }) => `${text} >`)
}

/** The denies that take something from the entries. */
function meeting(denies: readonly Entry[], entries: readonly Entry[]): readonly Entry[] {
  if (denies.length === 0) return denies
  const index = new EntryIndex(entries)
  return denies.filter((deny) => index.overlapping(deny.pattern).some((entry) => overlapsQueue(deny, entry)))
}

/** Names the entries that need a filter at delivery for more than literals. @param denies sorted, so that the reason is one */
function refuseFiltered(entries: readonly Entry[], denies: readonly Entry[]): Ruling | undefined {
  const unsayable = entries.flatMap((entry): Unsayable[] => {
    const reason = reasonToFilter(entry.pattern, denies)
    return reason === undefined ? [] : [{ entry, reason }]
  })
  return unsayable.length === 0 ? undefined : { guards: [], unsayable }
}

function reasonToFilter(pattern: Pattern, denies: readonly Entry[]): string | undefined {
  spend(denies.length)
  let literals = 0
  for (const deny of denies) {
    const shared = intersect(deny.pattern, pattern)
    if (shared === undefined) continue
    if (!isLiteral(shared)) {
      return `this server version does not keep "${deny.text}", which is denied, out of wider subscriptions`
    }
    literals++
    if (literals > MOST_LITERALS)
      return `denies leave out more than ${MOST_LITERALS} single subjects of it, too many for this server version`
  }
  return undefined
}

function sharedPatterns(pattern: Pattern, denies: readonly Entry[]): Pattern[] {
  spend(denies.length)
  return denies.flatMap((deny) => intersect(deny.pattern, pattern) ?? [])
}

function reportWidened(entry: Entry, denies: readonly Entry[], exact: EntryIndex): Shortfall[] {
  spend(denies.length)
  const widened = denies.find((deny) => {
    if (coversQueue(deny, entry)) return false
    const shared = intersect(entry.pattern, deny.pattern)
    return shared !== undefined && !isDenied(entryOf(shared, entry.queue), exact)
  })
  if (widened === undefined) return []
  const reason = `this server version does not filter by queue, so the deny of "${widened.text}" holds for all of "${widened.pattern.text}"`
  return [{ pattern: entry.text, reason }]
}
