/**
 * From the grants of one principal to the permissions of a NATS user JWT: policy.md section 4. Pure.
 * Allowed = (union of allows) ∩ (union of ceilings) − (union of denies). A side with nothing allowed is closed by `deny: [">"]`.
 * The own inbox comes with the first request that is left: ceilings do not cut it, denies do.
 */
import type { Pattern } from '../subject/index.ts'
import { ceilingOf, type Ceiling } from './ceiling.ts'
import type { DeliveryFilter, Permissions, Shortfall } from './decision.ts'
import { byText, coversQueue, entryOf, isDenied } from './entry.ts'
import { EntryIndex } from './entry-index.ts'
import { publishEntries, subscribeEntries, type Respond } from './grant-entries.ts'
import type { CeilingRule, Grant } from './model.ts'
import { publishSide } from './publish-side.ts'
import { responsesOf } from './responses.ts'
import { subscribeSides, type SubscribeSide } from './subscribe-side.ts'

export interface Held {
  readonly allows: readonly Grant[]
  readonly denies: readonly Grant[]
  /** Those that match the principal. */
  readonly ceilings: readonly CeilingRule[]
  /** Own inbox, `_INBOX_….>`, or the shared one. */
  readonly inbox: Pattern
}

export interface Compiled {
  readonly permissions: Permissions
  /** Sorted, without duplicates. */
  readonly shortfalls: readonly Shortfall[]
}

export function compilePermissions(held: Held): Readonly<Record<DeliveryFilter, Compiled>> {
  const ceiling = ceilingOf(held.ceilings)
  const pub = publishSide(ceiling.cutPublish(held.allows.flatMap(publishEntries)), held.denies.flatMap(publishEntries))
  const inbox = isRequesting(held, ceiling) ? [entryOf(held.inbox)] : []
  const allows = [...ceiling.cutSubscribe(held.allows.flatMap(subscribeEntries)), ...inbox]
  const denies = held.denies.flatMap(subscribeEntries)
  const responders = held.allows.filter((grant) => grant.verb === 'respond')
  const sub = subscribeSides(allows, denies)

  function compileFor(filter: DeliveryFilter): Compiled {
    const resp = responsesOf(responders.filter((grant) => isLeft(grant, ceiling, sub[filter])))
    const sides = { pub: pub[filter], sub: sub[filter].list }
    return {
      permissions: resp === undefined ? sides : { ...sides, resp },
      shortfalls: distinct(sub[filter].shortfalls),
    }
  }

  const filtering = compileFor('filtering')
  const isSame = pub.legacy === pub.filtering && sub.legacy === sub.filtering
  return { filtering, legacy: isSame ? filtering : compileFor('legacy') }
}

/** Whether a request is left after ceilings and denies. */
function isRequesting(held: Held, ceiling: Ceiling): boolean {
  const requests = held.allows.filter(({ verb }) => verb === 'request')
  if (requests.length === 0) return false
  const denies = new EntryIndex(held.denies.flatMap(publishEntries))
  return ceiling.cutPublish(requests.flatMap(publishEntries)).some((entry) => !isDenied(entry, denies))
}

/** Whether anything is left that a grant lets its holder respond to. */
function isLeft(grant: Respond, ceiling: Ceiling, { kept, denies }: SubscribeSide): boolean {
  return ceiling
    .cutSubscribe(subscribeEntries(grant))
    .filter((entry) => !isDenied(entry, denies))
    .some((entry) => kept.covering(entry.pattern).some((wide) => coversQueue(wide, entry)))
}

function distinct(shortfalls: readonly Shortfall[]): Shortfall[] {
  const byKey = new Map(shortfalls.map((shortfall) => [`${shortfall.pattern}\n${shortfall.reason}`, shortfall]))
  return [...byKey].toSorted(([a], [b]) => byText({ text: a }, { text: b })).map(([, shortfall]) => shortfall)
}
