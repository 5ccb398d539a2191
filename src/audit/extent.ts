/**
 * How much of a subject pattern a principal has: all of it, a part, or nothing. Pure.
 * All: the server accepts it and nothing of it is kept back. Nothing: by no publish and no subscription, however it is spelled,
 * does anything of it go through. The middle is where mistakes live, so it is an answer of its own.
 * Read off the lists that current servers get; what NATS `resp` adds while a reply is due is left out.
 */
import type { PermissionList, Permissions } from '../policy/decision.ts'
import type { Action } from '../policy/effective.ts'
import { permits } from '../policy/effective.ts'
import { isDenied, minimiseEntries } from '../policy/covered-entries.ts'
import { entryOf, intersectEntries, patternOf, type Entry } from '../policy/entry.ts'
import { EntryIndex } from '../policy/entry-index.ts'
import { entriesIn } from './list-entries.ts'
import { coversTogether, matches, overlapsAny, parsePattern, type Pattern } from '../subject/index.ts'

export type Extent = 'all' | 'part' | 'none'

/**
 * Of a subscription: a member of this queue group; `false`, a member of none; `undefined`, for {@link Extent} `all` a member
 * of none, for `none` whatever the group: who asks whether nothing gets through means every way.
 */
export type Group = Pattern | false | undefined

export interface Held {
  readonly extent: Extent
  /** What of the pattern goes through, as minimal entries; a deny may still cut into one. With a queue: in that group only. */
  readonly entries: readonly Entry[]
}

export function extentOf(permissions: Permissions, action: Action, subject: Pattern, group?: Group): Held {
  const list = action === 'publish' ? permissions.pub : permissions.sub
  const entries = heldEntries(list, subject, group)
  if (entries.length === 0) return { extent: 'none', entries }
  const isAll = action === 'publish' ? isWhole(list, subject) : isDelivered(permissions, subject, group)
  return { extent: isAll ? 'all' : 'part', entries }
}

/** Entries of the allow list, cut to the pattern and the group, of which the denies leave something. */
function heldEntries({ allow, deny }: PermissionList, subject: Pattern, group: Group): Entry[] {
  const denies = new EntryIndex(entriesIn(deny))
  const asked = entryOf(subject, group === false ? undefined : group)
  // INVARIANT: what allows nothing has `deny: [">"]`; two empty lists, which nats-server reads as everything, are never made.
  const held = entriesIn(allow)
    .filter((entry) => group !== false || entry.queue === undefined)
    .map((entry) => intersectEntries(entry, asked))
    .filter((entry) => entry !== undefined)
    .filter((entry) => !isDenied(entry, denies))
  return minimiseEntries(held)
}

/** The subscription is accepted as it is, and no message that it speaks of is kept back. */
function isDelivered(permissions: Permissions, subject: Pattern, group: Group): boolean {
  const queue = group === undefined || group === false ? undefined : group.text
  return permits(permissions, 'subscribe', subject.text, queue) && isWhole(permissions.sub, subject, queue)
}

/** Together allowed, and touched by no deny. */
export function isWhole({ allow, deny }: PermissionList, subject: Pattern, queue?: string): boolean {
  const speaking = (list: readonly string[]): readonly Pattern[] =>
    entriesIn(list)
      .filter((entry) => entry.queue === undefined || isInGroup(entry.queue, queue))
      .map(patternOf)
  return coversTogether(speaking(allow), subject) && !overlapsAny(speaking(deny), subject)
}

function isInGroup(group: Pattern, queue: string | undefined): boolean {
  const asked = queue === undefined ? undefined : parsePattern(queue)
  return asked?.ok === true && matches(group, asked.value)
}
