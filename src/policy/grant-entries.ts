/** What grants mean on each side of a connection, entry by entry. Pure. */
import type { Grant } from './model.ts'
import { entryOf, type Entry } from './entry.ts'

export type Respond = Extract<Grant, { verb: 'respond' }>

/** For a deny too: to deny requests is to deny publishing. */
export function publishEntries(grant: Grant): Entry[] {
  if (grant.verb !== 'publish' && grant.verb !== 'request') return []
  return grant.patterns.map((pattern) => entryOf(pattern))
}

/** For a deny too: to deny responding is to deny subscribing. The inbox of a request is not here: it is one for all requests. */
export function subscribeEntries(grant: Grant): Entry[] {
  if (grant.verb !== 'subscribe' && grant.verb !== 'respond') return []
  const { patterns, queues } = grant
  if (queues === undefined) return patterns.map((pattern) => entryOf(pattern))
  return patterns.flatMap((pattern) => queues.map((queue) => entryOf(pattern, queue)))
}
