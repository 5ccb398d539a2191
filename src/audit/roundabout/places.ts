/**
 * Where messages of a subject can be met besides on the subject, and where they can come from: streams that capture and copy them,
 * consumers and streams that pass them on, other accounts. Pure; follows what is set up already, however many steps it takes.
 */
import { overlaps, type Pattern } from '../../subject/index.ts'
import type { Stream, Topology } from '../topology.ts'
import { stepsBack } from './back.ts'
import { knownStreams } from './known-streams.ts'
import { stepsOnward } from './onward.ts'
import type { Next, Place } from './steps.ts'
import { mapBackward } from './subject-map.ts'

export interface Places {
  readonly places: readonly Place[]
  /** More than {@link MOST_PLACES}: the rest was not looked at. */
  readonly cut: boolean
}

const MOST_PLACES = 2000

/** Every place where messages on the pattern arrive, itself first. */
export function placesReached(topology: Topology, account: string, pattern: Pattern): Places {
  return follow([rootOf(account, pattern)], (place) => stepsOnward(topology, place))
}

/** Every place from which messages get onto the pattern, or into a stream under it; itself first. */
export function placesLeadingTo(topology: Topology, account: string, pattern: Pattern): Places {
  const root = rootOf(account, pattern)
  const known = knownStreams(topology)
  const near = new Set([...known.capturing(account, pattern), ...known.renaming(account)])
  const stored = [...near].flatMap((stream): Place[] =>
    holds(stream, pattern) ? [{ ...root, stream: stream.name }] : [],
  )
  return follow([root, ...stored], (place) => stepsBack(topology, place))
}

function rootOf(account: string, pattern: Pattern): Place {
  return { account, pattern, part: pattern, same: true, steps: [], certain: true }
}

function holds(stream: Stream, pattern: Pattern): boolean {
  const { subjectTransform: map, subjects } = stream
  return (
    subjects.some((own) => overlaps(own, pattern)) || (map !== undefined && mapBackward(map, pattern) !== undefined)
  )
}

function follow(roots: readonly Place[], next: (place: Place) => readonly Next[]): Places {
  const places = [...roots]
  const seen = new Set(places.map(keyOf))
  for (const place of places) {
    for (const { step, exact, account, stream, pattern, of } of next(place)) {
      const found: Place = {
        account,
        ...(stream === undefined ? {} : { stream }),
        pattern,
        part: place.same ? of : place.part,
        same: place.same && of.text === pattern.text,
        steps: [...place.steps, step],
        certain: place.certain && exact,
      }
      const key = keyOf(found)
      if (seen.has(key)) continue
      if (places.length >= MOST_PLACES) return { places, cut: true }
      seen.add(key)
      places.push(found)
    }
  }
  return { places, cut: false }
}

function keyOf({ account, stream, pattern, part, same }: Place): string {
  return JSON.stringify([account, stream, pattern.text, same ? '' : part.text])
}
