/**
 * From the version that a nats-server signs into its request to how it treats overlapping denies. Pure.
 * Doubt counts as `legacy`, which is given less: what cannot be read, and pre-releases of the very release that brought the filter.
 */
import { createBoundedMap } from '../lib/bounded-map.ts'
import type { DeliveryFilter } from './decision.ts'

const VERSION = /^v?(\d{1,6})\.(\d{1,6})\.(\d{1,6})(-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/

/** First patch of each maintained line with the filter, nats-server 2.x; every line after the last has it. */
const FIRST_PATCH: ReadonlyMap<number, number> = new Map([
  [12, 14],
  [14, 4],
  [15, 0],
])
const LAST_LINE = 15

/** Versions are few, logins many. */
const known = createBoundedMap<string, DeliveryFilter>(64)

export function deliveryFilterOf(serverVersion: string): DeliveryFilter {
  let filter = known.get(serverVersion)
  if (filter === undefined) {
    filter = readVersion(serverVersion)
    known.set(serverVersion, filter)
  }
  return filter
}

function readVersion(serverVersion: string): DeliveryFilter {
  const [, major, minor, patch, preRelease] = VERSION.exec(serverVersion) ?? []
  if (major === undefined) return 'legacy'
  if (Number(major) !== 2) return Number(major) > 2 ? 'filtering' : 'legacy'
  if (Number(minor) > LAST_LINE) return 'filtering'
  const first = FIRST_PATCH.get(Number(minor))
  if (first === undefined || Number(patch) < first) return 'legacy'
  return Number(patch) === first && preRelease !== undefined ? 'legacy' : 'filtering'
}
