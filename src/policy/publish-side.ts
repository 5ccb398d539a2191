/**
 * From what may be published to the `pub` lists of a user JWT. Pure, exact.
 * nats-server asks them about literal subjects alone: no shape of an entry lets it read more into a list than it says.
 */
import type { DeliveryFilter, PermissionList } from './decision.ts'
import { isDenied, minimiseEntries } from './covered-entries.ts'
import { textOf, type Entry } from './entry.ts'
import { EntryIndex } from './entry-index.ts'
import { permissionList } from './permission-list.ts'
import { spellOutShadowed } from './shadowed-star.ts'

/** @param allows cut by ceilings already */
export function publishSide(
  allows: readonly Entry[],
  denies: readonly Entry[],
): Readonly<Record<DeliveryFilter, PermissionList>> {
  const index = new EntryIndex(denies)
  const kept = minimiseEntries(allows.filter((entry) => !isDenied(entry, index)))
  const keptIndex = new EntryIndex(kept)
  const near = minimiseEntries(denies.filter((deny) => keptIndex.overlapping(deny.pattern).length > 0))
  const allow = kept.map(textOf)
  const deny = near.map(textOf)
  const filtering = permissionList(allow, deny)
  const shadowed = { allow: spellOutShadowed(kept), deny: spellOutShadowed(near) }
  if (shadowed.allow.length === 0 && shadowed.deny.length === 0) return { filtering, legacy: filtering }
  return { filtering, legacy: permissionList([...allow, ...shadowed.allow], [...deny, ...shadowed.deny]) }
}
