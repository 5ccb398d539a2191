/**
 * From the grants of one principal to the permissions of a NATS user JWT: policy.md section 4. Pure.
 * Allowed = (union of allows) ∩ (union of ceilings) − (union of denies). A side with nothing allowed is closed by `deny: [">"]`.
 * The own inbox comes with the first request that is left: ceilings do not cut it, denies do.
 */
import type { Pattern } from '../subject/index.ts'
import { ceilingOf } from './ceiling.ts'
import type { DeliveryFilter, Permissions, Shortfall } from './decision.ts'
import { isDenied } from './covered-entries.ts'
import { byText, coversQueue, entryOf } from './entry.ts'
import { EntryIndex } from './entry-index.ts'
import type { Respond } from './grant-entries.ts'
import { sayHoles, type Said } from './holes.ts'
import type { CeilingRule, Grant } from './model.ts'
import { cutPieces, publishPieces, subscribePieces, type Piece } from './piece.ts'
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
  const published = sayHoles(
    cutPieces(held.allows.flatMap(publishPieces), ceiling.cutPublish),
    held.denies.flatMap(publishPieces),
  )
  const pub = publishSide(published.pieces.map(entryOfPiece), published.denies)
  const inbox: Piece[] = isRequesting(published) ? [{ entry: entryOf(held.inbox), holes: [] }] : []
  const subscribed = sayHoles(
    [...cutPieces(held.allows.flatMap(subscribePieces), ceiling.cutSubscribe), ...inbox],
    held.denies.flatMap(subscribePieces),
  )
  const sub = subscribeSides(subscribed.pieces.map(entryOfPiece), subscribed.denies)

  function compileFor(filter: DeliveryFilter): Compiled {
    const resp = responsesOf(respondersOf(subscribed.pieces, sub[filter]))
    const sides = { pub: pub[filter], sub: sub[filter].list }
    return {
      permissions: resp === undefined ? sides : { ...sides, resp },
      shortfalls: distinct([...published.shortfalls, ...subscribed.shortfalls, ...sub[filter].shortfalls]),
    }
  }

  const filtering = compileFor('filtering')
  const isSame = pub.legacy === pub.filtering && sub.legacy === sub.filtering
  return { filtering, legacy: isSame ? filtering : compileFor('legacy') }
}

function entryOfPiece({ entry }: Piece): Piece['entry'] {
  return entry
}

/** Whether a request is left after ceilings and denies. */
function isRequesting({ pieces, denies }: Said): boolean {
  const requests = pieces.filter(({ grant }) => grant?.verb === 'request')
  if (requests.length === 0) return false
  const index = new EntryIndex(denies)
  return requests.some(({ entry }) => !isDenied(entry, index))
}

/** The grants of which anything is left that they let their holder respond to. */
function respondersOf(pieces: readonly Piece[], { kept, denies }: SubscribeSide): readonly Respond[] {
  const left = pieces.flatMap(({ entry, grant }) => {
    if (grant?.verb !== 'respond' || isDenied(entry, denies)) return []
    return kept.covering(entry.pattern).some((wide) => coversQueue(wide, entry)) ? [grant] : []
  })
  return [...new Set(left)]
}

function distinct(shortfalls: readonly Shortfall[]): Shortfall[] {
  const byKey = new Map(shortfalls.map((shortfall) => [`${shortfall.pattern}\n${shortfall.reason}`, shortfall]))
  return [...byKey].toSorted(([a], [b]) => byText({ text: a }, { text: b })).map(([, shortfall]) => shortfall)
}
